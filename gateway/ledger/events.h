// What the ledger records, one type per event. A leaf holds times, states, hashes and salts only:
// names, words and reasons go into a detail record, which can be deleted and leaves a salted
// commitment in the leaf. Members of each leaf: docs/ref/ledger.md.
//
// Hashes are lower-case hex SHA-256 (64 characters) or empty where the event has none; states are
// words of [a-z_]. Anything else is InvalidArgument, and nothing is appended.
#pragma once

#include <cstdint>
#include <string>
#include <variant>

#include "gateway/base/time.h"

namespace latchstring::ledger {

struct Start {
  bool clock_right = false;
};
struct Stop {};
struct CameraChange {
  std::string change;  // added, changed, removed
  std::string config_sha256;
};
struct PolicyChange {
  std::string change;  // accepted, broken, applied_now, paused, resumed
  std::string policy_sha256;
};
struct TrustChange {
  std::string change;      // agency_added, resident_removed, pin_set, ...
  std::string key_sha256;  // of the public key's bytes, where there is one
};
// Every state a request enters that somebody outside could be told: received, closed, ...
struct Request {
  std::string request_sha256;
  std::string state;
};
struct Decision {
  std::string request_sha256;
  std::string outcome;  // refuse, ask_all, ask_one, automatic
  std::string policy_sha256;
};
struct Approval {
  std::string request_sha256;
  std::string answer;  // yes, no, override, timed_out
};
struct Hold {
  std::string request_sha256;  // empty: made by the household
  std::string change;          // made, let_go, no_room
};
// The one leaf that a requester sees. Under which rules is for the household: in the detail record.
struct ReleaseCommit {
  std::string request_sha256;  // empty for a gift
  int piece = 1;
  std::string delivery_sha256;  // empty for a gift in a file
  std::string manifest_sha256;
};
struct Done {
  std::string request_sha256;
  int piece = 1;
  std::string delivery_sha256;
  std::string receipt_sha256;
};
struct Abort {
  std::string request_sha256;
  int piece = 1;       // 0: the whole request
  std::string reason;  // no_footage, redaction_failed, lapsed, ...
};
struct Revoke {
  std::string request_sha256;
  int piece = 1;  // 0: the whole request
  std::string delivery_sha256;
};
// RFC 6962 root over the SHA-256 of the plaintexts of the hour's segments.
struct SegmentRoot {
  Interval hour;
  std::uint64_t segments = 0;
  std::string root;
};
// Messages that did not verify, counted per hour so that strangers cannot fill the ledger.
struct Unverified {
  Interval hour;
  std::uint64_t malformed = 0;
  std::uint64_t denied = 0;
};
struct Shred {
  std::string what;  // day, missing, released, request_details
  Interval span;
};
struct ClockJump {
  std::int64_t by_ms = 0;
};
struct Heartbeat {};
struct Filler {};  // so that a tree's size tells nothing

using Event = std::variant<Start, Stop, CameraChange, PolicyChange, TrustChange, Request, Decision,
                           Approval, Hold, ReleaseCommit, Done, Abort, Revoke, SegmentRoot,
                           Unverified, Shred, ClockJump, Heartbeat, Filler>;

struct Entry {
  Instant at;
  Event event;
  std::string about;   // request or gift id, for show and prove; not in the leaf
  std::string detail;  // text of the deletable record; empty: none
};

}  // namespace latchstring::ledger
