#include "gateway/cli/save.h"

#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <unistd.h>

#include "gateway/base/status.h"
#include "gateway/cli/format.h"

namespace latchstring::cli {
namespace {

char part_name[PATH_MAX];  // what a signal handler may read

// Ctrl-C while it lives leaves no part of a file behind. One at a time.
class RemovedOnInterrupt {
 public:
  explicit RemovedOnInterrupt(const Path& part) {
    if (part.native().size() >= sizeof part_name) return;
    part.native().copy(part_name, part.native().size());
    set(remove_and_end);
  }
  RemovedOnInterrupt(const RemovedOnInterrupt&) = delete;
  RemovedOnInterrupt& operator=(const RemovedOnInterrupt&) = delete;
  ~RemovedOnInterrupt() {
    set(SIG_DFL);
    part_name[0] = '\0';
  }

 private:
  static void set(void (*handler)(int)) {
    for (const int signal : {SIGINT, SIGTERM, SIGHUP}) ::signal(signal, handler);
  }
  static void remove_and_end(int signal) {
    ::unlink(part_name);
    ::signal(signal, SIG_DFL);
    ::raise(signal);
  }
};

absl::StatusOr<Saved> to_standard_output(const Session& session, control::Call call) {
  Saved saved;
  saved.answer = session.call(std::move(call), [&](ByteView bytes) {
    saved.bytes += bytes.size();
    return write_all(STDOUT_FILENO, bytes);
  });
  return saved;
}

}  // namespace

absl::StatusOr<Saved> save_file(const Session& session, control::Call call,
                                const std::string& out) {
  if (out == "-") return to_standard_output(session, std::move(call));
  std::error_code ignored;
  if (std::filesystem::exists(out, ignored)) return not_now("`{}` is there already", out);
  const Path part = out + ".part";
  LS_ASSIGN(UniqueFd fd, open_file(part, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
  const RemovedOnInterrupt guard(part);
  Saved saved;
  saved.answer = session.call(std::move(call), [&](ByteView bytes) {
    saved.bytes += bytes.size();
    return write_all(fd.get(), bytes);
  });
  absl::Status written;
  if (saved.answer.status.ok() && ::fsync(fd.get()) != 0)
    written = errno_status(fmt::format("cannot write `{}`", out));
  if (!saved.answer.status.ok() || !written.ok()) {
    std::filesystem::remove(part, ignored);
    if (!written.ok()) return written;
    return saved;
  }
  if (::rename(part.c_str(), out.c_str()) != 0)
    return errno_status(fmt::format("cannot write `{}`", out));
  LS_RETURN_IF_ERROR(sync_folder(Path(out).parent_path()));
  return saved;
}

absl::Status reload(const Session& session) {
  const control::Answer answer = session.call(call_of("policy.reload"));
  LS_RETURN_IF_ERROR(answer.status);
  return taken_by_daemon(answer.result);
}

absl::Status taken_by_daemon(const json::Value& reloaded) {
  for (const std::string_view file : {"config", "rules"}) {
    const json::Value* result = member(reloaded, file);
    if (result == nullptr || flag(*result, "ok")) continue;
    return not_now("the daemon does not take the {}: {}",
                   file == "config" ? "configuration" : "rules", text(*result, "fault"));
  }
  return absl::OkStatus();
}

}  // namespace latchstring::cli
