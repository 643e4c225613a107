// ensure(): a bug in this program aborts it, in release builds too. Bad input is never a bug: it is
// a Status.
#pragma once

namespace latchstring::base {

[[noreturn]] void ensure_failed(const char* condition, const char* file, int line) noexcept;

}  // namespace latchstring::base

#define ensure(condition)                                                    \
  ((condition) ? static_cast<void>(0)                                        \
               : ::latchstring::base::ensure_failed(#condition, __FILE__, __LINE__))
