// First byte: signal (two bits) and which shift (the others). Then a request as protobuf.
#include <limits>
#include <string>
#include <vector>

#include "fuzz/fuzz.h"
#include "gf_otlp/records.h"
#include "otlp/rewrite.h"
#include "otlp/select.h"

namespace gf_otlp::fuzz {
namespace {

struct Walk {
  std::vector<std::uint64_t> times;  // RecordTime() of each record
  bool ok = false;
};

Walk ReadAll(Signal signal, std::string_view request) {
  Walk walk;
  RequestReader reader;
  reader.Start(signal, request);
  while (reader.Next()) walk.times.push_back(RecordTime(reader).value_or(0));
  walk.ok = reader.status().ok();
  return walk;
}

void CheckShift(Signal signal, std::string_view request, const Walk& before, std::int64_t shift) {
  Rewriting rewriting;
  rewriting.shift = shift;
  std::string moved(request);
  const std::uint64_t clamped = RewriteInPlace(signal, rewriting, moved);
  const Walk after = ReadAll(signal, moved);
  Require(after.ok, "a request that is moved in time can be read");
  Require(after.times.size() == before.times.size(), "a shift keeps the records");
  if (clamped > 0 || shift == std::numeric_limits<std::int64_t>::min()) return;
  for (std::size_t i = 0; i < after.times.size(); ++i) {
    const std::uint64_t expected = before.times[i] == 0 ? 0 : before.times[i] + static_cast<std::uint64_t>(shift);
    Require(after.times[i] == expected, "a shift moves each record by its amount");
  }
  rewriting.shift = -shift;
  Require(RewriteInPlace(signal, rewriting, moved) == 0, "moving back leaves no range");
  Require(moved == request, "moving there and back changes nothing");
}

void CheckIds(Signal signal, std::string_view request, const Walk& before) {
  Rewriting rewriting;
  rewriting.ids.emplace(7);
  std::string mapped(request), again(request);
  Require(RewriteInPlace(signal, rewriting, mapped) == 0, "ids have no range");
  const Walk after = ReadAll(signal, mapped);
  Require(after.ok && after.times == before.times, "new ids change nothing else");
  RewriteInPlace(signal, rewriting, again);
  Require(again == mapped, "an id always becomes the same one");
}

}  // namespace
}  // namespace gf_otlp::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace gf_otlp;
  constexpr std::int64_t kShifts[] = {1,
                                      -1,
                                      3'600'000'000'000,
                                      -86'400'000'000'000,
                                      std::numeric_limits<std::int64_t>::max(),
                                      std::numeric_limits<std::int64_t>::min()};
  fuzz::Input input(data, size);
  const unsigned options = input.Take();
  const auto signal = static_cast<Signal>(options % 4 % kSignalCount);
  const std::string_view request = input.rest();
  const fuzz::Walk walk = fuzz::ReadAll(signal, request);
  if (!walk.ok) return 0;
  fuzz::CheckShift(signal, request, walk, kShifts[(options >> 2) % std::size(kShifts)]);
  fuzz::CheckIds(signal, request, walk);
  return 0;
}
