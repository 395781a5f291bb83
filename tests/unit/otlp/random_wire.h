#ifndef GF_OTLP_TESTS_UNIT_OTLP_RANDOM_WIRE_H_
#define GF_OTLP_TESTS_UNIT_OTLP_RANDOM_WIRE_H_

#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>

#include <cstdint>
#include <memory>
#include <random>
#include <string>
#include <string_view>

#include "gf_otlp/signal.h"
#include "gf_otlp/wire.h"

/// Random export requests for the tests that compare our readers with libprotobuf.
namespace gf_otlp::test {

/// libprotobuf's empty Export*ServiceRequest.
std::unique_ptr<google::protobuf::Message> NewReferenceRequest(Signal signal);

/// How far the bytes stray from what a writer would make.
struct RandomWireOptions {
  bool odd_forms = true;          // repeated singular fields, any order, padded varints, unpacked lists
  bool unknown_fields = true;     // numbers that no message has, wrong wire types, groups
  bool deprecated_scopes = true;  // scopes as field 1000, which libprotobuf's classes do not have
};

/// Writes random, well-formed wire bytes, guided by descriptors. The same seed gives the same bytes everywhere.
class RandomWire {
 public:
  explicit RandomWire(std::uint64_t seed, RandomWireOptions options = {}) : random_(seed), options_(options) {}

  /// An export request of some dozens of fields; now and then an empty one.
  std::string Request(Signal signal);

  /// Flips, cuts out, puts in or doubles a few bytes.
  void Mutate(std::string& bytes);

  std::uint64_t Below(std::uint64_t limit) { return random_() % limit; }
  bool OneIn(std::uint64_t n) { return Below(n) == 0; }

 private:
  void AppendMessage(const google::protobuf::Descriptor& type, int depth, std::string& out);
  void AppendField(const google::protobuf::FieldDescriptor& field, int depth, std::string& out);
  void AppendUnknown(const google::protobuf::Descriptor& type, int depth, std::string& out);
  void AppendPacked(const google::protobuf::FieldDescriptor& field, std::string& out);
  void AppendScalar(WireType type, std::string& out);
  void AppendVarint(std::uint64_t value, int max_bytes, std::string& out);
  void AppendTag(std::uint32_t field, WireType type, std::string& out);
  void AppendBytes(std::string_view bytes, std::string& out);
  std::uint64_t Number();
  std::string Bytes(const google::protobuf::FieldDescriptor* field);

  std::mt19937_64 random_;
  RandomWireOptions options_;
};

/// A well-formed request with the scopes of field 1000 as field 2, as RequestReader sees them.
std::string WithoutDeprecatedScopes(std::string_view request);

/// A well-formed message with its lengths as varints of the fewest bytes. libprotobuf takes no length of more than
/// five.
std::string WithShortLengths(const google::protobuf::Descriptor& type, std::string_view message);

}  // namespace gf_otlp::test

#endif  // GF_OTLP_TESTS_UNIT_OTLP_RANDOM_WIRE_H_
