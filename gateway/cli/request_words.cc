#include "gateway/cli/request_words.h"

#include <fmt/format.h>

#include <algorithm>

#include "gateway/cli/format.h"

namespace latchstring::cli {
namespace {

// A receipt shows that it left, whatever else is still known.
bool has_left(const json::Value& piece) {
  return text(piece, "state") == "delivered" || number(piece, "sent_bytes") != 0 ||
         !list(piece, "receipts").empty();
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
  const std::string_view verb = has_left(piece)      ? "left"
                                : is_on_offer(piece) ? "on offer"
                                                     : "was on offer";
  return fmt::format("{} as clip {}", verb, clip);
}

}  // namespace latchstring::cli
