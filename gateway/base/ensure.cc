#include "gateway/base/ensure.h"

#include <cstdio>
#include <cstdlib>

namespace latchstring::base {

void ensure_failed(const char* condition, const char* file, int line) noexcept {
  std::fprintf(stderr, "latchstring: bug: `%s` does not hold at %s:%d\n", condition, file, line);
  std::abort();
}

}  // namespace latchstring::base
