#include "gateway/ledger/leaf.h"

#include <algorithm>
#include <utility>

#include "gateway/base/status.h"
#include "gateway/json/json.h"

namespace latchstring::ledger {
namespace {

constexpr std::size_t kWordMax = 32;

// Writes the members of one event and keeps the first fault. Nothing but checked words, hashes,
// numbers and times gets through, so no leaf can ever carry a name or a sentence.
class Members {
 public:
  explicit Members(json::Writer& out) : out_(out) {}

  Members& hash(std::string_view name, std::string_view value) {
    const bool is_hash = value.size() == 64 && std::all_of(value.begin(), value.end(), [](char c) {
                           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
                         });
    if (!is_hash && !value.empty()) fault(name, "64 lower-case hex digits", value);
    out_.optional_string(name, value);
    return *this;
  }
  Members& needed_hash(std::string_view name, std::string_view value) {
    if (value.empty()) fault(name, "64 lower-case hex digits", value);
    return hash(name, value);
  }
  Members& word(std::string_view name, std::string_view value) {
    const bool is_word = !value.empty() && value.size() <= kWordMax &&
                         std::all_of(value.begin(), value.end(),
                                     [](char c) { return c == '_' || (c >= 'a' && c <= 'z'); });
    if (!is_word) fault(name, "a word of [a-z_]", value);
    out_.string(name, value);
    return *this;
  }
  Members& piece(int value) {
    if (value < 1) fault("piece", "1 or more", std::to_string(value));
    out_.integer("piece", value);
    return *this;
  }
  // Left out where it is about the whole request.
  Members& piece_or_all(int value) { return value == 0 ? *this : piece(value); }
  Members& count(std::string_view name, std::uint64_t value) {
    out_.natural(name, value);
    return *this;
  }
  Members& flag(std::string_view name, bool value) {
    out_.boolean(name, value);
    return *this;
  }
  Members& span(const Interval& value) {
    out_.string("from", to_rfc3339(value.from)).string("to", to_rfc3339(value.to));
    return *this;
  }
  Members& signed_number(std::string_view name, std::int64_t value) {
    out_.integer(name, value);
    return *this;
  }
  const absl::Status& status() const { return status_; }

 private:
  void fault(std::string_view name, std::string_view must_be, std::string_view value) {
    if (status_.ok()) status_ = invalid("`{}` must be {}, not `{}`", name, must_be, value);
  }

  json::Writer& out_;
  absl::Status status_;
};

struct WriteEvent {
  Members& m;

  void operator()(const Start& e) const { m.flag("clock_right", e.clock_right); }
  void operator()(const Stop&) const {}
  void operator()(const CameraChange& e) const {
    m.word("change", e.change).hash("config", e.config_sha256);
  }
  void operator()(const PolicyChange& e) const {
    m.word("change", e.change).hash("policy", e.policy_sha256);
  }
  void operator()(const TrustChange& e) const {
    m.word("change", e.change).hash("key", e.key_sha256);
  }
  void operator()(const Request& e) const {
    m.needed_hash("request", e.request_sha256).word("state", e.state);
  }
  void operator()(const Decision& e) const {
    m.needed_hash("request", e.request_sha256).word("outcome", e.outcome);
    m.hash("policy", e.policy_sha256);
  }
  void operator()(const Approval& e) const {
    m.hash("request", e.request_sha256).word("answer", e.answer);
  }
  void operator()(const Hold& e) const {
    m.hash("request", e.request_sha256).word("change", e.change);
  }
  void operator()(const ReleaseCommit& e) const {
    m.hash("request", e.request_sha256).piece(e.piece);
    if (e.request_sha256.empty()) {
      m.hash("delivery", e.delivery_sha256);
    } else {
      m.needed_hash("delivery", e.delivery_sha256);
    }
    m.needed_hash("manifest", e.manifest_sha256);
  }
  void operator()(const Done& e) const {
    m.hash("request", e.request_sha256).piece(e.piece);
    m.needed_hash("delivery", e.delivery_sha256).needed_hash("receipt", e.receipt_sha256);
  }
  void operator()(const Abort& e) const {
    m.hash("request", e.request_sha256).piece_or_all(e.piece).word("reason", e.reason);
  }
  void operator()(const Revoke& e) const {
    m.hash("request", e.request_sha256).piece_or_all(e.piece).hash("delivery", e.delivery_sha256);
  }
  void operator()(const SegmentRoot& e) const {
    m.span(e.hour).count("segments", e.segments).needed_hash("root", e.root);
  }
  void operator()(const Unverified& e) const {
    m.span(e.hour).count("malformed", e.malformed).count("denied", e.denied);
  }
  void operator()(const Shred& e) const { m.word("what", e.what).span(e.span); }
  void operator()(const ClockJump& e) const { m.signed_number("by_ms", e.by_ms); }
  void operator()(const Heartbeat&) const {}
  void operator()(const Filler&) const {}
};

struct NameOf {
  std::string_view operator()(const Start&) const { return "start"; }
  std::string_view operator()(const Stop&) const { return "stop"; }
  std::string_view operator()(const CameraChange&) const { return "camera"; }
  std::string_view operator()(const PolicyChange&) const { return "policy"; }
  std::string_view operator()(const TrustChange&) const { return "trust"; }
  std::string_view operator()(const Request&) const { return "request"; }
  std::string_view operator()(const Decision&) const { return "decision"; }
  std::string_view operator()(const Approval&) const { return "approval"; }
  std::string_view operator()(const Hold&) const { return "hold"; }
  std::string_view operator()(const ReleaseCommit&) const { return "release_commit"; }
  std::string_view operator()(const Done&) const { return "done"; }
  std::string_view operator()(const Abort&) const { return "abort"; }
  std::string_view operator()(const Revoke&) const { return "revoke"; }
  std::string_view operator()(const SegmentRoot&) const { return "segment_root"; }
  std::string_view operator()(const Unverified&) const { return "unverified"; }
  std::string_view operator()(const Shred&) const { return "shred"; }
  std::string_view operator()(const ClockJump&) const { return "clock_jump"; }
  std::string_view operator()(const Heartbeat&) const { return "heartbeat"; }
  std::string_view operator()(const Filler&) const { return "filler"; }
};

template <std::size_t... I>
std::vector<std::string_view> names_of(std::index_sequence<I...>) {
  return {NameOf{}(std::variant_alternative_t<I, Event>{})...};
}

}  // namespace

const std::vector<std::string_view>& event_names() {
  static const auto names = names_of(std::make_index_sequence<std::variant_size_v<Event>>());
  return names;
}

absl::StatusOr<std::string> leaf_line(const Entry& entry, std::string_view salt,
                                      std::string_view commitment) {
  json::Writer out;
  const std::string_view name = std::visit(NameOf{}, entry.event);
  out.integer("v", 1).string("at", to_rfc3339(entry.at)).string("event", name);
  Members members(out);
  std::visit(WriteEvent{members}, entry.event);
  if (!members.status().ok()) {
    return within(fmt::format("ledger entry `{}`", name), members.status());
  }
  out.optional_string("detail", commitment).string("salt", salt);
  return out.text();
}

std::string event_of(std::string_view line) {
  constexpr std::string_view kBefore = R"("event":")";
  const std::size_t start = line.find(kBefore);
  if (start == std::string_view::npos) return {};
  const std::string_view rest = line.substr(start + kBefore.size());
  return std::string(rest.substr(0, rest.find('"')));
}

}  // namespace latchstring::ledger
