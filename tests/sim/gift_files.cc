#include "tests/sim/gift_files.h"

#include <vector>

#include "gateway/base/ensure.h"
#include "gateway/crypto/encoding.h"

namespace latchstring::sim {
namespace {

constexpr int kPiece = 1;  // a gift has one

}  // namespace

void GiftFiles::write(const std::string& gift) {
  const auto found = waiting_.find(gift);
  if (found == waiting_.end()) return fail(gift);
  if (out_.random.chance(0.05)) {
    out_.faults.count("gift's reader gone");
    return fail(gift);
  }
  if (found->second.stopped) return fail(gift);
  std::vector<std::string> manifests;
  for (std::uint64_t parts = 1 + out_.random.below(2); parts > 0; --parts) {
    manifests.push_back(crypto::to_hex(crypto::random_bytes(32)));
  }
  auto committed = out_.docket.commit_file(gift, kPiece, manifests);
  if (!committed.ok()) return fail(gift);
  const bool dropped = committed->proofs.empty();
  if (!dropped) out_.truth.check_file_commit(out_.docket, gift, committed->proofs, manifests);
  out_.faults.boundary("gift committed, not written");
  out_.perform(std::move(committed->step));
  if (!dropped && waits(gift)) write_on(gift, 1 + out_.random.below(6));
}

void GiftFiles::write_on(const std::string& gift, std::uint64_t left) {
  const Duration pace = out_.random.between(milliseconds{1}, seconds{2});
  out_.later(pace, [this, gift, left] {
    const auto found = waiting_.find(gift);
    if (found == waiting_.end()) return;  // it ended meanwhile: the chore was stopped
    if (found->second.stopped) return fail(gift);
    out_.truth.check_file_bytes(out_.database, gift);
    out_.faults.boundary("gift's file, some of it written");
    if (left > 1) return write_on(gift, left - 1);
    out_.later(milliseconds{5}, [this, gift] { finish(gift); });
  });
}

// Taken back while the last bytes were written: the docket knows best what that is.
void GiftFiles::finish(const std::string& gift) {
  out_.faults.boundary("gift written, not handed over");
  const auto found = waiting_.find(gift);
  if (found == waiting_.end()) {
    return out_.perform(out_.docket.apply(gift, release::event::HandedOver{kPiece}));
  }
  found->second.written = true;
  hand_over(gift);
}

void GiftFiles::hand_over(const std::string& gift) {
  auto step = out_.docket.apply(gift, release::event::HandedOver{kPiece});
  if (step.ok()) {
    out_.truth.gifts.at(gift).handed_over = true;
    waiting_.erase(gift);
  }
  out_.perform(std::move(step));
}

void GiftFiles::fail(const std::string& gift) {
  if (const auto found = waiting_.find(gift); found != waiting_.end()) found->second.failed = true;
  out_.perform(out_.docket.apply(gift, release::event::WorkFailed{kPiece, "no file", false}));
}

// What could not be told to the docket is told again.
void GiftFiles::retry() {
  const auto waiting = waiting_;
  for (const auto& [gift, state] : waiting) {
    if (state.written) hand_over(gift);
    if (state.failed) fail(gift);
  }
}

void GiftFiles::look_at(const std::string& gift) {
  if (!waits(gift)) return;
  const auto stored = out_.docket.find(gift);
  ensure(stored.ok());
  if (stored->state.phase == release::Phase::ended) waiting_.erase(gift);
}

void GiftFiles::interrupt() {
  for (auto& [gift, waiting] : waiting_) waiting.stopped = true;
}

}  // namespace latchstring::sim
