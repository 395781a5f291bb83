#include "cli/report.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string>

namespace gf_otlp::cli {
namespace {

Report Example() {
  Report report{.title = "schema check", .subject = "deployed.sql against clickhouse@0.161"};
  report.severities = {"differs", "loses", "breaks"};
  report.fail_on = "loses";
  report.rules = {{"codec", "differs", "Another codec", "", 1},
                  {"column-missing", "breaks", "Rows have it, the table does not", "", 1},
                  {"type", "breaks", "Another type", "", 2},
                  {"engine", "differs", "Another engine", "", 0}};
  report.items = {
      {.rule = "type",
       .severity = "loses",
       .subject = "otel_traces.Timestamp",
       .message = "digits are cut off",
       .expected = "DateTime64(9)",
       .found = "DateTime64(3)"},
      {.rule = "codec", .severity = "differs", .subject = "otel_traces.Duration", .message = "nothing happens"},
      {.rule = "type",
       .severity = "breaks",
       .subject = "otel_logs.Body",
       .message = "refused",
       .expected = "String",
       .found = "UInt8"},
      {.rule = "column-missing",
       .severity = "breaks",
       .subject = "otel_logs.EventName",
       .message = "it is dropped",
       .file = "deployed.sql",
       .line = 12},
  };
  report.facts = {{"server version", "26.5"}, {"tables", "2"}};
  return report;
}

/// One finding with this text in all places.
Report Hostile(const std::string& text) {
  Report report{.title = text, .subject = text, .severities = {"note", "error"}, .fail_on = "error"};
  report.rules = {{text, "error", text, text, 1}};
  report.items = {{.rule = text,
                   .severity = "error",
                   .subject = text,
                   .message = text,
                   .expected = text,
                   .found = text,
                   .file = text,
                   .line = 1,
                   .offset = 2,
                   .record = 3}};
  report.facts = {{text, text}};
  return report;
}

bool Has(const std::string& text, std::string_view part) { return text.find(part) != text.npos; }

TEST_CASE("a report fails from its severity on") {
  Report report = Example();
  CHECK(Failed(report));
  report.fail_on = "breaks";
  CHECK(Failed(report));
  std::erase_if(report.items, [](const ReportItem& item) { return item.severity == "breaks"; });
  report.rules[1].count = 0;
  report.rules[2].count = 1;
  // The rule can be broken worse than it is.
  CHECK_FALSE(Failed(report));
  report.fail_on = "loses";
  CHECK(Failed(report));
  report.fail_on = "";
  CHECK_FALSE(Failed(report));
}

TEST_CASE("findings count, not the examples of them that are shown") {
  Report report{.title = "validate", .subject = "x", .severities = {"note", "error"}, .fail_on = "error"};
  report.rules = {{"a", "error", "", "", 1200}, {"b", "note", "", "", 7}};
  CHECK(Failed(report));
  CHECK(CountsText(report) == "error: 1,200, note: 7");
  report.rules[0].count = 0;
  CHECK_FALSE(Failed(report));
  CHECK(CountsText(Report{.severities = {"note"}}) == "nothing found");
  CHECK(CountsText(Example()) == "breaks: 2, loses: 1, differs: 1");
}

TEST_CASE("the table has the worst first, and each text in its column") {
  CHECK(RenderReport(Example(), ReportFormat::kTable, 0) ==
        "schema check: deployed.sql against clickhouse@0.161\n"
        "\n"
        "breaks: column-missing (1)\n"
        "Rows have it, the table does not\n"
        "  otel_logs.EventName  it is dropped\n"
        "                       deployed.sql:12\n"
        "\n"
        "breaks: type (1)\n"
        "Another type\n"
        "  otel_logs.Body  refused\n"
        "                  expected String, found UInt8\n"
        "\n"
        "loses: type (1)\n"
        "Another type\n"
        "  otel_traces.Timestamp  digits are cut off\n"
        "                         expected DateTime64(9), found DateTime64(3)\n"
        "\n"
        "differs: codec (1)\n"
        "Another codec\n"
        "  otel_traces.Duration  nothing happens\n"
        "\n"
        "failed: breaks: 2, loses: 1, differs: 1\n"
        "  server version  26.5\n"
        "  tables          2\n");
}

TEST_CASE("the table is as wide as the terminal, and never cuts a word") {
  Report report{.title = "t", .subject = "s", .severities = {"error"}};
  report.rules = {{"r", "error", "", "", 9}};
  const std::string word(80, 'w');
  report.items = {{.rule = "r",
                   .severity = "error",
                   .subject = "caf\xc3\xa9",
                   .message = "one two three four five six seven eight " + word + " nine"}};
  CHECK(RenderReport(report, ReportFormat::kTable, 38) ==
        "t: s\n"
        "\n"
        "error: r (9, of which 1 is shown)\n"
        "  caf\xc3\xa9  one two three four five six\n"
        "        seven eight\n"
        "        " +
            word +
            "\n"
            "        nine\n"
            "\n"
            "passed, with error: 9\n");
  // A name that takes too much room has a line of its own; what the explanation says is not said again.
  report.items[0].subject = word;
  report.items[0].message = "text";
  CHECK(Has(RenderReport(report, ReportFormat::kTable, 80), "  " + word + "\n    text\n"));
  report.rules[0].explanation = "text";
  CHECK(Has(RenderReport(report, ReportFormat::kTable, 80), "\ntext\n  " + word + "\n\n"));
  // Without a subject it is the place that stands in front.
  report.items[0] = {.rule = "r", .severity = "error", .message = "bad", .file = "a.pb", .offset = 0, .record = 7};
  CHECK(Has(RenderReport(report, ReportFormat::kTable, 80), "\n  a.pb, offset 0, record 7  bad\n"));
}

TEST_CASE("texts of the input are no commands to the terminal") {
  const std::string table = RenderReport(Hostile("a\x1b[31mb\nc\x07"
                                                 "d\xc2\x9b"
                                                 "e\xff"),
                                         ReportFormat::kTable, 0);
  CHECK(Has(table, "a\\x1b[31mb\\nc\\x07d\\x9be\xef\xbf\xbd"));
  for (const char c : table) CHECK((c == '\n' || static_cast<unsigned char>(c) >= 0x20));
}

TEST_CASE("JSON has everything") {
  const auto json = nlohmann::json::parse(RenderReport(Example(), ReportFormat::kJson, 0));
  CHECK(json["title"] == "schema check");
  CHECK(json["failed"] == true);
  CHECK(json["counts"] == nlohmann::json{{"differs", 1}, {"loses", 1}, {"breaks", 2}});
  CHECK(json["facts"]["tables"] == "2");
  CHECK(json["rules"].size() == 4);
  CHECK(json["rules"][1] == nlohmann::json{{"id", "column-missing"},
                                           {"severity", "breaks"},
                                           {"explanation", "Rows have it, the table does not"},
                                           {"source", ""},
                                           {"count", 1}});
  CHECK(json["items"].size() == 4);
  CHECK(json["items"][3] == nlohmann::json{{"rule", "column-missing"},
                                           {"severity", "breaks"},
                                           {"subject", "otel_logs.EventName"},
                                           {"message", "it is dropped"},
                                           {"file", "deployed.sql"},
                                           {"line", 12}});
  const auto hostile = nlohmann::json::parse(RenderReport(Hostile("\xff\x01\"\n"), ReportFormat::kJson, 0));
  CHECK(hostile["items"][0]["message"] == "\xef\xbf\xbd\x01\"\n");
  CHECK(hostile["items"][0]["offset"] == 2);
  CHECK(hostile["items"][0]["record"] == 3);
}

TEST_CASE("JUnit has a test case a rule, failed ones by the limit") {
  Report report = Example();
  report.fail_on = "breaks";
  const std::string xml = RenderReport(report, ReportFormat::kJunit, 0);
  CHECK(Has(xml, R"(<testsuite name="schema check" tests="4" failures="2" errors="0" skipped="0">)"));
  CHECK(Has(xml, R"(<testcase classname="schema check" name="engine"/>)"));
  CHECK(Has(xml, R"(name="codec">
      <system-out>
differs: otel_traces.Duration: nothing happens
</system-out>)"));
  CHECK(Has(xml, R"x(<failure type="breaks" message="Another type (2 found)">)x"));
  CHECK(Has(xml, R"(<property name="tables" value="2"/>)"));
  report.fail_on = "";
  CHECK(Has(RenderReport(report, ReportFormat::kJunit, 0), "failures=\"0\""));
}

TEST_CASE("XML holds what XML can hold") {
  const std::string xml = RenderReport(Hostile("<&>\"\n\x01\xff\xef\xbf\xbf\xc3\xa9"), ReportFormat::kJunit, 0);
  CHECK(Has(xml, "<testsuite name=\"&lt;&amp;&gt;&quot;&#10;\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xc3\xa9\""));
  CHECK_FALSE(Has(xml, "\x01"));
}

TEST_CASE("markdown's markup is ours alone") {
  const std::string page = RenderReport(Hostile("a|b*_c_d_e`<i>\n"), ReportFormat::kMarkdown, 0);
  CHECK(Has(page, "## a\\|b\\*\\_c_d_e\\`\\<i\\>\\\\n: "));
  CHECK(Has(page, "| `` a\\|b*_c_d_e`<i>\\n `` |"));
  CHECK(Has(RenderReport(Example(), ReportFormat::kMarkdown, 0),
            "| breaks | `column-missing` | `otel_logs.EventName` | it is dropped |  |  | deployed.sql:12 |\n"));
}

TEST_CASE("GitHub's annotations are errors, warnings and notices") {
  CHECK(RenderReport(Example(), ReportFormat::kGithub, 0) ==
        "::error file=deployed.sql,line=12,title=column-missing::otel_logs.EventName: it is dropped\n"
        "::error title=type::otel_logs.Body: refused%0Aexpected String, found UInt8\n"
        "::warning title=type::otel_traces.Timestamp: digits are cut off%0Aexpected DateTime64(9), found "
        "DateTime64(3)\n"
        "::notice title=codec::otel_traces.Duration: nothing happens\n"
        "schema check: deployed.sql against clickhouse@0.161: breaks: 2, loses: 1, differs: 1\n");
  const std::string hostile = RenderReport(Hostile("100%\r\n::error::a,b"), ReportFormat::kGithub, 0);
  CHECK(hostile.starts_with("::error file=100%25%0D%0A%3A%3Aerror%3A%3Aa%2Cb,line=1,title=100%25%0D%0A"));
  CHECK(std::ranges::count(hostile, '\n') == 2);
  Report more{.title = "t", .subject = "s", .severities = {"error"}};
  more.rules = {{"r", "error", "Why", "", 3}};
  CHECK(Has(RenderReport(more, ReportFormat::kGithub, 0), "::error title=r::Why (found: 3)\n"));
}

TEST_CASE("formats have names") {
  CHECK(ParseReportFormat("table") == ReportFormat::kTable);
  CHECK(ParseReportFormat("github") == ReportFormat::kGithub);
  CHECK_FALSE(ParseReportFormat("xml"));
}

}  // namespace
}  // namespace gf_otlp::cli
