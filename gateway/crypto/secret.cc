#include "gateway/crypto/secret.h"

#include <sodium.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include <algorithm>

#include "gateway/base/ensure.h"

namespace latchstring::crypto {

void start() {
  static const bool started = sodium_init() >= 0;
  ensure(started);
}

void harden_process() {
  const rlimit none{0, 0};
  ensure(::setrlimit(RLIMIT_CORE, &none) == 0);
  ensure(::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == 0);
}

Secret::Secret(std::size_t size) : size_(size) {
  start();
  if (size == 0) return;
  memory_.reset(static_cast<std::uint8_t*>(sodium_malloc(size)));
  ensure(memory_ != nullptr);
  sodium_memzero(memory_.get(), size);
}

Secret Secret::copy_of(ByteView bytes) {
  Secret secret(bytes.size());
  std::copy(bytes.begin(), bytes.end(), secret.bytes().begin());
  return secret;
}

Secret Secret::random(std::size_t size) {
  Secret secret(size);
  randombytes_buf(secret.memory_.get(), size);
  return secret;
}

void Secret::Free::operator()(std::uint8_t* memory) const {
  sodium_free(memory);
}

bool equal_in_constant_time(ByteView a, ByteView b) {
  return a.size() == b.size() && (a.empty() || sodium_memcmp(a.data(), b.data(), a.size()) == 0);
}

void wipe(std::span<std::uint8_t> bytes) {
  sodium_memzero(bytes.data(), bytes.size());
}

}  // namespace latchstring::crypto
