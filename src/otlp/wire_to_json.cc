#include "otlp/wire_to_json.h"

namespace gf_otlp {

Status WireToJson(Signal, std::string_view, std::string&) { return InternalError("not written yet"); }

}  // namespace gf_otlp
