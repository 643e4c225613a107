// latchstring-worker: one redaction job in a process of its own. Started by latchstring and
// latchstringd only; there is nothing to configure and nothing to type.
#include <unistd.h>

#include <cstdio>

#include "gateway/base/status.h"
#include "gateway/media/codecs.h"
#include "gateway/redact/serve.h"

namespace latchstring::redact {
namespace {

absl::Status work() {
  LS_ASSIGN(worker::Channel channel, worker::open_channel());
  LS_RETURN_IF_ERROR(media::start_codecs());
  LS_RETURN_IF_ERROR(warm_up());
  LS_RETURN_IF_ERROR(worker::enter_sandbox());
  return serve(channel);
}

}  // namespace
}  // namespace latchstring::redact

int main(int count, char**) {
  if (count > 1) {
    std::fprintf(
        stderr,
        "latchstring-worker: error: started by latchstring and latchstringd only; there is "
        "nothing to type\n");
    return 2;
  }
  const absl::Status status = latchstring::redact::work();
  if (!status.ok()) {
    std::fprintf(stderr, "latchstring-worker: error: %s\n",
                 std::string(latchstring::message_of(status)).c_str());
  }
  // No destructors of libraries: they may want what the sandbox denies.
  ::_exit(status.ok() ? 0 : 1);
}
