#include "gateway/evidence/promise.h"

namespace latchstring::evidence {

Promise promise_of(const wire::Receipt& receipt, Instant asked) {
  if (asked == Instant{} || receipt.delete_after == asked) return Promise::as_asked;
  if (receipt.delete_after == Instant{}) return Promise::missing;
  const bool explained = receipt.delete_after > asked && !receipt.kept_longer_because.empty();
  return explained ? Promise::longer : Promise::another;
}

}  // namespace latchstring::evidence
