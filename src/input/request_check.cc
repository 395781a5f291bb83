#include "input/request_check.h"

#include "input/signal_detect.h"
#include "input/wire_prefix.h"

namespace gf_otlp {
namespace {

const MessageTable& ResourceElementTable() { return *RequestTable(Signal::kTraces).ByNumber(1)->message; }
const MessageTable& ScopeElementTable() { return *ResourceElementTable().ByNumber(2)->message; }

void CheckRecord(std::string_view record, bool cut, RequestCheck& check) {
  check.has_records = true;
  for (int s = 0; s < kAnySignalCount; ++s) {
    const auto bit = static_cast<SignalSet>(1 << s);
    if ((check.possible & bit) != 0 && !RecordFits(s, record, cut)) check.possible &= static_cast<SignalSet>(~bit);
  }
}

bool CheckScope(std::string_view scope, bool cut, RequestCheck& check) {
  return ForEachField(scope, cut, [&](const FieldHead& head, std::string_view value, bool value_cut) {
    if (head.number <= 3 && head.wire_type != kBytes) return false;
    if (head.number == 1) return Fits(*ScopeElementTable().ByNumber(1)->message, value, value_cut);
    if (head.number == 2) CheckRecord(value, value_cut, check);
    return check.possible != 0;
  });
}

}  // namespace

void CheckResource(std::string_view resource, bool cut, RequestCheck& check) {
  if (!resource.empty()) ++check.resources;
  const bool fits = ForEachField(resource, cut, [&](const FieldHead& head, std::string_view value, bool value_cut) {
    if (head.number <= 3 && head.wire_type != kBytes) return false;
    if (head.number == 1) return Fits(*ResourceElementTable().ByNumber(1)->message, value, value_cut);
    return head.number != 2 || CheckScope(value, value_cut, check);
  });
  check.fits &= fits;
}

RequestCheck CheckRequest(std::string_view request, bool cut, SignalSet possible) {
  RequestCheck check{.possible = possible};
  bool marked = false;
  const bool fits = ForEachField(request, cut, [&](const FieldHead& head, std::string_view value, bool value_cut) {
    if (head.number != 1) {
      ++check.unknown_fields;
      marked |= head.number == kSignalMark;
      return true;
    }
    if (head.wire_type != kBytes) return false;
    CheckResource(value, value_cut, check);
    return check.fits;
  });
  check.fits &= fits;
  if (marked) check.unknown_fields = 0;
  return check;
}

}  // namespace gf_otlp
