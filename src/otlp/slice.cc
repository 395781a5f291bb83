#include "otlp/slice.h"

#include <array>
#include <utility>

#include "gf_otlp/wire.h"
#include "otlp/wire_write.h"

namespace gf_otlp {
namespace {

constexpr std::uint32_t kResourceElement = Tag(1, kBytes);
constexpr std::uint32_t kScopes = Tag(2, kBytes), kDeprecatedScopes = Tag(1000, kBytes);
constexpr std::uint32_t kRecord = Tag(2, kBytes), kPoint = Tag(1, kBytes);
constexpr std::uint32_t kRequest = 0;  // the container that holds all others

/// Request, resource, scope, metric, data.
constexpr std::size_t kMaxContainerDepth = 5;

/// Whether the field is a member of Metric's oneof `data`: gauge, sum, histogram, exponential histogram, summary.
constexpr bool IsData(std::uint32_t tag) {
  return tag == Tag(5, kBytes) || tag == Tag(7, kBytes) || tag == Tag(9, kBytes) || tag == Tag(10, kBytes) ||
         tag == Tag(11, kBytes);
}

/// Appends bytes of the request, those that stand side by side there in one go.
class RunWriter {
 public:
  explicit RunWriter(std::string& out) : out_(out) {}

  void Append(std::string_view bytes) {
    if (bytes.data() == run_.data() + run_.size()) {
      run_ = {run_.data(), run_.size() + bytes.size()};
    } else {
      Flush();
      run_ = bytes;
    }
  }

  void AppendHead(std::uint32_t tag, std::size_t size) {
    Flush();
    char head[2 * kMaxVarintSize];
    const char* const end = WriteVarint(WriteVarint(head, tag), size);
    out_.append(std::string_view(head, end));
  }

  void Flush() {
    out_ += run_;
    run_ = {};
  }

 private:
  std::string& out_;
  std::string_view run_;
};

}  // namespace

void Slicer::Start(Signal signal, std::string_view request) {
  signal_ = signal;
  records_.clear();
  Truncate(0, 0);
  AddContainer(kRequest, 0, request.data());
  IndexFields(kRequest, request, [&](std::uint32_t tag, std::string_view field, std::string_view content) {
    if (tag != kResourceElement) return false;
    IndexResource(field.data(), content);
    return true;
  });
}

void Slicer::IndexResource(const char* begin, std::string_view content) {
  const auto index_scope = [&](std::uint32_t resource, std::uint32_t tag, std::string_view field,
                               std::string_view scope) {
    if (tag != kScopes && tag != kDeprecatedScopes) return false;
    IndexScope(resource, tag, field.data(), scope);
    return true;
  };
  IndexContainer(kRequest, kResourceElement, begin, content, index_scope);
}

void Slicer::IndexScope(std::uint32_t resource, std::uint32_t tag, const char* begin, std::string_view content) {
  const auto index_record = [&](std::uint32_t scope, std::uint32_t field_tag, std::string_view field,
                                std::string_view record) {
    if (field_tag != kRecord) return false;
    if (signal_ == Signal::kMetrics) {
      IndexMetric(scope, field, record);
    } else {
      records_.push_back({field, scope});
    }
    return true;
  };
  IndexContainer(resource, tag, begin, content, index_record);
}

void Slicer::IndexMetric(std::uint32_t scope, std::string_view field, std::string_view content) {
  const std::size_t containers = containers_.size(), pieces = pieces_.size(), records = records_.size();
  const std::uint32_t metric = AddContainer(scope, kRecord, field.data());
  std::uint32_t data_tag = 0;
  const char* data_begin = nullptr;
  IndexFields(metric, content, [&](std::uint32_t tag, std::string_view member, std::string_view data) {
    if (!IsData(tag)) return false;
    if (tag != data_tag) {
      data_.clear();
      data_tag = tag;
      data_begin = member.data();
    }
    data_.push_back(data);
    return true;
  });
  if (data_tag == 0) {
    Truncate(containers, pieces);
    records_.push_back({field, scope});
    return;
  }
  const std::uint32_t data = AddContainer(metric, data_tag, data_begin);
  for (const std::string_view piece : data_) {
    IndexFields(data, piece, [&](std::uint32_t tag, std::string_view point, std::string_view) {
      if (tag != kPoint) return false;
      records_.push_back({point, data});
      return true;
    });
  }
  if (records_.size() == records) Truncate(containers, pieces);
}

/// Indexes a container whose content stands in one piece; without records there will be none. `child(container, tag,
/// field, content)` is as with IndexFields.
template <class Child>
void Slicer::IndexContainer(std::uint32_t parent, std::uint32_t tag, const char* begin, std::string_view content,
                            Child child) {
  const std::size_t containers = containers_.size(), pieces = pieces_.size(), records = records_.size();
  const std::uint32_t container = AddContainer(parent, tag, begin);
  IndexFields(container, content, [&](std::uint32_t field_tag, std::string_view field, std::string_view field_content) {
    return child(container, field_tag, field, field_content);
  });
  if (records_.size() == records) Truncate(containers, pieces);
}

/// Gives each field of a container to `child(tag, field, content)`, which is true for one that it takes; others become
/// pieces. `content` of a field that is not length-delimited is empty.
template <class Child>
void Slicer::IndexFields(std::uint32_t container, std::string_view fields, Child child) {
  WireCursor cursor(fields);
  while (!cursor.Done()) {
    const char* const begin = cursor.position();
    const std::uint32_t tag = cursor.ReadTag();
    std::string_view content;
    if ((tag & 7) == kBytes) {
      content = cursor.ReadBytes();
    } else {
      cursor.Skip(tag);
    }
    const std::string_view field(begin, cursor.position());
    if (!child(tag, field, content)) AddPiece(container, field);
  }
}

std::uint32_t Slicer::AddContainer(std::uint32_t parent, std::uint32_t tag, const char* begin) {
  containers_.push_back({.begin = begin, .tag = tag, .parent = parent});
  return static_cast<std::uint32_t>(containers_.size() - 1);
}

void Slicer::AddPiece(std::uint32_t container, std::string_view field) {
  Container& c = containers_[container];
  c.piece_bytes += field.size();
  if (c.last_piece != kNone) {
    std::string_view& last = pieces_[c.last_piece].bytes;
    if (last.data() + last.size() == field.data()) {
      last = {last.data(), last.size() + field.size()};
      return;
    }
  }
  const auto piece = static_cast<std::uint32_t>(pieces_.size());
  pieces_.push_back({.bytes = field, .next = kNone});
  (c.last_piece == kNone ? c.first_piece : pieces_[c.last_piece].next) = piece;
  c.last_piece = piece;
}

void Slicer::Truncate(std::size_t containers, std::size_t pieces) {
  containers_.erase(containers_.begin() + static_cast<std::ptrdiff_t>(containers), containers_.end());
  pieces_.erase(pieces_.begin() + static_cast<std::ptrdiff_t>(pieces), pieces_.end());
}

/// The innermost container that holds both, or is one of them.
std::uint32_t Slicer::Common(std::uint32_t a, std::uint32_t b) const {
  while (a != b) (a > b ? a : b) = containers_[a > b ? a : b].parent;
  return a;
}

/// Walks the records and the containers that they stand in: calls `enter(container)` before and `leave(container)`
/// behind what is in it, each once, but for the request.
template <class Enter, class Take, class Leave>
void Slicer::Visit(std::span<const std::uint32_t> records, Enter enter, Take take, Leave leave) {
  std::uint32_t current = kRequest;
  const auto leave_to = [&](std::uint32_t container) {
    for (; current != container; current = containers_[current].parent) leave(containers_[current]);
  };
  for (const std::uint32_t index : records) {
    const Record& record = records_[index];
    if (record.container != current) {
      const std::uint32_t common = Common(current, record.container);
      leave_to(common);
      std::array<std::uint32_t, kMaxContainerDepth> path;
      std::size_t depth = 0;
      for (std::uint32_t c = record.container; c != common; c = containers_[c].parent) path[depth++] = c;
      while (depth > 0) enter(containers_[path[--depth]]);
      current = record.container;
    }
    take(record, containers_[current]);
  }
  leave_to(kRequest);
}

void Slicer::Append(std::span<const std::uint32_t> records, std::string& out) {
  Container& request = containers_[kRequest];
  request.size = request.piece_bytes;
  Visit(
      records, [](Container& container) { container.size = container.piece_bytes; },
      [](const Record& record, Container& container) { container.size += record.field.size(); },
      [this](Container& container) {
        containers_[container.parent].size += VarintSize(container.tag) + VarintSize(container.size) + container.size;
      });
  out.reserve(out.size() + request.size);

  RunWriter writer(out);
  const auto write_pieces = [&](Container& container, const char* before) {
    while (container.next_piece != kNone) {
      const Piece& piece = pieces_[container.next_piece];
      if (before != nullptr && piece.bytes.data() > before) break;
      writer.Append(piece.bytes);
      container.next_piece = piece.next;
    }
  };
  request.next_piece = request.first_piece;
  Visit(
      records,
      [&](Container& container) {
        write_pieces(containers_[container.parent], container.begin);
        writer.AppendHead(container.tag, container.size);
        container.next_piece = container.first_piece;
      },
      [&](const Record& record, Container& container) {
        write_pieces(container, record.field.data());
        writer.Append(record.field);
      },
      [&](Container& container) { write_pieces(container, nullptr); });
  write_pieces(request, nullptr);
  writer.Flush();
}

std::size_t Slicer::CutInTwo(std::span<const std::uint32_t> records) const {
  const auto container = [&](std::size_t i) { return records_[records[i]].container; };
  const std::uint32_t whole = Common(container(0), container(records.size() - 1));
  // Bytes that record i adds when the records before it are there.
  const auto bytes_of = [&](std::size_t i) {
    std::size_t bytes = records_[records[i]].field.size();
    const std::uint32_t common = i == 0 ? whole : Common(container(i - 1), container(i));
    for (std::uint32_t c = container(i); c != common; c = containers_[c].parent) bytes += containers_[c].piece_bytes;
    return bytes;
  };
  std::size_t total = 0;
  for (std::size_t i = 0; i < records.size(); ++i) total += bytes_of(i);

  std::size_t best = 1, best_off = static_cast<std::size_t>(-1);
  std::size_t before = bytes_of(0);
  for (std::size_t i = 1; i < records.size(); ++i) {
    const std::size_t after = total - before, off = before > after ? before - after : after - before;
    if (off < best_off && Common(container(i - 1), container(i)) == whole) {
      best = i;
      best_off = off;
    }
    before += bytes_of(i);
  }
  return best;
}

}  // namespace gf_otlp
