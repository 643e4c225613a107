#include "gateway/base/owner.h"

#include <sys/stat.h>
#include <unistd.h>

#include "gateway/base/status.h"

namespace latchstring {

absl::Status give_to_owner(const Path& path) {
  struct stat folder {};
  if (::geteuid() != 0 || ::stat(path.parent_path().c_str(), &folder) != 0) return absl::OkStatus();
  if (folder.st_uid == 0) return absl::OkStatus();
  if (::chown(path.c_str(), folder.st_uid, folder.st_gid) == 0) return absl::OkStatus();
  return errno_status(fmt::format("cannot give `{}` to the owner of its folder", path.string()));
}

}  // namespace latchstring
