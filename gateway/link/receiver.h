// Receiver: the requester's end of one transfer. Asks for chunks by credit, checks each one's size
// and inclusion proof before it is stored, and the whole file's SHA-256 at the end.
// Pure: no clock, no network; the caller passes the time and sends what next_get() returns.
// Threads: the owner's one.
// Limits: kWindow chunks outstanding.
#pragma once

#include <absl/status/statusor.h>

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>

#include "gateway/base/time.h"
#include "gateway/crypto/hash.h"
#include "gateway/link/answer_time.h"
#include "gateway/link/bitmap.h"
#include "gateway/wire/control.h"
#include "gateway/wire/data.h"

namespace latchstring::link {

inline constexpr std::uint64_t kWindow = 16;  // credit; 4 to 64
// The map of what is on disk is saved after so many chunks or so long, whichever comes first.
inline constexpr std::uint64_t kSaveEveryChunks = 256;
inline constexpr Duration kSaveEvery = std::chrono::seconds{1};

// What is being received, from a checked OFFER.
struct Incoming {
  wire::TransferId id{};
  std::uint64_t size = 0;
  std::uint64_t chunks = 0;
  crypto::Hash sha256{};
  crypto::Hash merkle_root{};
};
// InvalidArgument when a field is malformed or the chunk count does not follow from the size.
absl::StatusOr<Incoming> incoming_from(const wire::Offer::Transfer& offered);

// Where the part and its map live.
class PartStore {
 public:
  virtual ~PartStore() = default;
  virtual absl::Status write(std::uint64_t offset, ByteView bytes) = 0;
  virtual absl::Status read(std::uint64_t offset, std::span<std::uint8_t> out) = 0;
  // Makes all writes durable, then the map.
  virtual absl::Status save_map(const Bitmap& stored) = 0;
  // The saved map of this very file, or an empty one.
  virtual absl::StatusOr<Bitmap> load_map(const Incoming& file) = 0;
};

class Receiver {
 public:
  static absl::StatusOr<std::unique_ptr<Receiver>> open(const Incoming& file, PartStore& store,
                                                        std::uint64_t window = kWindow);

  // Ok: stored, or seen before. InvalidArgument or PermissionDenied: not ours, wrong size, or its
  // proof is wrong; nothing was stored. Other errors: the disk.
  absl::Status on_data(const wire::Data& data, Duration now);
  // The gateway has no record of having sent these.
  void on_resend(const wire::Resend& resend);
  // After a reconnect: what was asked for is lost.
  void on_reconnect();

  // What to send now, if anything. Call after each event and at wake_at().
  std::optional<wire::Get> next_get(Duration now);
  Duration wake_at() const { return ask_again_at_; }

  bool complete() const { return stored_.full(); }
  // Nothing else is missing, here or by the gateway's record.
  bool all_but_last() const;
  const Bitmap& stored() const { return stored_; }
  const Incoming& file() const { return file_; }

  // Saves the map, so that a later run resumes here.
  absl::Status save();
  // When complete: DataLoss if the SHA-256 is not the offered one; then nothing counts as stored.
  absl::Status check_whole();

 private:
  Receiver(const Incoming& file, PartStore& store, Bitmap stored, std::uint64_t window);
  absl::Status check(const wire::Data& data) const;
  absl::Status save_if_due(Duration now);
  std::uint64_t first_wanted() const;
  bool wanted(std::uint64_t index) const;
  wire::Get ask(Duration now, bool again);

  const Incoming file_;
  PartStore& store_;
  const std::uint64_t window_;
  Bitmap stored_;
  // Asked for and not arrived: since when; none: it was asked for more than once.
  std::map<std::uint64_t, std::optional<Duration>> outstanding_;
  std::set<std::uint64_t> again_;  // on disk, but the gateway wants to send them again
  std::uint32_t counter_ = 0;
  AnswerTime answer_time_;
  Duration ask_again_at_{0};
  std::uint64_t unsaved_ = 0;
  Duration saved_at_{0};
};

}  // namespace latchstring::link
