// Receiving: fetch the sealed files of a piece, then for each of its offers (one per part) check
// them, decrypt, unpack, verify everything, and only then put the files into OUT/ID. What is under
// way lies in OUT/.ID.incoming, so that a run that was killed is resumed. Threads: main.
#pragma once

#include <absl/status/statusor.h>

#include <string>
#include <vector>

#include "gateway/base/files.h"
#include "gateway/requester/dialogue.h"

namespace latchstring::requester {

inline constexpr Duration kTransferPatience = std::chrono::seconds{30};

struct Reception {
  Path out;  // of `receive --out`
  bool keep_sealed = false;
  Duration until = Duration::max();  // by the clock's steady(): then a transfer stops

  Path folder_of(const wire::Offer& offer) const { return out / offer.request_id; }
  Path incoming_of(const wire::Offer& offer) const {
    return out / ("." + offer.request_id + ".incoming");
  }
};

// The sealed files of all offers of a piece: none can be opened before the rest of all was sent.
// Unavailable: nothing comes just now, or the time is up; call again. PermissionDenied: it was
// taken back, which turn() will tell. Anything else: the disk, or it does not hold.
absl::Status fetch_piece(Dialogue& dialogue, const std::vector<KeptOffer>& piece,
                         const Reception& reception);
// What was fetched for one of them. Any error: the disk, or it does not hold.
absl::Status open_offer(Dialogue& dialogue, const KeptOffer& kept, const Reception& reception);

// Deletes what was fetched of it.
absl::Status discard(const KeptOffer& kept, const Reception& reception);

// While it is held nobody else receives into this folder, which is made where it is missing.
// FailedPrecondition: somebody does already.
absl::StatusOr<UniqueFd> lock_folder(const Path& out);

}  // namespace latchstring::requester
