#include "otlp/rewrite.h"

#include <doctest/doctest.h>
#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>
#include <google/protobuf/util/message_differencer.h>

#include <bit>
#include <functional>
#include <limits>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "gf_otlp/records.h"
#include "unit/otlp/random_wire.h"

namespace gf_otlp {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

constexpr Signal kSignals[] = {Signal::kTraces, Signal::kLogs, Signal::kMetrics};
constexpr std::uint64_t kMost = std::numeric_limits<std::uint64_t>::max();

bool IsRecordTime(const FieldDescriptor& field) {
  return field.type() == FieldDescriptor::TYPE_FIXED64 && field.name().ends_with("time_unix_nano");
}
bool IsRecordId(const FieldDescriptor& field) {
  return field.name().ends_with("trace_id") || field.name().ends_with("span_id");
}

/// Calls `visit(message, field)` of every field that is set, down to the leaves.
void Visit(Message& message, const std::function<void(Message&, const FieldDescriptor&)>& visit) {
  std::vector<const FieldDescriptor*> fields;
  message.GetReflection()->ListFields(message, &fields);
  for (const FieldDescriptor* field : fields) {
    if (field->message_type() == nullptr) {
      visit(message, *field);
    } else if (field->is_repeated()) {
      for (int i = 0; i < message.GetReflection()->FieldSize(message, field); ++i) {
        Visit(*message.GetReflection()->MutableRepeatedMessage(&message, field, i), visit);
      }
    } else {
      Visit(*message.GetReflection()->MutableMessage(&message, field), visit);
    }
  }
}

std::unique_ptr<Message> Parse(Signal signal, const std::string& wire) {
  auto message = test::NewReferenceRequest(signal);
  REQUIRE(message->ParseFromString(test::WithoutDeprecatedScopes(wire)));
  return message;
}

bool Readable(Signal signal, std::string_view wire) {
  RequestReader reader;
  reader.Start(signal, wire);
  while (reader.Next()) {
  }
  return reader.status().ok();
}

std::uint64_t Shift(Signal signal, std::int64_t shift, std::string& wire) {
  Rewriting rewriting;
  rewriting.shift = shift;
  return RewriteInPlace(signal, rewriting, wire);
}

void MapIds(Signal signal, std::uint64_t seed, std::string& wire) {
  Rewriting rewriting;
  rewriting.ids.emplace(seed);
  CHECK(RewriteInPlace(signal, rewriting, wire) == 0);
}

/// What a shift makes of a time, in numbers that cannot overflow.
std::uint64_t Moved(std::uint64_t time, std::int64_t shift, std::uint64_t& clamped) {
  if (time == 0) return 0;
  const __int128 moved = static_cast<__int128>(time) + shift;
  if (moved < 1 || moved > kMost) ++clamped;
  return moved < 1 ? 1 : moved > kMost ? kMost : static_cast<std::uint64_t>(moved);
}

std::string Mapped(const IdMapping& ids, std::string id) {
  id.size() == kTraceIdSize ? ids.MapTraceId(id) : ids.MapSpanId(id);
  return id;
}

/// `wire` of random requests that the reader takes.
void ForRandomRequests(int count, test::RandomWireOptions options,
                       const std::function<void(Signal, const std::string&, test::RandomWire&)>& check) {
  int taken = 0;
  for (int seed = 0; seed < count; ++seed) {
    CAPTURE(seed);
    test::RandomWire random(static_cast<std::uint64_t>(seed), options);
    const Signal signal = kSignals[seed % kSignalCount];
    const std::string wire = random.Request(signal);
    if (!Readable(signal, wire)) continue;
    ++taken;
    check(signal, wire, random);
  }
  CHECK(taken > count / 2);
}

/// Small enough for most random times; now and then one that is not.
std::int64_t RandomShift(test::RandomWire& random) {
  constexpr std::int64_t kShifts[] = {1,
                                      -1,
                                      999,
                                      7'200'000'000'000,
                                      -7'200'000'000'000,
                                      std::numeric_limits<std::int64_t>::max(),
                                      std::numeric_limits<std::int64_t>::min()};
  return kShifts[random.Below(std::size(kShifts))];
}

}  // namespace

TEST_CASE("a shift moves every time of a record, and nothing else") {
  std::uint64_t times = 0, all_clamped = 0;
  ForRandomRequests(3000, {}, [&](Signal signal, const std::string& wire, test::RandomWire& random) {
    const std::int64_t shift = RandomShift(random);
    std::string moved = wire;
    const std::uint64_t clamped = Shift(signal, shift, moved);
    REQUIRE(moved.size() == wire.size());
    const auto expected = Parse(signal, wire);
    std::uint64_t expected_clamped = 0;
    Visit(*expected, [&](Message& message, const FieldDescriptor& field) {
      if (!IsRecordTime(field)) return;
      const auto* const reflection = message.GetReflection();
      reflection->SetUInt64(&message, &field, Moved(reflection->GetUInt64(message, &field), shift, expected_clamped));
      ++times;
    });
    // Unknown fields and NaNs too.
    CHECK(Parse(signal, moved)->SerializeAsString() == expected->SerializeAsString());
    CHECK(clamped >= expected_clamped);  // the reference sees the last of repeated fields only
    all_clamped += clamped;
    if (clamped > 0 || shift == std::numeric_limits<std::int64_t>::min()) return;
    CHECK(Shift(signal, -shift, moved) == 0);
    CHECK(moved == wire);
  });
  CHECK(times > 1000);
  CHECK(all_clamped > 100);
}

TEST_CASE("times that leave the range are clamped and counted exactly") {
  std::uint64_t all = 0;
  const test::RandomWireOptions plain{.odd_forms = false, .unknown_fields = false, .deprecated_scopes = false};
  ForRandomRequests(1000, plain, [&](Signal signal, const std::string& wire, test::RandomWire& random) {
    const std::int64_t shift = RandomShift(random);
    std::uint64_t expected = 0;
    Visit(*Parse(signal, wire), [&](Message& message, const FieldDescriptor& field) {
      if (IsRecordTime(field)) Moved(message.GetReflection()->GetUInt64(message, &field), shift, expected);
    });
    std::string moved = wire;
    CHECK(Shift(signal, shift, moved) == expected);
    all += expected;
  });
  CHECK(all > 100);
}

TEST_CASE("a time at the ends of the range") {
  const auto moved = [](std::uint64_t time, std::int64_t shift, std::uint64_t clamped) {
    std::string log = "\x0a\x0d\x12\x0b\x12\x09\x09" + std::string(8, '\0');
    for (int i = 0; i < 8; ++i) log[7 + i] = static_cast<char>(time >> 8 * i);
    CHECK(Shift(Signal::kLogs, shift, log) == clamped);
    std::uint64_t read = 0;
    for (int i = 0; i < 8; ++i) read |= std::uint64_t{static_cast<std::uint8_t>(log[7 + i])} << 8 * i;
    return read;
  };
  CHECK(moved(0, 5, 0) == 0);
  CHECK(moved(0, -5, 0) == 0);
  CHECK(moved(6, -5, 0) == 1);
  CHECK(moved(5, -5, 1) == 1);
  CHECK(moved(4, -5, 1) == 1);
  CHECK(moved(kMost - 5, 5, 0) == kMost);
  CHECK(moved(kMost - 4, 5, 1) == kMost);
  CHECK(moved(std::uint64_t{1} << 63, std::numeric_limits<std::int64_t>::min(), 1) == 1);
  CHECK(moved((std::uint64_t{1} << 63) + 1, std::numeric_limits<std::int64_t>::min(), 0) == 1);
}

TEST_CASE("new ids are given to every id of a record, and nothing else is changed") {
  std::uint64_t ids = 0;
  ForRandomRequests(3000, {}, [&](Signal signal, const std::string& wire, test::RandomWire& random) {
    const std::uint64_t seed = random.Below(100);
    const IdMapping mapping(seed);
    std::string mapped = wire;
    MapIds(signal, seed, mapped);
    const auto expected = Parse(signal, wire);
    Visit(*expected, [&](Message& message, const FieldDescriptor& field) {
      if (!IsRecordId(field)) return;
      const auto* const reflection = message.GetReflection();
      const std::string id = reflection->GetString(message, &field);
      if (id.empty()) return;
      const std::string other = Mapped(mapping, id);
      const bool zero = id.find_first_not_of('\0') == std::string::npos;
      CHECK((other == id) == zero);
      reflection->SetString(&message, &field, other);
      ids += zero ? 0 : 1;
    });
    CHECK(Parse(signal, mapped)->SerializeAsString() == expected->SerializeAsString());
  });
  CHECK(ids > 1000);
}

TEST_CASE("different ids stay different, and another seed gives others") {
  const IdMapping first(1), same(1), second(2);
  std::set<std::string> spans, traces;
  int equal = 0;
  for (std::uint64_t i = 0; i < 20'000; ++i) {
    std::string span(8, '\0'), trace(16, '\0');
    for (int byte = 0; byte < 8; ++byte) span[byte] = trace[byte + 8 * (i % 2)] = static_cast<char>(i >> 8 * byte);
    const std::string new_span = Mapped(first, span), new_trace = Mapped(first, trace);
    CHECK(Mapped(same, span) == new_span);
    CHECK(Mapped(same, trace) == new_trace);
    equal += (new_span == span) + (new_trace == trace) + (Mapped(second, span) == new_span) +
             (Mapped(second, trace) == new_trace);
    spans.insert(new_span);
    traces.insert(new_trace);
  }
  CHECK(spans.size() == 20'000);
  CHECK(traces.size() == 20'000);
  CHECK(equal == 4);  // the two zeros under two seeds
  CHECK(spans.contains(std::string(8, '\0')));
  CHECK(traces.contains(std::string(16, '\0')));
}

TEST_CASE("no id becomes zero") {
  // The permutation without its exception sends one id to zero: the one that zero is sent back from. Walking back from
  // zero finds it for the seed, as the rounds can be undone.
  const auto undo_shift = [](std::uint64_t x, int by) {
    std::uint64_t undone = x;
    while ((x >>= by) != 0) undone ^= x;
    return undone;
  };
  const auto inverse = [](std::uint64_t odd) {
    std::uint64_t found = odd;
    for (int i = 0; i < 6; ++i) found *= 2 - odd * found;
    return found;
  };
  const auto unmix = [&](std::uint64_t x) {
    x = undo_shift(x, 31) * inverse(0x94d049bb133111eb);
    x = undo_shift(x, 27) * inverse(0xbf58476d1ce4e5b9);
    return undo_shift(x, 30);
  };
  const auto mix = [](std::uint64_t x) {
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
    x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
    return x ^ (x >> 31);
  };
  constexpr std::uint64_t kGolden = 0x9e3779b97f4a7c15;
  for (std::uint64_t seed = 0; seed < 10; ++seed) {
    const std::uint64_t key0 = mix(seed + kGolden), key1 = mix(seed + 2 * kGolden);
    REQUIRE(unmix(mix(12345)) == 12345);
    const std::uint64_t word = unmix(unmix(0) ^ key1) ^ key0;
    REQUIRE(mix(mix(word ^ key0) ^ key1) == 0);
    std::string id(8, '\0');
    for (int i = 0; i < 8; ++i) id[i] = static_cast<char>(word >> 8 * i);
    const std::string mapped = Mapped(IdMapping(seed), id);
    CHECK(mapped != std::string(8, '\0'));
    // What zero would have become, had it not stayed zero.
    std::uint64_t expected = mix(mix(key0) ^ key1);
    for (int i = 0; i < 8; ++i) CHECK(static_cast<std::uint8_t>(mapped[i]) == (expected >> 8 * i & 0xff));
  }
}

}  // namespace gf_otlp
