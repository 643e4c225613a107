// Offered files: what may be fetched, and which of its chunks were handed out.
// Threads: loop only.
#pragma once

#include <absl/status/statusor.h>

#include <string>
#include <string_view>
#include <vector>

#include "gateway/base/stages.h"
#include "gateway/store/store.h"
#include "gateway/wire/control.h"
#include "gateway/wire/topics.h"

namespace latchstring::state {

struct Transfer {
  std::string id;  // 128 random bits, base64url
  std::string request;
  int piece = 1;
  int part = 1;
  wire::Peer peer;      // to whom it was offered
  std::string officer;  // thumbprint
  std::string name;
  Path path;  // in the outbox
  std::uint64_t size = 0;
  std::uint64_t chunks = 0;
  std::string sha256;
  std::string merkle_root;
  Bytes sent;  // link::Bitmap
  bool revoked = false;
  bool offered = false;  // its piece is on offer now
  Instant expires;
};

class Transfers {
 public:
  explicit Transfers(store::Database& database) : database_(database) {}

  // Draws an id for each sealed file. In the transaction that commits the release.
  absl::Status add(const SealedClip& clip);
  absl::Status revoke(std::string_view request, int piece);
  // After the piece was delivered, expired or dropped.
  absl::Status remove(std::string_view request, int piece);
  absl::Status save_sent(std::string_view id, ByteView bitmap);

  // Revoked ones whose offer would have ended by now anyway: nobody is told of them any more.
  // The ids of those that were removed.
  absl::StatusOr<std::vector<std::string>> remove_ended(Instant now);

  // Ids for STATE, newest first, at most `limit` of each.
  struct Live {
    std::vector<std::string> offered;
    std::vector<std::string> revoked;
  };
  absl::StatusOr<Live> live(const wire::Peer& peer, std::string_view officer,
                            std::size_t limit) const;
  absl::StatusOr<std::vector<Transfer>> of_piece(std::string_view request, int piece) const;
  // On offer or revoked, of every request.
  absl::StatusOr<std::vector<Transfer>> all() const;

 private:
  store::Database& database_;
};

}  // namespace latchstring::state
