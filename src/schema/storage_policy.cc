#include "schema/storage_policy.h"

#include <fmt/format.h>

#include <algorithm>

namespace gf_otlp::schema {
namespace {

/// The disk, the volume and the policy that every server has.
constexpr std::string_view kDefault = "default";

/// An element of XML: what a configuration calls disks, volumes and policies. Dots divide names there.
bool IsElementName(std::string_view name) {
  const auto is_letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; };
  const auto is_inside = [&](char c) { return is_letter(c) || (c >= '0' && c <= '9') || c == '-'; };
  return !name.empty() && is_letter(name.front()) && std::ranges::all_of(name, is_inside);
}

std::string DiskXml(std::string_view name) {
  return fmt::format(
      "            <{0}>\n"
      "                <type>local</type>\n"
      "                <path>/var/lib/clickhouse/disks/{0}/</path>\n"
      "            </{0}>\n",
      name);
}

std::string VolumeXml(std::string_view name) {
  return fmt::format(
      "                    <{0}>\n"
      "                        <disk>{0}</disk>\n"
      "                    </{0}>\n",
      name);
}

}  // namespace

std::string StorageConfiguration(const std::vector<TtlTier>& tiers, std::string_view policy) {
  std::vector<std::string_view> places;
  for (const TtlTier& tier : tiers) {
    if (tier.action == TtlTier::Action::kDelete) continue;
    if (std::ranges::find(places, tier.place) == places.end()) places.push_back(tier.place);
  }
  if (policy.empty()) policy = kDefault;
  if (places.empty() || !IsElementName(policy) || !std::ranges::all_of(places, IsElementName)) return {};
  std::string disks, volumes = VolumeXml(kDefault);
  for (const std::string_view place : places) {
    if (place == kDefault) continue;
    disks += DiskXml(place);
    volumes += VolumeXml(place);
  }
  return fmt::format(
      "<clickhouse>\n"
      "    <storage_configuration>\n"
      "        <disks>\n{}        </disks>\n"
      "        <policies>\n"
      "            <{}>\n"
      "                <volumes>\n{}                </volumes>\n"
      "            </{}>\n"
      "        </policies>\n"
      "    </storage_configuration>\n"
      "</clickhouse>\n",
      disks, policy, volumes, policy);
}

}  // namespace gf_otlp::schema
