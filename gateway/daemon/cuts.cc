#include "gateway/daemon/cuts.h"

#include <algorithm>

#include "gateway/base/log.h"
#include "gateway/base/status.h"
#include "gateway/crypto/encoding.h"

namespace latchstring::daemon {
namespace {

std::string outbox_name(const GrantTerms& terms) {
  return fmt::format("{}-{}-{}", terms.release_id, terms.piece, crypto::random_id());
}

}  // namespace

Cuts::Cuts(Parts parts)
    : parts_(std::move(parts)),
      sealer_(parts_.keys.signing),
      worker_(parts_.loop, parts_.archive.cutter(), parts_.redactor, sealer_,
              [this](ReleaseWorker::Made made) { on_made(std::move(made)); }) {}

void Cuts::begin(Grant grant) {
  waiting_.push_back({std::move(grant), parts_.clock.steady() + kSegmentPatience});
  retry();
}

void Cuts::stop(const std::string& release, int piece) {
  waiting_.remove_if([&](const Waiting& waiting) {
    return waiting.grant.terms().release_id == release && waiting.grant.terms().piece == piece;
  });
  filling_.erase({release, piece});
  tries_.erase({release, piece});
  worker_.cancel({release, piece});
}

// Also while the worker is busy: so that the open segment of the last in the line ends now, not
// when its turn comes.
void Cuts::look_at_waiting() {
  for (Waiting& waiting : waiting_) {
    if (waiting.is_ready) continue;
    const GrantTerms& terms = waiting.grant.terms();
    if (!parts_.archive.open_segment_touches(terms.camera, terms.interval)) {
      waiting.is_ready = true;
      continue;
    }
    parts_.recorders.end_segment_soon(terms.camera);
    waiting.is_ready = parts_.clock.steady() >= waiting.until;
  }
}

void Cuts::retry() {
  look_at_waiting();
  while (worker_.is_free()) {
    std::optional<Grant> grant = take_ready();
    if (!grant) return;
    start(*std::move(grant));  // what fails comes back here
  }
}

std::optional<Grant> Cuts::take_ready() {
  for (auto waiting = waiting_.begin(); waiting != waiting_.end(); ++waiting) {
    if (!waiting->is_ready) continue;
    // An error shows where the footage is asked for. One piece's hashes at a time: it is work.
    const GrantTerms& terms = waiting->grant.terms();
    if (parts_.archive.hashes_missing(terms.camera, terms.interval).value_or(false)) break;
    Grant grant = std::move(waiting->grant);
    waiting_.erase(waiting);
    return grant;
  }
  return std::nullopt;
}

void Cuts::start(Grant grant) {
  const ReleaseWorker::Key key{grant.terms().release_id, grant.terms().piece};
  auto work = work_for(std::move(grant));
  if (work.ok()) {
    if (!work->folder.empty()) filling_[key] = work->folder.filename().string();
    return worker_.start(*std::move(work));
  }
  fail(key, work.status());
}

absl::StatusOr<ReleaseWorker::Work> Cuts::work_for(Grant grant) {
  const GrantTerms& terms = grant.terms();
  LS_ASSIGN(archive::Footage footage, committed_footage(terms));
  LS_ASSIGN(seal::Context context, context_for(terms));
  for (const archive::Segment& segment : footage.segments) {
    if (segment.camera_offset_ms) context.camera_offset_ms = segment.camera_offset_ms;
  }
  // A file is made for somebody who waits for it; nothing of it lies in the outbox.
  Path folder;
  if (!context.officer.empty()) folder = parts_.config.outbox_dir() / outbox_name(terms);
  return ReleaseWorker::Work{std::move(grant), std::move(footage), std::move(context),
                             std::move(folder)};
}

// Footage is in the ledger before it is released. A segment may end between the two steps.
absl::StatusOr<archive::Footage> Cuts::committed_footage(const GrantTerms& terms) {
  constexpr int kTries = 3;
  for (int i = 0; i < kTries; ++i) {
    LS_RETURN_IF_ERROR(parts_.commit_segments());
    LS_ASSIGN(archive::Footage footage, parts_.archive.footage(terms.camera, terms.interval));
    const bool committed =
        std::all_of(footage.segments.begin(), footage.segments.end(),
                    [](const archive::Segment& segment) { return segment.ledger_index >= 0; });
    if (committed) return footage;
  }
  return unavailable("the footage is not in the ledger");
}

absl::StatusOr<seal::Context> Cuts::context_for(const GrantTerms& terms) {
  LS_ASSIGN(const state::StoredRequest request, parts_.docket.find(terms.release_id));
  const auto& rules = parts_.docket.house().rules;
  if (rules == nullptr) return not_now("the rules file is broken");
  seal::Context context;
  context.archive = parts_.keys.archive;
  context.gateway_id = parts_.keys.gateway_id;
  context.ledger_vkey = parts_.ledger_vkey;
  const auto agency = rules->agencies.find(request.state.subject.agency);
  context.agency =
      agency == rules->agencies.end() ? request.state.subject.agency : agency->second.name;
  context.officer = request.origin.officer;
  context.badge = request.state.subject.officer;
  context.case_number = request.origin.case_number;
  context.request_sha256 = request.origin.sha256;
  context.decision_sha256 = request.origin.decision_leaf;
  context.credential = request.origin.credential;
  for (const std::string& text : request.origin.recipients) {
    LS_ASSIGN(auto recipient, crypto::age::Recipient::parse(text));
    context.recipients.push_back(std::move(recipient));
  }
  if (request.state.subject.is_gift) context.gift = terms.release_id;
  LS_ASSIGN(context.number, parts_.docket.next_clip(terms.release_id));
  context.asked = request.state.subject.footage;
  context.clock = parts_.config.clock == ClockTrust::kernel ? "kernel" : "assumed";
  if (!context.officer.empty()) context.delete_after = state::delete_after(parts_.docket.house());
  context.now = parts_.clock.now();
  return context;
}

bool Cuts::is_filling(const std::string& folder) const {
  return std::any_of(filling_.begin(), filling_.end(),
                     [&](const auto& entry) { return entry.second == folder; });
}

std::set<int> Cuts::pieces_of(const std::string& release) const {
  std::set<int> pieces = worker_.pieces_of(release);
  for (const Waiting& waiting : waiting_) {
    if (waiting.grant.terms().release_id == release) pieces.insert(waiting.grant.terms().piece);
  }
  return pieces;
}

std::optional<double> Cuts::progress(const std::string& release, int piece) const {
  return worker_.progress({release, piece});
}

void Cuts::on_made(ReleaseWorker::Made made) {
  filling_.erase(made.key);
  if (made.parts.ok()) tries_.erase(made.key);
  if (!made.parts.ok()) {
    fail(made.key, made.parts.status());
  } else if (auto* packed = std::get_if<std::vector<seal::PackedClip>>(&*made.parts)) {
    parts_.on_packed(made.key, std::move(*packed));
  } else {
    parts_.on_step(
        parts_.docket.sealed(std::get<std::vector<SealedClip>>(*made.parts), made.delete_after));
  }
  retry();
}

// The piece stays `working` with nobody at it. Nobody waits so long for a gift's file.
bool Cuts::is_tried_again(const ReleaseWorker::Key& key, const absl::Status& why) {
  if (!absl::IsUnavailable(why)) return false;
  const auto request = parts_.docket.find(key.first);
  if (!request.ok() || request->state.subject.is_gift_file()) return false;
  return ++tries_[key] < kTriesMax;
}

void Cuts::fail(const ReleaseWorker::Key& key, const absl::Status& why) {
  if (is_tried_again(key, why)) {
    return log_line(
        LogLevel::warning,
        fmt::format("request {}, piece {}: {}; it is made anew, {} of {} times", key.first,
                    key.second, message_of(why), tries_[key], kTriesMax - 1));
  }
  release::event::WorkFailed failed;
  failed.piece = key.second;
  failed.no_footage = absl::IsNotFound(why);
  failed.reason = message_of(why);
  if (tries_.erase(key) != 0) {
    failed.reason += fmt::format(", {} times; {}", kTriesMax, kMayAskAgain);
  }
  if (failed.reason.ends_with(kMayAskAgain)) {
    log_line(LogLevel::warning, fmt::format("request {}, piece {} could not be made: {}", key.first,
                                            key.second, failed.reason));
  }
  parts_.on_step(parts_.docket.apply(key.first, failed));
}

}  // namespace latchstring::daemon
