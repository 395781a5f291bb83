#ifndef GF_OTLP_ROWS_PRICE_TABLE_H_
#define GF_OTLP_ROWS_PRICE_TABLE_H_

#include <string_view>
#include <vector>

#include "gf_otlp/rows.h"
#include "gf_otlp/status.h"

namespace gf_otlp {

/// Reads a price table: CSV (RFC 4180) with a header line that names the columns model, input, output and, if the table
/// has it, cached_input, in any order; prices are USD per million tokens. A cached_input that is empty or missing costs
/// what input does. Lines that are empty or begin with # are passed over. kUsage names the line and the reason.
Result<std::vector<ModelPrice>> ReadPriceTable(std::string_view text);

/// The first price whose pattern fits the model's name; null if none does.
const ModelPrice* FindPrice(const std::vector<ModelPrice>& prices, std::string_view model);

}  // namespace gf_otlp

#endif  // GF_OTLP_ROWS_PRICE_TABLE_H_
