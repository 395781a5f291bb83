#include <curl/curl.h>

#include <atomic>
#include <string_view>
#include <thread>
#include <vector>

#include "reference.h"

/// How long libcurl takes only to send requests that are ready: the frames (u32 big-endian length, request; repeated)
/// of a file in memory, one POST each, over connections that are kept open. Each connection has a thread, which sends
/// the next request once its last was answered. Begins before the first connection is made, ends with the last answer.
namespace gf_otlp::bench {
namespace {

constexpr std::size_t kPrefix = 4;
constexpr long kOk = 200;

std::vector<std::string_view> SplitFrames(std::string_view rest) {
  std::vector<std::string_view> frames;
  while (!rest.empty()) {
    std::size_t size = 0;
    for (std::size_t i = 0; i < kPrefix && i < rest.size(); ++i) size = size << 8 | static_cast<unsigned char>(rest[i]);
    if (rest.size() < kPrefix || rest.size() - kPrefix < size) {
      std::fputs("the last frame is torn\n", stderr);
      std::exit(3);
    }
    frames.push_back(rest.substr(kPrefix, size));
    rest.remove_prefix(kPrefix + size);
  }
  return frames;
}

std::size_t Discard(char*, std::size_t size, std::size_t count, void*) { return size * count; }

/// Sends whatever request is next until there is none. False, and why on standard error, if one was not taken.
bool SendAll(const char* url, curl_slist* headers, const std::vector<std::string_view>& requests,
             std::atomic<std::size_t>& next) {
  CURL* curl = curl_easy_init();
  curl_easy_setopt(curl, CURLOPT_URL, url);
  curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
  curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, Discard);
  long status = kOk;
  CURLcode code = CURLE_OK;
  for (std::size_t i = next++; i < requests.size() && code == CURLE_OK && status == kOk; i = next++) {
    curl_easy_setopt(curl, CURLOPT_POSTFIELDS, requests[i].data());
    curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(requests[i].size()));
    code = curl_easy_perform(curl);
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
  }
  curl_easy_cleanup(curl);
  if (code != CURLE_OK) std::fprintf(stderr, "%s\n", curl_easy_strerror(code));
  if (code == CURLE_OK && status != kOk) std::fprintf(stderr, "HTTP %ld\n", status);
  return code == CURLE_OK && status == kOk;
}

int Main(int argc, char** argv) {
  if (argc != 4) {
    std::fputs("usage: reference_http_sender URL FRAMES_FILE CONNECTIONS\n", stderr);
    return 2;
  }
  const std::string bytes = ReadWhole(argv[2]);
  const std::vector<std::string_view> requests = SplitFrames(bytes);
  curl_global_init(CURL_GLOBAL_DEFAULT);
  curl_slist* headers = curl_slist_append(nullptr, "Content-Type: application/x-protobuf");
  headers = curl_slist_append(headers, "Expect:");  // no waiting for "100 Continue" before larger bodies
  std::atomic<std::size_t> next = 0;
  std::atomic<bool> good = true;
  const Stopwatch watch;
  {
    std::vector<std::jthread> threads;
    for (int i = std::atoi(argv[3]); i > 0; --i) {
      threads.emplace_back([&] {
        if (!SendAll(argv[1], headers, requests, next)) good = false;
      });
    }
  }
  const Seconds seconds = watch.Elapsed();
  curl_slist_free_all(headers);
  return good ? Report(seconds, bytes.size(), requests.size()) : 4;
}

}  // namespace
}  // namespace gf_otlp::bench

int main(int argc, char** argv) { return gf_otlp::bench::Main(argc, argv); }
