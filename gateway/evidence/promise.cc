#include "gateway/evidence/promise.h"

namespace latchstring::evidence {

Promise promise_of(const wire::Receipt& receipt, Instant asked) {
  if (asked == Instant{}) return Promise::as_asked;
  if (receipt.delete_after == Instant{}) return Promise::missing;
  if (receipt.delete_after <= asked) return Promise::as_asked;
  return receipt.kept_longer_because.empty() ? Promise::another : Promise::longer;
}

}  // namespace latchstring::evidence
