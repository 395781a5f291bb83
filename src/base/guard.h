#ifndef GF_OTLP_BASE_GUARD_H_
#define GF_OTLP_BASE_GUARD_H_

#include <exception>
#include <new>

#include "gf_otlp/status.h"

namespace gf_otlp {

/// Runs `part`, which gives a Status; what it throws becomes one too. Ours throws nothing, the standard library does.
template <class F>
Status Guard(F&& part) {
  try {
    return part();
  } catch (const std::bad_alloc&) {
    return IoError("out of memory");
  } catch (const std::exception& error) {
    return InternalError(error.what());
  }
}

}  // namespace gf_otlp

#endif  // GF_OTLP_BASE_GUARD_H_
