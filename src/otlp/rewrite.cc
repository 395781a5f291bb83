#include "otlp/rewrite.h"

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <limits>

#include "base/mix.h"
#include "gf_otlp/records.h"
#include "gf_otlp/wire.h"

namespace gf_otlp {
namespace {

std::uint64_t Load(const char* p) {
  std::uint64_t word;
  std::memcpy(&word, p, sizeof word);
  return word;
}

void Store(char* p, std::uint64_t word) { std::memcpy(p, &word, sizeof word); }

/// Walks a request as RequestReader does, down to all that has a time or an id: also to what a later field replaced,
/// which nobody reads.
class Rewriter {
 public:
  Rewriter(const Rewriting& rewriting, std::span<char> request)
      : shift_(rewriting.shift),
        ids_(rewriting.ids ? &*rewriting.ids : nullptr),
        view_(request.data(), request.size()),
        bytes_(request.data()) {}

  std::uint64_t Rewrite(Signal signal) {
    switch (signal) {
      case Signal::kTraces: ForEachRecord([this](std::string_view span) { Span(span); }); break;
      case Signal::kLogs: ForEachRecord([this](std::string_view log) { Log(log); }); break;
      case Signal::kMetrics: ForEachRecord([this](std::string_view metric) { Metric(metric); }); break;
    }
    return clamped_;
  }

 private:
  /// Scopes under the name they had before 1.0 count too, as in RequestReader.
  template <class F>
  void ForEachRecord(F record) {
    ForEach(view_, 1, [&](std::string_view resource) {
      WireCursor cursor(resource);
      while (!cursor.Done()) {
        switch (const std::uint32_t tag = cursor.ReadTag()) {
          case Tag(2, kBytes):
          case Tag(1000, kBytes): ForEach(cursor.ReadBytes(), 2, record); break;
          default: cursor.Skip(tag);
        }
      }
    });
  }

  /// Calls `f` with the content of each such field.
  template <class F>
  void ForEach(std::string_view message, std::uint32_t field, F f) {
    WireCursor cursor(message);
    while (!cursor.Done()) {
      const std::uint32_t tag = cursor.ReadTag();
      if (tag == Tag(field, kBytes)) {
        f(cursor.ReadBytes());
      } else {
        cursor.Skip(tag);
      }
    }
  }

  void Span(std::string_view message) {
    WireCursor cursor(message);
    while (!cursor.Done()) {
      switch (const std::uint32_t tag = cursor.ReadTag()) {
        case Tag(1, kBytes): TraceId(cursor); break;
        case Tag(2, kBytes):
        case Tag(4, kBytes): SpanId(cursor); break;
        case Tag(7, kFixed64):
        case Tag(8, kFixed64): Time(cursor); break;
        case Tag(11, kBytes): Event(cursor.ReadBytes()); break;
        case Tag(13, kBytes): Link(cursor.ReadBytes()); break;
        default: cursor.Skip(tag);
      }
    }
  }

  void Event(std::string_view message) {
    WireCursor cursor(message);
    while (!cursor.Done()) {
      switch (const std::uint32_t tag = cursor.ReadTag()) {
        case Tag(1, kFixed64): Time(cursor); break;
        default: cursor.Skip(tag);
      }
    }
  }

  void Link(std::string_view message) {
    if (ids_ == nullptr) return;
    WireCursor cursor(message);
    while (!cursor.Done()) {
      switch (const std::uint32_t tag = cursor.ReadTag()) {
        case Tag(1, kBytes): TraceId(cursor); break;
        case Tag(2, kBytes): SpanId(cursor); break;
        default: cursor.Skip(tag);
      }
    }
  }

  void Log(std::string_view message) {
    WireCursor cursor(message);
    while (!cursor.Done()) {
      switch (const std::uint32_t tag = cursor.ReadTag()) {
        case Tag(1, kFixed64):
        case Tag(11, kFixed64): Time(cursor); break;
        case Tag(9, kBytes): TraceId(cursor); break;
        case Tag(10, kBytes): SpanId(cursor); break;
        default: cursor.Skip(tag);
      }
    }
  }

  /// A metric's data: gauge and sum, histogram, exponential histogram, summary. Exemplars have another number in each.
  void Metric(std::string_view message) {
    WireCursor cursor(message);
    while (!cursor.Done()) {
      switch (const std::uint32_t tag = cursor.ReadTag()) {
        case Tag(5, kBytes):
        case Tag(7, kBytes): Points(cursor.ReadBytes(), Tag(5, kBytes)); break;
        case Tag(9, kBytes): Points(cursor.ReadBytes(), Tag(8, kBytes)); break;
        case Tag(10, kBytes): Points(cursor.ReadBytes(), Tag(11, kBytes)); break;
        case Tag(11, kBytes): Points(cursor.ReadBytes(), kNoExemplars); break;
        default: cursor.Skip(tag);
      }
    }
  }

  void Points(std::string_view data, std::uint32_t exemplars) {
    ForEach(data, 1, [&](std::string_view point) {
      WireCursor cursor(point);
      while (!cursor.Done()) {
        const std::uint32_t tag = cursor.ReadTag();
        if (tag == Tag(2, kFixed64) || tag == Tag(3, kFixed64)) {
          Time(cursor);
        } else if (tag == exemplars) {
          Exemplar(cursor.ReadBytes());
        } else {
          cursor.Skip(tag);
        }
      }
    });
  }

  void Exemplar(std::string_view message) {
    WireCursor cursor(message);
    while (!cursor.Done()) {
      switch (const std::uint32_t tag = cursor.ReadTag()) {
        case Tag(2, kFixed64): Time(cursor); break;
        case Tag(4, kBytes): SpanId(cursor); break;
        case Tag(5, kBytes): TraceId(cursor); break;
        default: cursor.Skip(tag);
      }
    }
  }

  void Time(WireCursor& cursor) {
    char* const at = Here(cursor.position());
    const std::uint64_t time = cursor.ReadFixed64();
    if (time == 0 || shift_ == 0) return;
    std::uint64_t moved = time + static_cast<std::uint64_t>(shift_);
    if (shift_ > 0 ? moved < time : moved >= time || moved == 0) [[unlikely]] {
      moved = shift_ > 0 ? std::numeric_limits<std::uint64_t>::max() : 1;
      ++clamped_;
    }
    Store(at, moved);
  }

  void TraceId(WireCursor& cursor) {
    const std::string_view id = cursor.ReadBytes();
    if (ids_ != nullptr && id.size() == kTraceIdSize) ids_->MapTraceId({Here(id.data()), id.size()});
  }

  void SpanId(WireCursor& cursor) {
    const std::string_view id = cursor.ReadBytes();
    if (ids_ != nullptr && id.size() == kSpanIdSize) ids_->MapSpanId({Here(id.data()), id.size()});
  }

  char* Here(const char* at) const { return bytes_ + (at - view_.data()); }

  static constexpr std::uint32_t kNoExemplars = 0;

  std::int64_t shift_;
  const IdMapping* ids_;
  std::string_view view_;
  char* bytes_;
  std::uint64_t clamped_ = 0;
};

}  // namespace

IdMapping::IdMapping(std::uint64_t seed) {
  for (std::uint64_t& key : keys_) key = Mix(seed += 0x9e3779b97f4a7c15);
}

/// Mix() is a permutation, and so is what it makes of a word that is xored with keys before and behind it. The one id
/// that becomes zero gets what zero would become: with both taken out of it, a permutation again.
void IdMapping::MapSpanId(std::span<char> id) const {
  std::uint64_t word = Load(id.data());
  if (word == 0) return;
  do {
    word = Mix(Mix(word ^ keys_[0]) ^ keys_[1]);
  } while (word == 0);
  Store(id.data(), word);
}

/// A Feistel network: each round is undone by the same round, whatever its function.
void IdMapping::MapTraceId(std::span<char> id) const {
  std::uint64_t left = Load(id.data()), right = Load(id.data() + 8);
  if ((left | right) == 0) return;
  do {
    for (std::size_t round = 2; round < keys_.size(); ++round) {
      left ^= Mix(right ^ keys_[round]);
      std::swap(left, right);
    }
  } while ((left | right) == 0);
  Store(id.data(), left);
  Store(id.data() + 8, right);
}

std::uint64_t RewriteInPlace(Signal signal, const Rewriting& rewriting, std::span<char> request) {
  return Rewriter(rewriting, request).Rewrite(signal);
}

}  // namespace gf_otlp
