CREATE TABLE visitors (id UInt64, page String, seen DateTime) ENGINE = MergeTree ORDER BY id;
CREATE TABLE orders (id UInt64, price Decimal(18, 2)) ENGINE = MergeTree ORDER BY id;
