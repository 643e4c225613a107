// Secrets: locked memory that is wiped when it goes, never a std::string.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "gateway/base/bytes.h"

namespace latchstring::crypto {

// Must run before anything else of this module; aborts when libsodium cannot start. Idempotent.
void start();

// For programs that hold keys, first thing in main: no core dumps, no ptrace by others
// (PR_SET_DUMPABLE, RLIMIT_CORE).
void harden_process();

// A fixed number of bytes from sodium_malloc(3): guard pages, locked, kept out of core dumps. Small
// ones (keys) are wiped and kept for the next one of their size: each costs several system calls,
// and a message needs a dozen.
inline constexpr std::size_t kKeptSecretBytesMax = 64;
inline constexpr std::size_t kKeptSecretsMax = 32;  // of each size

class Secret {
 public:
  Secret() = default;
  explicit Secret(std::size_t size);      // zero bytes
  static Secret copy_of(ByteView bytes);  // wiping the source is the caller's duty
  static Secret random(std::size_t size);
  Secret(Secret&&) noexcept = default;
  Secret& operator=(Secret&&) noexcept = default;

  std::size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  std::span<std::uint8_t> bytes() { return {memory_.get(), size_}; }
  ByteView view() const { return {memory_.get(), size_}; }
  Secret clone() const { return copy_of(view()); }

 private:
  struct Free {
    explicit Free(std::size_t its_size) : size(its_size) {}
    Free() : size(0) {}
    void operator()(std::uint8_t* memory) const;
    std::size_t size;
  };
  std::unique_ptr<std::uint8_t[], Free> memory_;
  std::size_t size_ = 0;
};

// Constant time in the content. False when the sizes differ.
bool equal_in_constant_time(ByteView a, ByteView b);
void wipe(std::span<std::uint8_t> bytes);

}  // namespace latchstring::crypto
