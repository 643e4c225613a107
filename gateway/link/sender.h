// Sender: the gateway's end of the transfers. Answers each GET; holds a file's last index back
// until its own bitmaps, on disk, show all else of all files of that piece as sent, so that of a
// release that is taken back no file can be opened, whatever the requester claims to have. Pure: no
// I/O, no clock; the caller passes the time and performs the answer. Threads: loop only. The owner:
// serves the chunks (GatewayLink::send_data), calls mark_sent() for what was published, stores
// changed bitmaps at least every second, and before it hands over a last index
// (Serve::store_first). A crash may lose bits, never invent them.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "gateway/base/time.h"
#include "gateway/link/bitmap.h"
#include "gateway/wire/control.h"
#include "gateway/wire/data.h"
#include "gateway/wire/topics.h"

namespace latchstring::link {

// At most one RESEND or REVOKE per transfer in this time, unless it says something new: each costs
// a signature.
inline constexpr Duration kAnswerEvery = std::chrono::seconds{1};

enum class Mode : std::uint8_t {
  live,
  suspended,  // pause, broken policy, lost clock: GETs go unanswered, nothing is deleted
  revoked,    // answered with REVOKE
};

class Sender {
 public:
  struct Nothing {};
  struct Serve {
    std::vector<std::uint64_t> indices;         // transfer indices, in this order
    std::vector<wire::TransferId> store_first;  // store sent_of() these before handing them over
  };
  struct Resend {
    wire::TransferId transfer{};  // of the piece; the one that was asked for, if that lacks any
    std::uint64_t base = 0;
    std::uint64_t bitmap = 0;
    friend bool operator==(const Resend&, const Resend&) = default;
  };
  struct Revoked {};
  using Answer = std::variant<Nothing, Serve, Resend, Revoked>;

  // `piece`: the same for all files that are released together. `sent`: the stored bitmap, or
  // Bitmap(chunks) for a new offer.
  void add(const wire::TransferId& id, const std::string& piece, const wire::Peer& peer,
           Bitmap sent, Instant expires, Mode mode = Mode::live);
  void set_mode(const wire::TransferId& id, Mode mode);
  void remove(const wire::TransferId& id);

  // Unknown ids, another peer than the one it was offered to, expired transfers: Nothing.
  Answer on_get(const wire::Peer& peer, const wire::Get& get, Instant now);

  // These were handed to the broker.
  void mark_sent(const wire::TransferId& id, const std::vector<std::uint64_t>& indices);

  // Transfers whose bitmap is not on disk as it is; the owner stores each, then says so. Until it
  // did, a last index asks for it again (store_first).
  std::vector<wire::TransferId> changed() const;
  void stored(const wire::TransferId& id);
  const Bitmap* sent_of(const wire::TransferId& id) const;

 private:
  struct Transfer {
    std::string piece;
    wire::Peer peer;
    Bitmap sent;
    Instant expires;
    Mode mode = Mode::live;
    bool changed = false;
    Instant answered;  // the last Resend or Revoked
    Resend last_resend;
  };
  Answer serve(Transfer& transfer, const wire::Get& get, Instant now) const;
  std::optional<Resend> missing(const Transfer& transfer, const wire::TransferId& id) const;
  std::vector<wire::TransferId> unstored(const std::string& piece) const;
  static Answer ask_again(Transfer& transfer, const Resend& resend, Instant now);

  std::map<wire::TransferId, Transfer> transfers_;
};

}  // namespace latchstring::link
