// Evidence holds: copies of segments under the household's archive recipient, so that they outlive
// the day's key and the gateway itself cannot open them.
// Thread: chores, between Archive::plan_hold() and Archive::record_hold() on the loop.
#pragma once

#include <absl/status/statusor.h>

#include <optional>
#include <string>
#include <vector>

#include "gateway/archive/cutter.h"
#include "gateway/archive/day_keys.h"

namespace latchstring::archive {

struct HoldJob {
  std::string hold;  // [a-z2-7]{10}: of the request or release it is for
  Footage footage;
  crypto::age::Recipient household;
  Path segments;
  Path folder;  // of this hold
};

struct HeldFile {
  std::string segment;  // its id
  std::string file;     // name in the folder of the hold
  std::uint64_t size_bytes = 0;
  std::string sha256;  // of the plaintext, lower-case hex
};

struct HeldFiles {
  std::string hold;
  Path folder;
  std::vector<HeldFile> files;
};

// A hold that stands; `until` and the hashes are in its folder's hold.txt.
struct Hold {
  Instant until;
  std::uint64_t size_bytes = 0;
};

// Decrypts and encrypts each segment; all files are on disk when it returns. DataLoss: a segment is
// damaged, or its plaintext is not what the index says; nothing is held.
absl::StatusOr<HeldFiles> run_hold(const HoldJob& job, const DayKeys& keys);

// Writes hold.txt, last of all: a folder without it is an unfinished hold.
absl::StatusOr<Hold> finish_hold(const HeldFiles& held, Instant until);
// nullopt: unfinished.
absl::StatusOr<std::optional<Hold>> read_hold(const Path& folder);

absl::Status remove_hold(const Path& folder);
bool is_hold_name(std::string_view text);

}  // namespace latchstring::archive
