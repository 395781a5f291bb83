#include "pipeline/join_requests.h"

#include <cstddef>
#include <cstring>

#include "pipeline/message_writer.h"

namespace gf_otlp {
namespace {

bool MayJoin(const Batch& batch, const Message& last, const Message& next, const MessageRoute& route) {
  const std::string_view text = batch.text(last);
  return last.route == next.route && route.form != OutputForm::kRows &&
         text.data() + text.size() == batch.text(next).data() &&
         std::size_t{last.size} + next.size + last.key_size <= route.max_bytes &&
         std::size_t{last.places} + next.places <= route.max_records && batch.key(last) == batch.key(next);
}

/// Makes `]}{"resourceSpans":[`, where two requests meet, a comma and white space.
void JoinJson(PaddedBuffer& text, const Message& next) {
  constexpr std::size_t kEnd = 2;
  const std::size_t head = text.view().find('[', next.offset) + 1 - next.offset;
  char* const joint = text.data() + next.offset - kEnd;
  std::memset(joint, ' ', kEnd + head);
  *joint = ',';
}

}  // namespace

void JoinRequests(Batch& batch, std::span<const MessageRoute> routes) {
  if (batch.messages.empty()) return;
  std::size_t kept = 0;
  for (std::size_t i = 1; i < batch.messages.size(); ++i) {
    Message& last = batch.messages[kept];
    const Message next = batch.messages[i];
    const MessageRoute& route = routes[next.route];
    if (!MayJoin(batch, last, next, route)) {
      batch.messages[++kept] = next;
      continue;
    }
    if (route.form == OutputForm::kOtlpJson) JoinJson(batch.streams.front(), next);
    last.size += next.size;
    last.places += next.places;
  }
  batch.messages.resize(kept + 1);
}

}  // namespace gf_otlp
