#ifndef GF_OTLP_ROWS_AGENT_ATTRIBUTES_H_
#define GF_OTLP_ROWS_AGENT_ATTRIBUTES_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "gf_otlp/padded_buffer.h"
#include "gf_otlp/records.h"
#include "rows/agent_fields.h"
#include "rows/loadable_json.h"

/// The columns of shape agents that hold all attributes: a record's own, and those of its resource that it has not.
namespace gf_otlp::agents {

/// What a list of attributes is by its keys alone. Records of one kind have the same keys in the same order, so that
/// this is made once for many of them.
struct KeyPlan {
  static constexpr std::uint32_t kNone = 0xffffffff;

  /// A key that is written, in the order of writing: sorted, each once (the body counts, else the first), content left
  /// out.
  struct Entry {
    std::uint32_t index;               // of the attribute; the list's size is the body
    std::uint32_t name_at, name_size;  // in `names`
  };
  /// An attribute that may fill a column; the candidates of a column are neighbours, the first is the best.
  struct Use {
    Field field;
    const Candidate* candidate;
    std::uint32_t index;
    std::uint32_t when;  // the attribute that the candidate's condition is about
  };
  /// Entries [begin, end) of the resource's plan, then one of these (or none).
  struct Step {
    std::uint32_t begin, end;
    std::uint32_t entry;
  };

  /// Of an attribute, or of the body, which is behind them all.
  std::string_view key(std::uint32_t index) const {
    const std::uint32_t begin = index == 0 ? 0 : ends[index - 1];
    return std::string_view(keys).substr(begin, ends[index] - begin);
  }
  std::string_view name(const Entry& entry) const { return names.view().substr(entry.name_at, entry.name_size); }

  std::string keys;                  // as they are written, one after the other in the order of the list
  std::vector<std::uint32_t> ends;   // of each in `keys`
  PaddedBuffer names;                // `"key":` of the entries
  std::uint64_t replaced_bytes = 0;  // in keys
  std::vector<Entry> entries;
  std::vector<Use> uses;
  /// The entries merged with those of the resource that has this serial.
  std::uint64_t resource_serial = 0;
  std::vector<Step> steps;
};

/// How a list's attributes are looked at beside their keys.
struct PlanKind {
  bool has_body = false;       // there is a "body" behind the list's attributes
  bool content_event = false;  // they are of an event that is a prompt or an answer
  bool alone = false;          // they are written without those of the resource
  friend bool operator==(PlanKind, PlanKind) = default;
};

/// Keeps the plans of the lists that come again and again.
class KeyPlans {
 public:
  KeyPlans(const CandidateIndex& candidates, bool drop_content)
      : candidates_(candidates), drop_content_(drop_content), kept_(kKept) {}

  /// Valid until the next call.
  KeyPlan& PlanOf(const Attributes& attributes, PlanKind kind);
  /// Makes a plan, whatever `plan` was.
  void Make(const Attributes& attributes, PlanKind kind, KeyPlan& plan);

 private:
  static constexpr std::size_t kKept = 256;
  static constexpr std::size_t kMostKeys = 256, kMostKeyBytes = std::size_t{8} << 10;  // of a plan that is kept

  struct Kept {
    std::uint64_t hash = 0;
    PlanKind kind;
    KeyPlan plan;
  };

  void AddEntries(std::span<const std::uint32_t> order, PlanKind kind, KeyPlan& plan);
  void AddUses(std::span<const std::uint32_t> order, KeyPlan& plan);
  bool IsDropped(std::string_view key, PlanKind kind) const;

  const CandidateIndex& candidates_;
  bool drop_content_;
  std::vector<Kept> kept_;
  KeyPlan large_;
  std::vector<std::uint32_t> order_;
};

/// Writes the attributes of one row: as a map of texts, then as JSON, or as JSON alone.
class AttributeWriter {
 public:
  /// All outlive this.
  AttributeWriter(KeyPlans& plans, bool drop_content, std::uint64_t& replaced)
      : plans_(plans), json_(drop_content, replaced), replaced_(replaced) {}

  /// A resource, before its rows: its attributes live as long as they do.
  void StartResource(std::uint64_t serial, const Attributes& attributes);
  /// The plan of the resource's attributes.
  const KeyPlan& resource_plan() const { return resource_plan_; }
  /// The row's own attributes, their plan (`alone` is of its kind), and the body (null: there is none); all live until
  /// the row is written.
  void StartRow(const Attributes& own, KeyPlan& plan, const Value* body, bool alone);

  /// An object of texts.
  void AppendMap(PaddedBuffer& out);
  /// The typed object that belongs to the map that was just written to the same buffer: what is equal is copied.
  void AppendJsonOfMap(PaddedBuffer& out);
  void AppendJson(PaddedBuffer& out);

 private:
  /// What JSON has of a part of the map: the same text; the name and the value without its quotes; or something that
  /// has to be written.
  struct Piece {
    enum class Kind : std::uint8_t { kSame, kUnquoted, kOwn, kResource };
    Kind kind;
    std::size_t at = 0, size = 0;      // in the buffer; of kUnquoted: the name
    std::size_t value_size = 0;        // of kUnquoted
    std::uint32_t begin = 0, end = 0;  // entries: of kOwn the first, of kResource from, to
  };

  void Merge(KeyPlan& plan, bool alone) const;
  bool HasLists(const Attributes& attributes, const KeyPlan& plan) const;
  const Value& ValueOf(const KeyPlan::Entry& entry) const {
    return entry.index < own_->size() ? (*own_)[entry.index].value : *body_;
  }
  std::string_view ResourceMap(std::uint32_t begin, std::uint32_t end) const;
  std::string_view ResourceJson(std::uint32_t begin, std::uint32_t end) const;
  void AppendOwn(const KeyPlan::Entry& entry, PaddedBuffer& out);
  /// Writes the text of a value that is neither text nor integer nor boolean to `at` in `out`; gives the end, with room
  /// behind it.
  char* WriteOtherText(char* at, std::string_view key, const Value& value, PaddedBuffer& out);
  char* WriteEntry(char* at, const KeyPlan::Entry& entry, PaddedBuffer& out);
  /// What was the same up to `at` is a piece.
  void EndSame(std::size_t at);

  KeyPlans& plans_;
  LoadableJson json_;
  std::uint64_t& replaced_;

  const Attributes* resource_ = nullptr;
  std::uint64_t resource_serial_ = 0;
  KeyPlan resource_plan_;
  /// Of the entries of its plan: the members of the two objects, each with a comma behind it, and where they end.
  PaddedBuffer resource_map_, resource_json_;
  std::vector<std::size_t> map_ends_, json_ends_;
  bool resource_same_ = false, resource_lists_ = false;

  const Attributes* own_ = nullptr;
  const Value* body_ = nullptr;
  const KeyPlan* plan_ = nullptr;
  bool lists_ = false;  // of the row or its resource
  PaddedBuffer text_;
  std::vector<std::size_t> own_ends_;  // of the row's own members in it, where there are lists
  std::vector<Piece> pieces_;
  std::size_t same_from_ = 0;
};

}  // namespace gf_otlp::agents

#endif  // GF_OTLP_ROWS_AGENT_ATTRIBUTES_H_
