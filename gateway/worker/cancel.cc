#include "gateway/worker/cancel.h"

#include <poll.h>
#include <sys/eventfd.h>

#include "gateway/base/ensure.h"

namespace latchstring::worker {

Cancel::Cancel() : event_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  ensure(event_.valid());
}

void Cancel::request() const {
  // Fails only when the counter is full, which is as readable as it gets.
  const eventfd_t one = 1;
  static_cast<void>(::eventfd_write(event_.get(), one));
}

bool Cancel::requested() const {
  pollfd wait{event_.get(), POLLIN, 0};
  return ::poll(&wait, 1, 0) > 0;
}

}  // namespace latchstring::worker
