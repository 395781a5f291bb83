#include <string>

#include "corpus/generator.h"

namespace gf_otlp::bench {
namespace {

constexpr const char* kServices[] = {"checkout", "cart",  "payment",  "catalog",    "search",          "recommendation",
                                     "shipping", "email", "frontend", "accounting", "fraud-detection", "quote"};
constexpr const char* kNamespaces[] = {"shop", "shop-canary", "platform"};
constexpr const char* kRoutes[] = {
    "/api/v1/orders/{orderId}", "/api/v1/cart/items", "/api/v1/products/{productId}/reviews",
    "/api/v1/search",           "/healthz",           "/api/v2/payments/{paymentId}/capture"};
constexpr const char* kMethods[] = {"GET", "GET", "GET", "POST", "PUT", "DELETE"};
constexpr const char* kUserAgents[] = {
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 Mobile/15E148", "okhttp/4.12.0",
    "curl/8.5.0", "kube-probe/1.31"};
constexpr const char* kStatements[] = {
    "SELECT id, customer_id, status, total FROM orders WHERE customer_id = $1 AND status IN ($2, $3) ORDER BY "
    "created_at "
    "DESC LIMIT 50",
    "INSERT INTO \"cart_items\" (cart_id, product_id, quantity) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
    "UPDATE inventory SET reserved = reserved + $1 WHERE sku = $2 RETURNING reserved",
    "SELECT p.id, p.name, avg(r.stars)\nFROM products p JOIN reviews r ON r.product_id = p.id\nGROUP BY p.id, p.name"};
constexpr const char* kTopics[] = {"orders.created", "payments.captured", "inventory.reserved", "emails.outbound"};
constexpr const char* kCities[] = {"Berlin", "Zürich", "São Paulo", "東京", "Kraków", "Paris", "New York", "Đà Nẵng"};
constexpr const char* kCodeNames[] = {"CartService.addItem", "OrderRepository.findByCustomer", "PriceCalculator.total",
                                      "FraudRules.evaluate", "TemplateRenderer.render"};

std::int64_t Signed(std::uint64_t value) { return static_cast<std::int64_t>(value); }

otlp::common::v1::AnyValue& AddKey(KeyValues& attributes, std::string_view key) {
  otlp::common::v1::KeyValue& added = *attributes.Add();
  added.set_key(std::string(key));
  return *added.mutable_value();
}

std::string Address(Random& random) {
  return "10." + std::to_string(random.Below(4)) + "." + std::to_string(random.Below(256)) + "." +
         std::to_string(random.Below(256));
}

int StatusCode(Random& random) { return random.Percent(92) ? 200 : random.Percent(60) ? 404 : 503; }

}  // namespace

void Add(KeyValues& attributes, std::string_view key, std::string_view value) {
  AddKey(attributes, key).set_string_value(std::string(value));
}
void Add(KeyValues& attributes, std::string_view key, const char* value) {
  AddKey(attributes, key).set_string_value(value);
}
void Add(KeyValues& attributes, std::string_view key, std::int64_t value) {
  AddKey(attributes, key).set_int_value(value);
}
void Add(KeyValues& attributes, std::string_view key, double value) { AddKey(attributes, key).set_double_value(value); }
void Add(KeyValues& attributes, std::string_view key, bool value) { AddKey(attributes, key).set_bool_value(value); }

void FillResource(Random& random, otlp::resource::v1::Resource& resource) {
  KeyValues& attributes = *resource.mutable_attributes();
  const std::string service = random.Pick(kServices);
  Add(attributes, "service.name", service);
  Add(attributes, "service.version", "2." + std::to_string(random.Below(9)) + ".0");
  Add(attributes, "service.instance.id", random.Uuid());
  Add(attributes, "deployment.environment.name", random.Percent(90) ? "production" : "staging");
  Add(attributes, "k8s.namespace.name", random.Pick(kNamespaces));
  Add(attributes, "k8s.pod.name", service + "-" + random.Hex(10) + "-" + random.Hex(5));
  Add(attributes, "k8s.node.name", "ip-" + Address(random) + ".eu-central-1.compute.internal");
  Add(attributes, "host.arch", "amd64");
  Add(attributes, "process.pid", Signed(random.Between(1, 4000)));
  Add(attributes, "telemetry.sdk.language", random.Percent(50) ? "java" : "go");
  Add(attributes, "telemetry.sdk.version", "1.44.1");
}

void FillScope(Random& random, otlp::common::v1::InstrumentationScope& scope) {
  constexpr const char* kScopes[] = {"io.opentelemetry.spring-webmvc-6.0", "io.opentelemetry.jdbc",
                                     "go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp",
                                     "io.opentelemetry.kafka-clients-2.6", "com.example.shop.checkout"};
  scope.set_name(random.Pick(kScopes));
  scope.set_version("2.10.0-alpha");
  if (random.Percent(20)) Add(*scope.mutable_attributes(), "library.build", "release");
}

void AddServerAttributes(Random& random, KeyValues& attributes) {
  const char* route = random.Pick(kRoutes);
  Add(attributes, "http.request.method", random.Pick(kMethods));
  Add(attributes, "http.route", route);
  Add(attributes, "url.path", "/api/v1/orders/" + std::to_string(random.Below(10'000'000)));
  Add(attributes, "url.scheme", "https");
  Add(attributes, "http.response.status_code", std::int64_t{StatusCode(random)});
  Add(attributes, "server.address", "shop.example.com");
  Add(attributes, "server.port", std::int64_t{443});
  Add(attributes, "client.address", Address(random));
  Add(attributes, "user_agent.original", random.Pick(kUserAgents));
  Add(attributes, "network.protocol.version", "1.1");
  Add(attributes, "http.response.body.size", Signed(random.LongTail(200, 10)));
  Add(attributes, "thread.name", "http-nio-8080-exec-" + std::to_string(random.Below(64)));
  if (random.Percent(30)) Add(attributes, "client.geo.city", random.Pick(kCities));
}

void AddClientAttributes(Random& random, KeyValues& attributes) {
  const std::string host = std::string(random.Pick(kServices)) + ".shop.svc.cluster.local";
  Add(attributes, "http.request.method", random.Pick(kMethods));
  Add(attributes, "url.full", "http://" + host + ":8080/api/v1/items/" + random.Uuid() + "?expand=price&lang=de");
  Add(attributes, "http.response.status_code", std::int64_t{StatusCode(random)});
  Add(attributes, "server.address", host);
  Add(attributes, "server.port", std::int64_t{8080});
  Add(attributes, "network.peer.address", Address(random));
  Add(attributes, "network.peer.port", Signed(random.Between(1024, 65535)));
  Add(attributes, "network.protocol.name", "http");
  Add(attributes, "http.request.resend_count", Signed(random.Below(3)));
  Add(attributes, "http.request.body.size", Signed(random.LongTail(100, 8)));
  Add(attributes, "peer.service", random.Pick(kServices));
  Add(attributes, "retry.allowed", random.Percent(50));
}

void AddDatabaseAttributes(Random& random, KeyValues& attributes) {
  Add(attributes, "db.system.name", "postgresql");
  Add(attributes, "db.namespace", "shop");
  Add(attributes, "db.collection.name", "orders");
  Add(attributes, "db.operation.name", "SELECT");
  Add(attributes, "db.query.text", random.Pick(kStatements));
  Add(attributes, "server.address", "orders-db-" + std::to_string(random.Below(4)) + ".internal");
  Add(attributes, "server.port", std::int64_t{5432});
  Add(attributes, "db.response.returned_rows", Signed(random.LongTail(1, 9)));
  Add(attributes, "db.client.connection.pool.name", "HikariPool-1");
  Add(attributes, "db.client.wait_ms", random.Unit() * 20);
  Add(attributes, "thread.id", Signed(random.Between(1, 300)));
  Add(attributes, "db.cache.hit", random.Percent(70));
}

void AddMessagingAttributes(Random& random, KeyValues& attributes) {
  Add(attributes, "messaging.system", "kafka");
  Add(attributes, "messaging.destination.name", random.Pick(kTopics));
  Add(attributes, "messaging.operation.type", random.Percent(50) ? "process" : "send");
  Add(attributes, "messaging.consumer.group.name", "order-workers");
  Add(attributes, "messaging.destination.partition.id", std::to_string(random.Below(24)));
  Add(attributes, "messaging.kafka.offset", Signed(random.Below(1ull << 40)));
  Add(attributes, "messaging.message.id", random.Uuid());
  Add(attributes, "messaging.message.body.size", Signed(random.LongTail(256, 8)));
  Add(attributes, "messaging.client.id", "consumer-order-workers-" + std::to_string(random.Below(12)));
  Add(attributes, "messaging.kafka.message.tombstone", false);
  Add(attributes, "thread.name", "kafka-listener-" + std::to_string(random.Below(8)) + "-C-1");
}

void AddInternalAttributes(Random& random, KeyValues& attributes) {
  Add(attributes, "code.function.name", random.Pick(kCodeNames));
  Add(attributes, "code.file.path", "src/main/java/com/example/shop/checkout/CheckoutService.java");
  Add(attributes, "code.line.number", Signed(random.Between(10, 900)));
  Add(attributes, "thread.name", "worker-" + std::to_string(random.Below(32)));
  Add(attributes, "thread.id", Signed(random.Between(1, 300)));
  Add(attributes, "app.order.id", random.Uuid());
  Add(attributes, "app.order.items", Signed(random.Between(1, 30)));
  Add(attributes, "app.order.total", static_cast<double>(random.Below(1'000'000)) / 100);
  Add(attributes, "app.order.currency", "EUR");
  Add(attributes, "app.customer.city", random.Pick(kCities));
  Add(attributes, "app.feature.new_pricing", random.Percent(10));
  if (random.Percent(25)) {
    otlp::common::v1::ArrayValue& skus = *AddKey(attributes, "app.order.skus").mutable_array_value();
    for (std::uint64_t i = random.Between(1, 4); i > 0; --i)
      skus.add_values()->set_string_value("SKU-" + random.Hex(8));
  }
}

Exception MakeException(Random& random) {
  constexpr const char* kTypes[] = {"java.sql.SQLTransientConnectionException", "java.lang.IllegalStateException",
                                    "java.net.SocketTimeoutException"};
  constexpr const char* kFrames[] = {
      "com.zaxxer.hikari.pool.HikariPool.createTimeoutException(HikariPool.java:",
      "com.example.shop.checkout.OrderRepository.findByCustomer(OrderRepository.java:",
      "com.example.shop.checkout.CheckoutService.<init>(CheckoutService.java:",
      "org.springframework.web.servlet.DispatcherServlet.doDispatch(DispatcherServlet.java:",
      "java.base/java.lang.Thread.run(Thread.java:"};
  Exception made;
  made.type = random.Pick(kTypes);
  made.message = "Connection is not available, request \"" + random.Hex(8) + "\" timed out after " +
                 std::to_string(random.Between(100, 30000)) + "ms";
  made.stacktrace = made.type + std::string(": ") + made.message + "\n";
  for (std::uint64_t i = random.Between(8, 24); i > 0; --i) {
    made.stacktrace += std::string("\tat ") + random.Pick(kFrames) + std::to_string(random.Between(20, 1500)) + ")\n";
  }
  return made;
}

}  // namespace gf_otlp::bench
