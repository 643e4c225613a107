#include "gateway/cli/request_words.h"

#include <fmt/format.h>

#include <algorithm>

#include "gateway/cli/format.h"

namespace latchstring::cli {
namespace {

constexpr std::size_t kCamerasWidth = 40;  // bytes

std::string cut_to_width(const std::string& name) {
  if (name.size() <= kCamerasWidth) return name;
  std::size_t end = kCamerasWidth;
  while (end > 0 && (static_cast<unsigned char>(name[end]) & 0xC0) == 0x80)
    --end;  // in a character
  return name.substr(0, end) + "…";
}

// A receipt shows that it left, whatever else is still known.
bool has_left_whole(const json::Value& piece) {
  const std::uint64_t sent = number(piece, "sent_bytes");
  return text(piece, "state") == "delivered" || !list(piece, "receipts").empty() ||
         (sent != 0 && sent >= number(piece, "size_bytes"));
}

bool has_left(const json::Value& piece) {
  return has_left_whole(piece) || number(piece, "sent_bytes") != 0;
}

bool is_on_offer(const json::Value& piece) {
  return text(piece, "state") == "offered";
}

}  // namespace

std::string state_words(const json::Value& request) {
  const std::string phase = text(request, "phase");
  const std::string outcome = text(request, "outcome");
  if (phase == "asking") return "waits for you";
  if (phase == "releasing") return "being released";
  if (phase == "ended" && !outcome.empty()) return outcome;
  return phase;
}

std::string who_words(const json::Value& request) {
  const std::string agency = text(request, "agency");
  return agency.empty() && flag(request, "gift") ? "a file" : agency;
}

std::string camera_words(const json::Value& request) {
  const std::vector<std::string> cameras = texts(request, "cameras");
  std::string words;
  for (std::size_t i = 0; i < cameras.size(); ++i) {
    const std::string next = (i == 0 ? "" : ", ") + cut_to_width(cameras[i]);
    if (i > 0 && words.size() + next.size() > kCamerasWidth)
      return fmt::format("{} and {} more", words, cameras.size() - i);
    words += next;
  }
  return words;
}

std::string progress_words(const json::Value& piece) {
  const std::uint64_t size = number(piece, "size_bytes");
  if (size == 0) return "";
  if (!has_left(piece) && !is_on_offer(piece)) return ", nothing of it was sent";
  const std::uint64_t sent = std::min(number(piece, "sent_bytes"), size);
  return fmt::format(", {} of {} sent ({} %)", size_text(sent), size_text(size), sent * 100 / size);
}

// Of what ended long ago nobody knows any more how much was sent.
std::string clip_words(const json::Value& piece) {
  const std::uint64_t clip = number(piece, "clip");
  if (clip == 0) return "";
  const std::string_view verb = has_left_whole(piece) ? "left"
                                : is_on_offer(piece)  ? "on offer"
                                : has_left(piece)     ? "left in part"
                                                      : "was on offer";
  return fmt::format("{} as clip {}", verb, clip);
}

std::string hidden_words(const json::Value& piece) {
  const std::string unknown = text(piece, "not_judged");
  if (!unknown.empty()) return "not known now: " + unknown;
  if (member(piece, "redact") == nullptr) return "";
  const std::vector<std::string> redact = texts(piece, "redact");
  return redact.empty() ? "nothing" : joined(redact);
}

}  // namespace latchstring::cli
