#include "sink/kafka_admin.h"

#include <fmt/format.h>
#include <librdkafka/rdkafka.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <functional>
#include <map>
#include <memory>
#include <string_view>
#include <thread>
#include <utility>

#include "sink/kafka_client.h"

namespace gf_otlp {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

/// For a request, whatever time those before it took.
constexpr milliseconds kLeast(1000);
/// Brokers that do not know a request let it time out; we do well without the limits.
constexpr milliseconds kMostToDescribe(3000);
/// How often we ask whether to stop.
constexpr milliseconds kStep(100);
/// Nothing ends a wait for metadata early: this long only for a broker that is connected and does not answer.
constexpr milliseconds kLongestWait(1600);

/// What the cluster says of a topic.
struct TopicView {
  rd_kafka_resp_err_t error = RD_KAFKA_RESP_ERR_NO_ERROR;
  int partitions = 0;
  bool all_have_leaders = true;

  bool exists() const {
    return error != RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART && error != RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC;
  }
};
using TopicViews = std::map<std::string, TopicView, std::less<>>;

class Admin {
 public:
  Admin(KafkaClient& client, milliseconds timeout, const std::function<bool()>& stopped)
      : client_(client), timeout_(timeout), deadline_(Clock::now() + timeout), stopped_(stopped) {}

  /// kClosed if we are to stop.
  Status CheckStopped() const;
  /// All topics of the cluster, as soon as a broker answers: asking for one by its name may create it.
  Result<TopicViews> ListTopics();
  /// Creates the topics and waits until they can be written to. `views` gets them.
  Status Create(const std::vector<const KafkaTopic*>& topics, TopicViews& views);
  /// The topics' max.message.bytes; without those that the broker does not tell.
  std::map<std::string, std::uint64_t, std::less<>> MessageLimits(const std::vector<std::string>& topics);

 private:
  milliseconds Left() const {
    return std::max(std::chrono::duration_cast<milliseconds>(deadline_ - Clock::now()), milliseconds(0));
  }
  /// Hears of errors that happened meanwhile.
  void ServeEvents();
  Status Unreachable() const;
  /// Starts an operation of the admin API by `start(options, queue)`; null if it did not end within `limit`, or we are
  /// to stop.
  KafkaHandle<rd_kafka_event_t> Run(
      rd_kafka_admin_op_t operation, milliseconds limit,
      const std::function<void(const rd_kafka_AdminOptions_t*, rd_kafka_queue_t*)>& start);
  Status RequestTopics(const std::vector<const KafkaTopic*>& topics);

  KafkaClient& client_;
  milliseconds timeout_;
  Clock::time_point deadline_;
  const std::function<bool()>& stopped_;
};

void Admin::ServeEvents() {
  while (const KafkaHandle<rd_kafka_event_t> event{rd_kafka_queue_poll(client_.queue(), 0)}) {
    if (rd_kafka_event_type(event.get()) != RD_KAFKA_EVENT_ERROR) continue;
    client_.trouble().AddError(rd_kafka_event_error(event.get()), rd_kafka_event_error_string(event.get()));
  }
}

Status Admin::Unreachable() const {
  const std::string why = client_.trouble().text();
  if (client_.trouble().refused()) return IoError(why);
  const auto seconds = static_cast<double>(timeout_.count()) / 1000;
  return IoError(fmt::format("no Kafka broker answered within {:g} s{}{}", seconds, why.empty() ? "" : ": ", why));
}

Status Admin::CheckStopped() const { return stopped_() ? Status::Error(Code::kClosed, "interrupted") : Status(); }

TopicViews ViewsOf(const struct rd_kafka_metadata& metadata) {
  TopicViews views;
  for (int i = 0; i < metadata.topic_cnt; ++i) {
    const rd_kafka_metadata_topic& topic = metadata.topics[i];
    TopicView& view = views[topic.topic];
    view.error = topic.err;
    view.partitions = topic.partition_cnt;
    for (int p = 0; p < topic.partition_cnt; ++p) {
      if (topic.partitions[p].leader < 0) view.all_have_leaders = false;
    }
  }
  return views;
}

Result<TopicViews> Admin::ListTopics() {
  // Short waits, to hear soon of a refusal; longer ones once a broker was asked and has not answered yet.
  milliseconds wait = kStep;
  while (true) {
    GF_UNEXPECTED_IF_ERROR(CheckStopped());
    const struct rd_kafka_metadata* metadata = nullptr;
    const auto this_wait = static_cast<int>(std::min(wait, Left()).count());
    const rd_kafka_resp_err_t error = rd_kafka_metadata(client_.handle(), 1, nullptr, &metadata, this_wait);
    if (error == RD_KAFKA_RESP_ERR_NO_ERROR) {
      const KafkaHandle<const struct rd_kafka_metadata> owner(metadata);
      return ViewsOf(*metadata);
    }
    ServeEvents();
    if (client_.trouble().refused() || Left() == milliseconds(0)) return std::unexpected(Unreachable());
    if (error == RD_KAFKA_RESP_ERR__TIMED_OUT) wait = std::min(2 * wait, kLongestWait);
    // It may have failed at once.
    std::this_thread::sleep_for(std::min(milliseconds(10), Left()));
  }
}

KafkaHandle<rd_kafka_event_t> Admin::Run(
    rd_kafka_admin_op_t operation, milliseconds limit,
    const std::function<void(const rd_kafka_AdminOptions_t*, rd_kafka_queue_t*)>& start) {
  const auto wait = static_cast<int>(limit.count());
  const KafkaHandle<rd_kafka_AdminOptions_t> options(rd_kafka_AdminOptions_new(client_.handle(), operation));
  std::array<char, 256> unused{};
  rd_kafka_AdminOptions_set_request_timeout(options.get(), wait, unused.data(), unused.size());
  if (operation == RD_KAFKA_ADMIN_OP_CREATETOPICS) {
    rd_kafka_AdminOptions_set_operation_timeout(options.get(), wait, unused.data(), unused.size());
  }
  const KafkaHandle<rd_kafka_queue_t> queue(rd_kafka_queue_new(client_.handle()));
  start(options.get(), queue.get());
  // librdkafka ends the request by itself; a little later for that to arrive.
  const Clock::time_point end = Clock::now() + limit + milliseconds(500);
  KafkaHandle<rd_kafka_event_t> event;
  while (event == nullptr && Clock::now() < end && !stopped_()) {
    event.reset(rd_kafka_queue_poll(queue.get(), static_cast<int>(kStep.count())));
  }
  return event;
}

std::string Words(rd_kafka_resp_err_t error, const char* text) {
  return text != nullptr && *text != '\0' ? text : rd_kafka_err2str(error);
}

Status Admin::RequestTopics(const std::vector<const KafkaTopic*>& topics) {
  std::vector<KafkaHandle<rd_kafka_NewTopic_t>> owners;
  std::vector<rd_kafka_NewTopic_t*> requests;
  for (const KafkaTopic* topic : topics) {
    std::array<char, 256> error{};
    owners.emplace_back(rd_kafka_NewTopic_new(topic->name.c_str(), topic->partitions, topic->replication_factor,
                                              error.data(), error.size()));
    if (owners.back() == nullptr) return UsageError(fmt::format("topic {}: {}", topic->name, error.data()));
    requests.push_back(owners.back().get());
    for (const auto& [name, value] : topic->config) {
      rd_kafka_NewTopic_set_config(requests.back(), name.c_str(), value.c_str());
    }
  }
  const auto event =
      Run(RD_KAFKA_ADMIN_OP_CREATETOPICS, std::max(Left(), kLeast), [&](const auto* options, auto* queue) {
        rd_kafka_CreateTopics(client_.handle(), requests.data(), requests.size(), options, queue);
      });
  if (event == nullptr) GF_RETURN_IF_ERROR(CheckStopped());
  const auto* result = event == nullptr ? nullptr : rd_kafka_event_CreateTopics_result(event.get());
  const rd_kafka_resp_err_t failure =
      result == nullptr ? RD_KAFKA_RESP_ERR__TIMED_OUT : rd_kafka_event_error(event.get());
  if (failure != RD_KAFKA_RESP_ERR_NO_ERROR) {
    return IoError(fmt::format("cannot create topic {}: {}", topics.front()->name,
                               Words(failure, event == nullptr ? nullptr : rd_kafka_event_error_string(event.get()))));
  }
  std::size_t count = 0;
  const rd_kafka_topic_result_t** results = rd_kafka_CreateTopics_result_topics(result, &count);
  for (std::size_t i = 0; i < count; ++i) {
    const rd_kafka_resp_err_t error = rd_kafka_topic_result_error(results[i]);
    if (error == RD_KAFKA_RESP_ERR_NO_ERROR || error == RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS) continue;
    return IoError(fmt::format("cannot create topic {}: {}", rd_kafka_topic_result_name(results[i]),
                               Words(error, rd_kafka_topic_result_error_string(results[i]))));
  }
  return {};
}

Status Admin::Create(const std::vector<const KafkaTopic*>& topics, TopicViews& views) {
  GF_RETURN_IF_ERROR(RequestTopics(topics));
  while (true) {
    Result<TopicViews> now = ListTopics();
    if (!now) return std::move(now.error());
    const auto missing = std::ranges::find_if(topics, [&](const KafkaTopic* topic) {
      const auto found = now->find(topic->name);
      return found == now->end() || found->second.error != RD_KAFKA_RESP_ERR_NO_ERROR ||
             found->second.partitions == 0 || !found->second.all_have_leaders;
    });
    if (missing == topics.end()) {
      views = std::move(*now);
      return {};
    }
    if (Left() == milliseconds(0)) {
      return IoError(fmt::format("topic {} is created, but has no leader yet; try again later", (*missing)->name));
    }
    std::this_thread::sleep_for(std::min(milliseconds(50), Left()));
  }
}

std::map<std::string, std::uint64_t, std::less<>> Admin::MessageLimits(const std::vector<std::string>& topics) {
  std::vector<KafkaHandle<rd_kafka_ConfigResource_t>> owners;
  std::vector<rd_kafka_ConfigResource_t*> requests;
  for (const std::string& topic : topics) {
    owners.emplace_back(rd_kafka_ConfigResource_new(RD_KAFKA_RESOURCE_TOPIC, topic.c_str()));
    requests.push_back(owners.back().get());
  }
  const auto event = Run(RD_KAFKA_ADMIN_OP_DESCRIBECONFIGS, std::clamp(Left(), kLeast, kMostToDescribe),
                         [&](const auto* options, auto* queue) {
                           rd_kafka_DescribeConfigs(client_.handle(), requests.data(), requests.size(), options, queue);
                         });
  const auto* result = event == nullptr ? nullptr : rd_kafka_event_DescribeConfigs_result(event.get());
  std::map<std::string, std::uint64_t, std::less<>> limits;
  if (result == nullptr || rd_kafka_event_error(event.get()) != RD_KAFKA_RESP_ERR_NO_ERROR) return limits;
  std::size_t count = 0;
  const rd_kafka_ConfigResource_t** resources = rd_kafka_DescribeConfigs_result_resources(result, &count);
  for (std::size_t i = 0; i < count; ++i) {
    std::size_t entries = 0;
    const rd_kafka_ConfigEntry_t** config = rd_kafka_ConfigResource_configs(resources[i], &entries);
    for (std::size_t e = 0; e < entries; ++e) {
      const char* value = rd_kafka_ConfigEntry_value(config[e]);
      if (value == nullptr || std::string_view(rd_kafka_ConfigEntry_name(config[e])) != "max.message.bytes") continue;
      const std::string_view digits(value);
      std::uint64_t bytes = 0;
      if (std::from_chars(digits.data(), digits.data() + digits.size(), bytes).ec == std::errc()) {
        limits[rd_kafka_ConfigResource_name(resources[i])] = bytes;
      }
    }
  }
  return limits;
}

/// Those of `topics` that are not there, each once.
Result<std::vector<const KafkaTopic*>> MissingTopics(const std::vector<KafkaTopic>& topics, const TopicViews& views) {
  std::vector<const KafkaTopic*> missing;
  for (const KafkaTopic& topic : topics) {
    const auto found = views.find(topic.name);
    if (found != views.end() && found->second.exists()) {
      // Others, such as a leader that is missing for now, pass.
      if (found->second.error == RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED ||
          found->second.error == RD_KAFKA_RESP_ERR_TOPIC_EXCEPTION) {
        return std::unexpected(
            IoError(fmt::format("topic {} may not be used: {}", topic.name, rd_kafka_err2str(found->second.error))));
      }
      continue;
    }
    if (!topic.create) {
      return std::unexpected(IoError(fmt::format(
          "topic {} does not exist, or this user may not see it: create it, or let it be created", topic.name)));
    }
    if (std::ranges::find(missing, topic.name, &KafkaTopic::name) == missing.end()) missing.push_back(&topic);
  }
  return missing;
}

}  // namespace

Result<std::vector<KafkaTopicState>> EnsureKafkaTopics(const KafkaSettings& settings,
                                                       const std::vector<KafkaTopic>& topics, milliseconds timeout,
                                                       const std::function<bool()>& stopped) {
  // Properties of producers mean nothing to a consumer: no id is asked for to write with.
  Result<std::unique_ptr<KafkaClient>> client = KafkaClient::Create(RD_KAFKA_CONSUMER, settings);
  if (!client) return std::unexpected(std::move(client.error()));
  Admin admin(**client, timeout, stopped);
  Result<TopicViews> views = admin.ListTopics();
  if (!views) return std::unexpected(std::move(views.error()));
  const Result<std::vector<const KafkaTopic*>> missing = MissingTopics(topics, *views);
  if (!missing) return std::unexpected(missing.error());
  if (!missing->empty()) GF_UNEXPECTED_IF_ERROR(admin.Create(*missing, *views));

  std::vector<std::string> names;
  for (const KafkaTopic& topic : topics) {
    if (std::ranges::find(names, topic.name) == names.end()) names.push_back(topic.name);
  }
  const auto limits = admin.MessageLimits(names);
  GF_UNEXPECTED_IF_ERROR(admin.CheckStopped());
  std::vector<KafkaTopicState> states;
  for (const KafkaTopic& topic : topics) {
    KafkaTopicState& state = states.emplace_back();
    state.created = std::ranges::find(*missing, topic.name, &KafkaTopic::name) != missing->end();
    state.partitions = views->at(topic.name).partitions;
    if (const auto limit = limits.find(topic.name); limit != limits.end()) state.max_message_bytes = limit->second;
  }
  return states;
}

}  // namespace gf_otlp
