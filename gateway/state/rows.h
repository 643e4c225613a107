// Requests as rows: reading and writing them. Private to the module; the docket is its face.
#pragma once

#include <absl/status/statusor.h>

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/release/release.h"
#include "gateway/store/store.h"
#include "gateway/trust/trust.h"
#include "gateway/wire/topics.h"

namespace latchstring::state {

// What is kept of a request besides its life: who sent it, how, and its own bytes.
struct Origin {
  wire::Peer peer;
  std::vector<std::string> recipients;  // age1..., the officer's
  std::string compact;                  // the request's JWS
  std::string sha256;                   // of it
  std::string credential;
  std::string officer;  // thumbprint
  std::string case_number;
  std::string title;
  std::string description;
  std::string contact;
  std::string decision_leaf;   // SHA-256 of the ledger leaf of the decision
  bool dates_pending = false;  // it came while the clock was not known to be right
};

struct StoredRequest {
  release::State state;
  Origin origin;
};

absl::Status insert_request(store::Database& database, const StoredRequest& request);
absl::StatusOr<StoredRequest> load_request(store::Database& database, std::string_view id);
// What a step may change: phase, terms, pieces, answers.
absl::Status save_state(store::Database& database, const release::State& state);
absl::Status save_decision_leaf(store::Database& database, std::string_view id,
                                std::string_view sha256);

// Who came for a gift.
absl::Status save_addressee(store::Database& database, std::string_view id, const Origin& origin,
                            std::string_view badge);
// Agreed, and neither offered nor over.
absl::StatusOr<std::vector<std::string>> unmade_gift_ids(store::Database& database,
                                                         std::string_view agency);

// Not judged; or with a piece that is to be made for somebody who is known, or that waits and got a
// yes.
absl::StatusOr<std::vector<std::string>> unfinished_request_ids(store::Database& database);
// Everything that is not over: not ended, or not yet `closed`, or with an offer outstanding.
absl::StatusOr<std::vector<std::string>> open_request_ids(store::Database& database);
// Of those, the ones of which some term is over at `now`.
absl::StatusOr<std::vector<std::string>> due_request_ids(store::Database& database, Instant now);
// With a piece on offer.
absl::StatusOr<std::vector<std::string>> offering_request_ids(store::Database& database);
// The number under which the next piece of it leaves: 1, 2, ... in the order of their commits, so
// that a gap tells nobody of a piece that was not given.
absl::StatusOr<int> next_clip_of(store::Database& database, std::string_view request);
// piece -> that number, of all that left.
absl::StatusOr<std::map<int, int>> clips_of(store::Database& database, std::string_view request);
absl::StatusOr<std::vector<std::string>> newest_request_ids(store::Database& database,
                                                            std::size_t limit);
struct KeptReceipt {
  int part = 1;
  std::string jws;
  Instant asked;  // by when the manifest asks for deletion; Instant{}: it does not
};
// Those of each piece.
absl::StatusOr<std::multimap<int, KeptReceipt>> receipts_of(store::Database& database,
                                                            std::string_view request);
// Of whoever goes: somebody who comes under their name has not said it.
absl::Status forget_yes_of(store::Database& database, std::string_view resident);
// Of this agency, not counting `except`: what it sees waiting, whatever became of it at home, so
// that the limit tells nothing of what was judged. What was released or cancelled waits no more.
absl::StatusOr<int> count_open_of(store::Database& database, std::string_view agency,
                                  std::string_view except);

// Of this agency, taken within that time.
absl::StatusOr<int> count_received_in(store::Database& database, std::string_view agency,
                                      const Interval& time);

struct Given {
  int clips = 0;
  Duration time{0};
};
// What was committed to an agency since `since`, not counting this request's own pieces.
absl::StatusOr<Given> given_since(store::Database& database, std::string_view agency, Instant since,
                                  std::string_view except);
// What this request's own pieces were committed to since then, by camera.
absl::StatusOr<std::map<std::string, Given>> given_by_camera(store::Database& database,
                                                             std::string_view request,
                                                             Instant since);

std::int64_t to_micros(Instant instant);
Instant from_micros(std::int64_t micros);
std::string join_lines(const std::vector<std::string>& list);
std::vector<std::string> split_lines(std::string_view text);

}  // namespace latchstring::state
