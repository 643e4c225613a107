// Evidence holds: copies of segments under the household's archive recipient, so that they outlive
// the day's key and the gateway itself cannot open them.
// Thread: chores, between Archive::plan_hold() and Archive::record_hold() on the loop.
#pragma once

#include <absl/status/statusor.h>

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
  std::vector<HeldFile> files;
};

// Decrypts and encrypts each segment; all files are on disk when it returns. DataLoss: a segment is
// damaged, or its plaintext is not what the index says; nothing is held.
absl::StatusOr<HeldFiles> run_hold(const HoldJob& job, const DayKeys& keys);

}  // namespace latchstring::archive
