#ifndef GF_OTLP_BENCH_CORPUS_GENERATOR_H_
#define GF_OTLP_BENCH_CORPUS_GENERATOR_H_

#include <cstdint>
#include <string>
#include <string_view>

#include "corpus/random.h"
#include "opentelemetry/proto/common/v1/common.pb.h"
#include "opentelemetry/proto/logs/v1/logs.pb.h"
#include "opentelemetry/proto/metrics/v1/metrics.pb.h"
#include "opentelemetry/proto/resource/v1/resource.pb.h"
#include "opentelemetry/proto/trace/v1/trace.pb.h"

/// What a busy fleet of services would export: invented, but with the attribute keys of OpenTelemetry's semantic
/// conventions, values of their usual lengths, and the same skew (few services, many ids).
namespace gf_otlp::bench {

namespace otlp = opentelemetry::proto;
using KeyValues = google::protobuf::RepeatedPtrField<otlp::common::v1::KeyValue>;

inline constexpr int kResourcesPerRequest = 10;

/// Time and chance that all generators share. The clock goes forward by itself.
struct World {
  explicit World(std::uint64_t seed) : random(seed) {}

  std::uint64_t Now() { return now += random.Below(2'000'000); }

  Random random;
  std::uint64_t now = 1'767'225'600'000'000'000;  // 2026-01-01 00:00:00 UTC
};

void Add(KeyValues& attributes, std::string_view key, std::string_view value);
void Add(KeyValues& attributes, std::string_view key, const char* value);
void Add(KeyValues& attributes, std::string_view key, std::int64_t value);
void Add(KeyValues& attributes, std::string_view key, double value);
void Add(KeyValues& attributes, std::string_view key, bool value);

/// About ten attributes: service, k8s, host, SDK.
void FillResource(Random& random, otlp::resource::v1::Resource& resource);
void FillScope(Random& random, otlp::common::v1::InstrumentationScope& scope);

/// About a dozen attributes of one kind of work.
void AddServerAttributes(Random& random, KeyValues& attributes);
void AddClientAttributes(Random& random, KeyValues& attributes);
void AddDatabaseAttributes(Random& random, KeyValues& attributes);
void AddMessagingAttributes(Random& random, KeyValues& attributes);
void AddInternalAttributes(Random& random, KeyValues& attributes);

struct Exception {
  const char* type;
  std::string message;
  std::string stacktrace;  // many lines
};
Exception MakeException(Random& random);

/// One request: ten resources of one or two scopes of ten to fifty records.
void Fill(World& world, otlp::trace::v1::TracesData& request);
void Fill(World& world, otlp::logs::v1::LogsData& request);
void Fill(World& world, otlp::metrics::v1::MetricsData& request);

/// The same of AI agents: spans of 12 to 19 attributes by the GenAI conventions, most with a prompt of 1 to 4 kB.
void FillAgents(World& world, otlp::trace::v1::TracesData& request);

}  // namespace gf_otlp::bench

#endif  // GF_OTLP_BENCH_CORPUS_GENERATOR_H_
