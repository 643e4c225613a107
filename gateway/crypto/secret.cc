#include "gateway/crypto/secret.h"

#include <sodium.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include <algorithm>
#include <array>
#include <mutex>
#include <vector>

#include "gateway/base/ensure.h"

namespace latchstring::crypto {
namespace {

// Wiped memory by its size, for any thread.
class Kept {
 public:
  std::uint8_t* take(std::size_t size) {
    if (size > kKeptSecretBytesMax) return nullptr;
    const std::lock_guard lock(mutex_);
    std::vector<std::uint8_t*>& list = by_size_[size];
    if (list.empty()) return nullptr;
    std::uint8_t* memory = list.back();
    list.pop_back();
    return memory;
  }
  // False: it is to be freed.
  bool keep(std::uint8_t* memory, std::size_t size) {
    if (size > kKeptSecretBytesMax) return false;
    const std::lock_guard lock(mutex_);
    std::vector<std::uint8_t*>& list = by_size_[size];
    if (list.size() == kKeptSecretsMax) return false;
    sodium_memzero(memory, size);
    list.push_back(memory);
    return true;
  }

 private:
  std::mutex mutex_;
  std::array<std::vector<std::uint8_t*>, kKeptSecretBytesMax + 1> by_size_;
};

// Never destroyed: secrets of other static objects may outlive it.
Kept& kept() {
  static Kept& all = *new Kept;
  return all;
}

}  // namespace

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
  std::uint8_t* memory = kept().take(size);
  if (memory == nullptr) memory = static_cast<std::uint8_t*>(sodium_malloc(size));
  ensure(memory != nullptr);
  memory_ = {memory, Free(size)};
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
  if (!kept().keep(memory, size)) sodium_free(memory);
}

bool equal_in_constant_time(ByteView a, ByteView b) {
  return a.size() == b.size() && (a.empty() || sodium_memcmp(a.data(), b.data(), a.size()) == 0);
}

void wipe(std::span<std::uint8_t> bytes) {
  sodium_memzero(bytes.data(), bytes.size());
}

}  // namespace latchstring::crypto
