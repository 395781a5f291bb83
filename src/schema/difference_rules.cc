#include "schema/compare.h"

namespace gf_otlp::schema {

std::string_view EffectName(Effect effect) {
  static constexpr std::string_view kNames[] = {"differs", "loses", "breaks"};
  return kNames[static_cast<std::size_t>(effect)];
}

const std::vector<DifferenceRule>& DifferenceRules() {
  static const std::vector<DifferenceRule> kRules = {
      {"table-missing", "the table is not there: rows are refused", Effect::kBreaks},
      {"column-missing", "the column is not there: servers drop its values without a word", Effect::kBreaks},
      {"column-computed", "the column is MATERIALIZED, ALIAS or EPHEMERAL: values of rows are not stored",
       Effect::kBreaks},
      {"column-case", "the name is there in another case: servers since 26.5 take it, if nothing else fits",
       Effect::kDiffers},
      {"column-extra", "a column that rows do not have: it gets its default", Effect::kDiffers},
      {"nested-extra", "an array more beside arrays that belong together: rows are refused, as lengths differ",
       Effect::kBreaks},
      {"nested-unflattened",
       "arrays are one Nested column, made with flatten_nested = 0: servers drop their values without a word",
       Effect::kBreaks},
      {"column-order", "columns are in another order", Effect::kDiffers},
      {"type-breaks", "the column's type refuses values, or changes them without a word", Effect::kBreaks},
      {"type-loses", "the column's type keeps less of the values: precision or range", Effect::kLoses},
      {"type-differs", "the column's type is another and keeps all of the values", Effect::kDiffers},
      {"time-zone",
       "the column's time zone is another, or the live server's where the column has none: times without a zone are "
       "shifted",
       Effect::kBreaks},
      {"default", "the column's DEFAULT is another", Effect::kDiffers},
      {"default-missing", "the column should be computed from others and is not: it stays empty", Effect::kLoses},
      {"codec", "the column's compression is another", Effect::kDiffers},
      {"column-comment", "the column's comment is another", Effect::kDiffers},
      {"column-ttl", "the column's TTL is another: its values are emptied at another time", Effect::kDiffers},
      {"engine", "the table's engine is another", Effect::kDiffers},
      {"engine-merges", "the engine replaces or sums up rows that have the same key: rows vanish", Effect::kBreaks},
      {"engine-null", "the engine is Null: rows are kept only where a view reads them", Effect::kDiffers},
      {"partition-key", "PARTITION BY is another", Effect::kDiffers},
      {"primary-key", "PRIMARY KEY is another: queries may be slower", Effect::kDiffers},
      {"order-key", "ORDER BY is another: queries may be slower", Effect::kDiffers},
      {"sample-key", "SAMPLE BY is another", Effect::kDiffers},
      {"ttl", "the table's TTL is another: rows are deleted or moved at another time", Effect::kDiffers},
      {"setting", "a setting of the table is another", Effect::kDiffers},
      {"table-comment", "the table's comment is another", Effect::kDiffers},
      {"index-missing", "an index is not there: queries may be slower", Effect::kDiffers},
      {"index-extra", "an index more", Effect::kDiffers},
      {"index-differs", "an index is another: queries may be slower", Effect::kDiffers},
      {"projection-missing", "a projection is not there: queries may be slower", Effect::kDiffers},
      {"projection-extra", "a projection more", Effect::kDiffers},
      {"projection-differs", "a projection is another: queries may be slower", Effect::kDiffers},
      {"constraint-missing", "a constraint is not there", Effect::kDiffers},
      {"constraint", "a constraint more, or another one: rows that do not meet it are refused", Effect::kBreaks},
      {"view-missing", "a view is not there: the table that it fills stays empty", Effect::kDiffers},
      {"view-differs", "a view has another query or another target", Effect::kDiffers},
  };
  return kRules;
}

}  // namespace gf_otlp::schema
