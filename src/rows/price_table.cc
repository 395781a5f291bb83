#include "rows/price_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <iterator>
#include <optional>
#include <string>
#include <utility>

#include "base/ascii.h"

namespace gf_otlp {
namespace {

enum Column : std::uint8_t { kModel, kInput, kOutput, kCachedInput, kColumns };
constexpr std::array<std::string_view, kColumns> kNames = {"model", "input", "output", "cached_input"};

using Cells = std::vector<std::string>;

/// Takes a cell in quotes off the front of `line`; nothing if it is not closed.
std::optional<std::string> TakeQuoted(std::string_view& line) {
  std::string cell;
  for (std::size_t i = 1; i < line.size(); ++i) {
    if (line[i] == '"' && line.substr(i + 1, 1) != "\"") {
      line.remove_prefix(i + 1);
      return cell;
    }
    if (line[i] == '"') ++i;
    cell += line[i];
  }
  return std::nullopt;
}

/// The cells of a line; nothing if a quote is not closed or something follows it.
std::optional<Cells> CellsOf(std::string_view line) {
  Cells cells;
  while (true) {
    line = Trimmed(line);
    if (line.starts_with('"')) {
      std::optional<std::string> cell = TakeQuoted(line);
      line = Trimmed(line);
      if (!cell || (!line.empty() && line[0] != ',')) return std::nullopt;
      cells.push_back(*std::move(cell));
    } else {
      const std::string_view cell = line.substr(0, line.find(','));
      cells.emplace_back(Trimmed(cell));
      line.remove_prefix(cell.size());
    }
    if (line.empty()) return cells;
    line.remove_prefix(1);
  }
}

/// Where the columns stand in a line.
struct Header {
  std::array<std::size_t, kColumns> at{};
  std::size_t size = 0;
  bool has_cached = false;
};

Result<Header> ReadHeader(const Cells& cells) {
  Header header{.size = cells.size()};
  std::array<bool, kColumns> seen{};
  for (std::size_t i = 0; i < cells.size(); ++i) {
    const auto* name = std::ranges::find(kNames, InLowerCase(cells[i]));
    if (name == kNames.end()) {
      return std::unexpected(UsageError(
          fmt::format("'{}' is no column of a price table: the header is model,input,output,cached_input", cells[i])));
    }
    const auto column = static_cast<std::size_t>(name - kNames.begin());
    if (seen[column]) return std::unexpected(UsageError(fmt::format("column {} stands there twice", *name)));
    seen[column] = true;
    header.at[column] = i;
  }
  for (const Column column : {kModel, kInput, kOutput}) {
    if (!seen[column]) return std::unexpected(UsageError(fmt::format("column {} is missing", kNames[column])));
  }
  header.has_cached = seen[kCachedInput];
  return header;
}

Result<double> PriceIn(std::string_view cell, Column column) {
  double price = 0;
  const auto [end, error] = std::from_chars(cell.data(), cell.data() + cell.size(), price);
  if (error != std::errc() || end != cell.data() + cell.size() || !std::isfinite(price) || std::signbit(price)) {
    return std::unexpected(
        UsageError(fmt::format("{} '{}' is no price in USD per million tokens", kNames[column], cell)));
  }
  return price;
}

Result<ModelPrice> ReadPrice(const Header& header, const Cells& cells) {
  if (cells.size() != header.size) {
    return std::unexpected(UsageError(fmt::format("{} cells, the header has {}", cells.size(), header.size)));
  }
  ModelPrice price{.pattern = cells[header.at[kModel]]};
  if (price.pattern.empty()) return std::unexpected(UsageError("the model is empty"));
  const std::pair<Column, double*> members[] = {{kInput, &price.input}, {kOutput, &price.output}};
  for (const auto& [column, member] : members) {
    const Result<double> read = PriceIn(cells[header.at[column]], column);
    if (!read) return std::unexpected(read.error());
    *member = *read;
  }
  price.cached_input = price.input;
  if (!header.has_cached || cells[header.at[kCachedInput]].empty()) return price;
  const Result<double> cached = PriceIn(cells[header.at[kCachedInput]], kCachedInput);
  if (!cached) return std::unexpected(cached.error());
  price.cached_input = *cached;
  return price;
}

/// Whether `text` is what `pattern` says; after a * that fits too little, it takes one more character.
bool Fits(std::string_view pattern, std::string_view text) {
  std::size_t p = 0, t = 0, star = std::string_view::npos, after_star = 0;
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      after_star = t;
    } else if (p < pattern.size() && AsciiLower(pattern[p]) == AsciiLower(text[t])) {
      ++p;
      ++t;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      t = ++after_star;
    } else {
      return false;
    }
  }
  return pattern.find_first_not_of('*', p) == std::string_view::npos;
}

}  // namespace

Result<std::vector<ModelPrice>> ReadPriceTable(std::string_view text) {
  constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";
  if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
  std::vector<ModelPrice> prices;
  std::optional<Header> header;
  for (std::size_t number = 1; !text.empty(); ++number) {
    std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    line = Trimmed(line, " \t\r");
    if (line.empty() || line[0] == '#') continue;
    const auto failed = [&](Status why) { return std::unexpected(std::move(why).At(fmt::format("line {}", number))); };

    const std::optional<Cells> cells = CellsOf(line);
    if (!cells) return failed(UsageError("a quote is not closed, or something stands behind it"));
    if (!header) {
      Result<Header> read = ReadHeader(*cells);
      if (!read) return failed(std::move(read).error());
      header = *read;
      continue;
    }
    Result<ModelPrice> price = ReadPrice(*header, *cells);
    if (!price) return failed(std::move(price).error());
    prices.push_back(*std::move(price));
  }
  if (!header)
    return std::unexpected(UsageError("the price table is empty: it begins with model,input,output,cached_input"));
  return prices;
}

const ModelPrice* FindPrice(const std::vector<ModelPrice>& prices, std::string_view model) {
  const auto found = std::ranges::find_if(prices, [&](const ModelPrice& price) { return Fits(price.pattern, model); });
  return found != prices.end() ? &*found : nullptr;
}

}  // namespace gf_otlp
