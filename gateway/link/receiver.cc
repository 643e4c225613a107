#include "gateway/link/receiver.h"

#include <algorithm>

#include "gateway/base/ensure.h"
#include "gateway/base/status.h"
#include "gateway/crypto/encoding.h"
#include "gateway/proof/merkle.h"

namespace latchstring::link {
namespace {

constexpr std::uint64_t kWindowMin = 4;

absl::StatusOr<crypto::Hash> hash_from(std::string_view hex) {
  LS_ASSIGN(const Bytes bytes, crypto::from_hex(hex));
  crypto::Hash hash{};
  if (bytes.size() != hash.size()) return invalid("a SHA-256 has {} bytes", hash.size());
  std::copy(bytes.begin(), bytes.end(), hash.begin());
  return hash;
}

std::uint64_t chunk_size(const Incoming& file, std::uint64_t file_chunk) {
  return std::min<std::uint64_t>(wire::kChunkBytes, file.size - file_chunk * wire::kChunkBytes);
}

}  // namespace

absl::StatusOr<Incoming> incoming_from(const wire::Offer::Transfer& offered) {
  Incoming file;
  LS_ASSIGN(file.id, wire::transfer_id_from(offered.id));
  LS_ASSIGN(file.sha256, hash_from(offered.sha256));
  LS_ASSIGN(file.merkle_root, hash_from(offered.merkle_root));
  file.size = offered.size;
  file.chunks = offered.chunks;
  if (file.chunks > kChunksMax || file.chunks != wire::chunk_count(file.size)) {
    return invalid("{} chunks do not fit {} bytes", file.chunks, file.size);
  }
  return file;
}

absl::StatusOr<std::unique_ptr<Receiver>> Receiver::open(const Incoming& file, PartStore& store,
                                                         std::uint64_t window) {
  LS_ASSIGN(Bitmap stored, store.load_map(file));
  ensure(stored.size() == file.chunks);
  window = std::clamp(window, kWindowMin, wire::kGetWindow);
  return std::unique_ptr<Receiver>(new Receiver(file, store, std::move(stored), window));
}

Receiver::Receiver(const Incoming& file, PartStore& store, Bitmap stored, std::uint64_t window)
    : file_(file), store_(store), window_(window), stored_(std::move(stored)) {}

absl::Status Receiver::check(const wire::Data& data) const {
  if (data.transfer != file_.id || data.index >= file_.chunks) {
    return invalid("a chunk of another transfer");
  }
  const std::uint64_t file_chunk = wire::file_chunk_of(data.index, file_.chunks);
  if (data.chunk.size() != chunk_size(file_, file_chunk)) {
    return invalid("chunk {} has {} bytes", data.index, data.chunk.size());
  }
  return proof::verify_inclusion(proof::leaf_hash(data.chunk), file_chunk, file_.chunks, data.proof,
                                 file_.merkle_root);
}

absl::Status Receiver::on_data(const wire::Data& data, Duration now) {
  if (data.transfer == file_.id && data.index < file_.chunks && stored_.test(data.index) &&
      !again_.contains(data.index)) {
    return absl::OkStatus();  // a duplicate: nothing to check, nothing to ask
  }
  LS_RETURN_IF_ERROR(check(data));
  const auto asked = outstanding_.extract(data.index);
  if (!asked.empty() && asked.mapped()) answer_time_.add(now - *asked.mapped());
  again_.erase(data.index);
  ask_again_at_ = now + answer_time_.timeout();
  if (stored_.test(data.index)) return absl::OkStatus();
  const std::uint64_t file_chunk = wire::file_chunk_of(data.index, file_.chunks);
  LS_RETURN_IF_ERROR(store_.write(file_chunk * wire::kChunkBytes, data.chunk));
  stored_.set(data.index);
  ++unsaved_;
  return save_if_due(now);
}

absl::Status Receiver::save_if_due(Duration now) {
  if (unsaved_ == 1) saved_at_ = now;
  if (unsaved_ < kSaveEveryChunks && now - saved_at_ < kSaveEvery) return absl::OkStatus();
  return save();
}

absl::Status Receiver::save() {
  unsaved_ = 0;
  return store_.save_map(stored_);
}

void Receiver::on_resend(const wire::Resend& resend) {
  if (stored_.full()) return;
  for (std::uint64_t k = 0; k < wire::kGetWindow; ++k) {
    if ((resend.bitmap >> k & 1) == 0) continue;
    if (resend.base >= file_.chunks || k >= file_.chunks - resend.base) break;
    const std::uint64_t index = resend.base + k;
    if (stored_.test(index)) again_.insert(index);
  }
  // The last index was asked for too early.
  outstanding_.erase(file_.chunks - 1);
}

void Receiver::on_reconnect() {
  outstanding_.clear();
  answer_time_ = {};
}

bool Receiver::wanted(std::uint64_t index) const {
  if (again_.contains(index)) return true;
  if (stored_.test(index)) return false;
  // The last one is served only when all others were, so it is asked for only then.
  return index != file_.chunks - 1 || all_but_last();
}

bool Receiver::all_but_last() const {
  const std::uint64_t last = file_.chunks - 1;
  return stored_.count() - (stored_.test(last) ? 1 : 0) == last && again_.empty();
}

std::uint64_t Receiver::first_wanted() const {
  const std::uint64_t missing = stored_.first_clear();
  return again_.empty() ? missing : std::min(missing, *again_.begin());
}

std::optional<wire::Get> Receiver::next_get(Duration now) {
  if (complete()) return std::nullopt;
  if (!outstanding_.empty() && now >= ask_again_at_) {
    answer_time_.back_off();
    return ask(now, true);
  }
  if (outstanding_.size() > window_ / 2) return std::nullopt;
  const wire::Get get = ask(now, false);
  if (get.bitmap == 0) return std::nullopt;
  return get;
}

// The next indices up to the credit; with `again` those that were asked for and did not come, too.
wire::Get Receiver::ask(Duration now, bool again) {
  wire::Get get;
  get.transfer = file_.id;
  get.counter = ++counter_;
  get.base = first_wanted();
  for (std::uint64_t k = 0; k < wire::kGetWindow && get.base + k < file_.chunks; ++k) {
    const std::uint64_t index = get.base + k;
    const bool asked = outstanding_.contains(index);
    if (!wanted(index) || (asked && !again)) continue;
    if (!asked && outstanding_.size() >= window_) continue;
    outstanding_[index] = asked ? std::nullopt : std::optional(now);
    get.bitmap |= std::uint64_t{1} << k;
  }
  if (get.bitmap != 0) ask_again_at_ = now + answer_time_.timeout();
  return get;
}

absl::Status Receiver::check_whole() {
  ensure(complete());
  crypto::Sha256 whole;
  Bytes chunk;
  for (std::uint64_t at = 0; at < file_.size; at += chunk.size()) {
    chunk.resize(std::min<std::uint64_t>(wire::kChunkBytes, file_.size - at));
    LS_RETURN_IF_ERROR(store_.read(at, chunk));
    whole.update(chunk);
  }
  if (whole.finish() == file_.sha256) return absl::OkStatus();
  stored_ = Bitmap(file_.chunks);
  outstanding_.clear();
  again_.clear();
  LS_RETURN_IF_ERROR(save());
  return data_loss("the file that was received is not the one that was offered");
}

}  // namespace latchstring::link
