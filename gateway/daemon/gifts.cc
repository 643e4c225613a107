#include "gateway/daemon/gifts.h"

#include <poll.h>

#include <filesystem>

#include "gateway/base/status.h"
#include "gateway/daemon/pipes.h"
#include "gateway/seal/gift_file.h"

namespace latchstring::daemon {
namespace {

constexpr int kPiece = 1;  // a gift has one

// Whether the other end of the pipe is still open.
bool is_read(const UniqueFd& pipe) {
  pollfd looked{pipe.get(), 0, 0};
  return ::poll(&looked, 1, 0) == 0 || (looked.revents & POLLERR) == 0;
}

json::Writer result_of(const std::string& gift, const std::vector<seal::PackedClip>& clips,
                       const seal::WrittenGift& written) {
  std::uint64_t frames = 0;
  std::set<std::string> redacted;
  std::vector<std::string> notes;
  for (const seal::PackedClip& clip : clips) {
    const ReleasedVideo& video = clip.video();
    frames += video.frames.size();
    redacted.insert(video.redacted.begin(), video.redacted.end());
    for (const std::string& note : video.notes) {
      if (std::find(notes.begin(), notes.end(), note) == notes.end()) notes.push_back(note);
    }
  }
  json::Writer out;
  out.string("id", gift)
      .string("given_from", to_rfc3339(clips.front().video().given.from))
      .string("given_to", to_rfc3339(clips.back().video().given.to))
      .natural("frames", frames)
      .strings("redacted", {redacted.begin(), redacted.end()})
      .strings("notes", notes)
      .string("sha256", written.sha256)
      .natural("bytes", written.bytes);
  return out;
}

}  // namespace

// What the chore works on; the loop has it again when that is done.
struct Gifts::Writing {
  ReleaseWorker::Key key;
  std::vector<seal::PackedClip> clips;
  std::vector<evidence::LedgerProof> proofs;
  crypto::Secret passphrase;
  UniqueFd pipe;
  Path copy;
  crypto::age::Recipient archive;
  std::shared_ptr<std::atomic<bool>> stopped;
  absl::StatusOr<seal::WrittenGift> written = absl::UnknownError("not written");

  void run() {
    const auto sink = [this](ByteView bytes) { return write_to_pipe(pipe.get(), bytes, *stopped); };
    written = seal::write_gift_file(clips, proofs, {passphrase, sink, archive, copy},
                                    [this] { return stopped->load(); });
    passphrase = {};
    pipe.reset();  // the file ends before the answer comes
  }
};

void Gifts::wait(const std::string& gift, Caller caller) {
  waiting_.emplace(gift, Waiting{std::move(caller)});
}

std::set<int> Gifts::pieces_of(const std::string& gift) const {
  return waiting_.contains(gift) ? std::set<int>{kPiece} : std::set<int>{};
}

void Gifts::write(const ReleaseWorker::Key& key, std::vector<seal::PackedClip> clips) {
  const auto found = waiting_.find(key.first);
  if (found == waiting_.end() || !is_read(found->second.caller.pipe)) {
    return fail(key, unavailable("nobody waits for the file any more"));
  }
  if (found->second.stopped->load()) {
    return fail(key, unavailable("sharing was stopped while it was made"));
  }
  std::vector<std::string> manifests;
  for (const seal::PackedClip& clip : clips) manifests.push_back(clip.manifest_sha256());
  auto committed = parts_.docket.commit_file(key.first, key.second, manifests);
  if (!committed.ok()) return fail(key, committed.status());
  // Runs look_at(), which lets go of a caller whose gift was not permitted after all.
  parts_.on_step(std::move(committed->step));
  const auto waiting = waiting_.find(key.first);
  if (committed->proofs.empty() || waiting == waiting_.end()) return;
  const absl::Status started =
      start(key, waiting->second, std::move(clips), std::move(committed->proofs));
  if (!started.ok()) fail(key, started);
}

absl::Status Gifts::start(const ReleaseWorker::Key& key, Waiting& waiting,
                          std::vector<seal::PackedClip> clips,
                          std::vector<ledger::ProvenLeaf> proofs) {
  LS_RETURN_IF_ERROR(make_folder(parts_.folder));
  auto writing = std::make_shared<Writing>(Writing{key,
                                                   std::move(clips),
                                                   {},
                                                   std::move(waiting.caller.passphrase),
                                                   std::move(waiting.caller.pipe),
                                                   parts_.folder / (key.first + ".tar.age"),
                                                   parts_.keys.archive,
                                                   waiting.stopped});  // shared with the chore
  for (const ledger::ProvenLeaf& proven : proofs) {
    writing->proofs.push_back({proven.leaf.line, proven.tlog_proof});
  }
  if (parts_.chores.run([writing] { writing->run(); }, [this, writing] { finish(*writing); })) {
    return absl::OkStatus();
  }
  return unavailable("too much is waiting; try again");
}

void Gifts::finish(Writing& writing) {
  const std::string& gift = writing.key.first;
  if (!writing.written.ok()) return fail(writing.key, writing.written.status());
  const auto found = waiting_.find(gift);
  // Taken back while the last bytes were written: the docket knows best what that is.
  if (found == waiting_.end()) {
    return parts_.on_step(parts_.docket.apply(gift, release::event::HandedOver{kPiece}));
  }
  found->second.written = result_of(gift, writing.clips, *writing.written);
  hand_over(gift);
}

// The caller waits until it stands in the database: else the gift would be made a second time, for
// nobody, and be called failed.
void Gifts::hand_over(const std::string& gift) {
  auto step = parts_.docket.apply(gift, release::event::HandedOver{kPiece});
  if (step.ok()) {
    const auto found = waiting_.find(gift);
    found->second.caller.reply.ok(*found->second.written);
    waiting_.erase(found);
  }
  parts_.on_step(std::move(step));
}

// While sharing is suspended, or the database is full, a failure ends nothing: then it is told
// again.
void Gifts::fail(const ReleaseWorker::Key& key, const absl::Status& why) {
  const auto found = waiting_.find(key.first);
  if (found != waiting_.end()) found->second.failed = why;
  parts_.on_failed(key, why);  // runs look_at()
}

void Gifts::retry() {
  std::vector<std::string> written;
  std::map<std::string, absl::Status> failed;
  for (const auto& [gift, waiting] : waiting_) {
    if (waiting.written) written.push_back(gift);
    if (!waiting.failed.ok()) failed[gift] = waiting.failed;
  }
  for (const std::string& gift : written) hand_over(gift);
  for (const auto& [gift, why] : failed) parts_.on_failed({gift, kPiece}, why);
}

void Gifts::look_at(const state::StoredRequest& request) {
  const auto found = waiting_.find(request.state.subject.id);
  if (found == waiting_.end() || request.state.phase != release::Phase::ended) return;
  const std::string& reason = request.state.pieces.front().reason;
  found->second.stopped->store(true);
  found->second.caller.reply.fail(denied("the gift was not made: {}", reason));
  waiting_.erase(found);
}

void Gifts::interrupt() {
  for (const auto& [gift, waiting] : waiting_) waiting.stopped->store(true);
}

}  // namespace latchstring::daemon
