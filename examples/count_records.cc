// A program that uses gf-otlp as a library: counts the records of captures and the rows that they become.
//
//   count_records FILE|DIRECTORY...

#include <gf_otlp/capture.h>
#include <gf_otlp/records.h>
#include <gf_otlp/rows.h>

#include <cstdint>
#include <iostream>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace {

struct Counts {
  std::uint64_t requests = 0, records = 0;
  std::map<std::string, std::uint64_t> rows;  // by table
  std::uint64_t row_bytes = 0;
};

/// A mapper goes with one reader: it keeps what does not change from record to record, as long as the reader says so.
gf_otlp::Status CountRequest(const gf_otlp::Request& request, gf_otlp::RequestReader& reader,
                             gf_otlp::RowMapper& mapper, Counts& counts) {
  gf_otlp::PaddedBuffer rows;
  reader.Start(request.signal, request.wire);
  while (reader.Next()) {
    ++counts.records;
    for (const std::size_t table : mapper.TablesOf(reader.kind())) {
      mapper.Append(table, reader, rows);  // rows now ends with this record's row, a line of JSON
      ++counts.rows[mapper.tables()[table].name];
    }
  }
  ++counts.requests;
  counts.row_bytes += rows.size();
  return reader.status();
}

gf_otlp::Result<Counts> Count(const std::vector<std::string>& inputs) {
  gf_otlp::Result<gf_otlp::RowMapper> mapper = gf_otlp::RowMapper::Make({});
  if (!mapper) return std::unexpected(std::move(mapper.error()));
  gf_otlp::Result<gf_otlp::Capture> capture = gf_otlp::Capture::Open(inputs);
  if (!capture) return std::unexpected(std::move(capture.error()));

  gf_otlp::RequestReader reader;
  Counts counts;
  while (true) {
    gf_otlp::Result<std::optional<gf_otlp::Request>> request = capture->Next();
    if (!request) return std::unexpected(std::move(request.error()));
    if (!request->has_value()) return counts;
    GF_UNEXPECTED_IF_ERROR(CountRequest(**request, reader, *mapper, counts));
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    std::cerr << "usage: count_records FILE|DIRECTORY...\n";
    return 2;
  }
  const gf_otlp::Result<Counts> counts = Count(std::vector<std::string>(argv + 1, argv + argc));
  if (!counts) {
    std::cerr << "count_records: " << counts.error().message() << '\n';
    return 3;
  }
  std::cout << counts->requests << " requests, " << counts->records << " records\n";
  for (const auto& [table, rows] : counts->rows) std::cout << rows << " rows of " << table << '\n';
  std::cout << counts->row_bytes << " bytes of rows\n";
  return 0;
}
