#ifndef GF_OTLP_SCHEMA_STORAGE_POLICY_H_
#define GF_OTLP_SCHEMA_STORAGE_POLICY_H_

#include <string>
#include <string_view>
#include <vector>

#include "schema/ttl.h"

namespace gf_otlp::schema {

/// What a server needs in its configuration (XML, for config.d/) so that rows can be moved as `tiers` say: disks, and a
/// policy with a volume for each place. `policy` may be empty: that of tables that name none. Empty if nothing is
/// moved, or a name is none that a configuration can have.
std::string StorageConfiguration(const std::vector<TtlTier>& tiers, std::string_view policy);

}  // namespace gf_otlp::schema

#endif  // GF_OTLP_SCHEMA_STORAGE_POLICY_H_
