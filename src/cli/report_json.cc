// A report for programs.
#include <nlohmann/json.hpp>

#include "cli/report_text.h"

namespace gf_otlp::cli {
namespace {

using Json = nlohmann::ordered_json;

/// What an item does not have is not there.
Json ItemJson(const ReportItem& item) {
  Json json{{"rule", item.rule}, {"severity", item.severity}};
  const auto text = [&](const char* key, const std::string& value) {
    if (!value.empty()) json[key] = value;
  };
  text("subject", item.subject);
  text("message", item.message);
  text("expected", item.expected);
  text("found", item.found);
  text("file", item.file);
  if (item.line != 0) json["line"] = item.line;
  if (item.offset) json["offset"] = *item.offset;
  if (item.record) json["record"] = *item.record;
  return json;
}

}  // namespace

std::string RenderJson(const Report& report) {
  Json json{{"title", report.title}, {"subject", report.subject}, {"failed", Failed(report)}};
  json["counts"] = Json::object();
  for (const std::string& severity : report.severities) json["counts"][severity] = std::uint64_t{0};
  for (const ReportGroup& group : Groups(report)) {
    std::uint64_t& count = json["counts"][group.severity].get_ref<std::uint64_t&>();
    count += group.count;
  }
  json["facts"] = Json::object();
  for (const auto& [name, value] : report.facts) json["facts"][name] = value;
  json["rules"] = Json::array();
  for (const ReportRule& rule : report.rules) {
    json["rules"].push_back({{"id", rule.id},
                             {"severity", rule.severity},
                             {"explanation", rule.explanation},
                             {"source", rule.source},
                             {"count", rule.count}});
  }
  json["items"] = Json::array();
  for (const ReportItem& item : report.items) json["items"].push_back(ItemJson(item));
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace gf_otlp::cli
