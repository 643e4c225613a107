// Which folder the archive is. The index lies in the archive itself, so that an empty folder, as
// under a disk that is not mounted, looks like a house without footage. Therefore the folder has an
// id, in its file `archive-id`, which the state database remembers.
// Threads: loop. Limits: the file, kMarkBytesMax.
#pragma once

#include <absl/status/status.h>

#include <cstdint>
#include <string>

#include "gateway/base/files.h"
#include "gateway/store/store.h"

namespace latchstring::daemon {

inline constexpr std::uint64_t kMarkBytesMax = 64;

class ArchiveMark {
 public:
  // Where the database remembers none yet, it is this folder from now on.
  ArchiveMark(Path folder, store::Database& database);

  // Why this is not the archive that was recorded to before, and what to do; empty: it is. What was
  // wrong at the start stays so: a disk that is mounted later lies over files that are in use.
  std::string fault() const;
  // From now on it is this folder.
  absl::Status accept();

 private:
  std::string look() const;

  const Path folder_;
  store::Database& database_;
  std::string fault_at_start_;
};

}  // namespace latchstring::daemon
