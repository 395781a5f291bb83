#include "otlp/json_to_wire.h"

namespace gf_otlp {

struct JsonToWire::State {
  Counts counts;
};

JsonToWire::JsonToWire(bool) : state_(std::make_unique<State>()) {}
JsonToWire::~JsonToWire() = default;
Status JsonToWire::Transcode(std::string_view, std::vector<Result>&) { return InternalError("not written yet"); }
const JsonToWire::Counts& JsonToWire::counts() const { return state_->counts; }

}  // namespace gf_otlp
