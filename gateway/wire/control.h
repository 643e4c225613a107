// Control messages (typ ls-ctl+jwt): {cmd, seq, ...}, signed, sealed with age to the peer, padded
// to a multiple of kControlPad. Repeated until the peer's application acknowledges them (ACK names
// the seq), deduplicated by (signer, device, seq). GET and DATA are not control messages: see
// data.h.
#pragma once

#include <absl/status/statusor.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "gateway/base/bytes.h"
#include "gateway/wire/objects.h"

namespace latchstring::wire {

inline constexpr std::size_t kControlPad = 1024;
inline constexpr std::size_t kMessageMax = 61'440;  // any MQTT payload, sealed and padded

inline constexpr std::size_t kTransfersMax = 256;       // listed in STATE or REVOKE
inline constexpr std::size_t kLeafTextMax = 8 * 1024;   // bytes of the leaf in an OFFER
inline constexpr std::size_t kProofTextMax = 4 * 1024;  // bytes of the proof in an OFFER

// Requester to gateway, after each connect: shows which officer a device is.
struct Hello {
  std::string credential;  // compact JWS
  std::vector<int> versions;
  std::uint64_t tree_size = 0;  // of the oldest checkpoint it holds; 0: none
  // The topic's: signed, so that nobody says it from another device.
  std::string device;
};

// Gateway to requester: what is live, in answer to HELLO.
struct State {
  std::vector<std::string> offers;       // transfer ids
  std::vector<std::string> revoked;      // transfer ids
  std::string checkpoint;                // the daily one; may be empty
  std::vector<std::string> consistency;  // hex hashes, from Hello::tree_size
};

// One transfer per sealed file.
struct Offer {
  struct Transfer {
    std::string id;  // 128 random bits, base64url: the capability for GET
    std::uint64_t size = 0;
    std::uint64_t chunks = 0;
    std::string sha256;
    std::string merkle_root;
  };
  std::string request_id;  // or the gift's id
  int piece = 1;
  int part = 1;
  std::vector<Transfer> transfers;  // in the order of the delivery's files
  Instant expires;
  std::string delivery;      // compact JWS
  std::string leaf;          // its ledger leaf, one JSON line
  std::string ledger_proof;  // C2SP tlog-proof: index, inclusion proof, checkpoint
};

struct Done {           // requester: all is here and verified
  std::string receipt;  // compact JWS
};

struct ReceiptTaken {  // gateway: the receipt is stored, the outbox copy goes
  std::string delivery_sha256;
};

struct Revoke {  // gateway: this is taken back
  std::vector<std::string> transfers;
};

struct Resend {  // gateway: these were never marked sent; GET them again
  std::string transfer;
  std::uint64_t base = 0;
  std::uint64_t bitmap = 0;
};

struct Notice {          // gateway: a Decision object
  std::string decision;  // compact JWS
};

struct Cancel {  // requester: no longer wanted
  std::string request_id;
};

struct Ack {
  std::uint64_t acked = 0;  // the seq that is acknowledged
};

using Command =
    std::variant<Hello, State, Offer, Done, ReceiptTaken, Revoke, Resend, Notice, Cancel, Ack>;

struct Control {
  Common common;
  std::uint64_t seq = 0;  // per signer and device, rising
  Command command;
};

std::string encode(const Control& control);
absl::StatusOr<Control> decode_control(std::string_view payload);

}  // namespace latchstring::wire
