// A wish to stop that can be waited for together with a socket.
// Threads: request() from any; the one who works looks.
#pragma once

#include "gateway/base/files.h"

namespace latchstring::worker {

class Cancel {
 public:
  Cancel();
  Cancel(const Cancel&) = delete;
  Cancel& operator=(const Cancel&) = delete;

  void request() const;
  bool requested() const;
  int fd() const { return event_.get(); }  // readable once requested

 private:
  const UniqueFd event_;
};

}  // namespace latchstring::worker
