// Whether a receipt promises the deletion that the manifest asks for.
#pragma once

#include <cstdint>

#include "gateway/wire/release_objects.h"

namespace latchstring::evidence {

enum class Promise : std::uint8_t {
  as_asked,  // the time asked for or an earlier one; or none was asked
  missing,   // no time
  another,   // a later time, and no reason for it
  longer,    // a later time, and the reason stands in the receipt
};

// `asked`: of the manifest; Instant{}: nothing was asked.
Promise promise_of(const wire::Receipt& receipt, Instant asked);

}  // namespace latchstring::evidence
