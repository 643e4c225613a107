#include "gateway/crypto/secret.h"

#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "gateway/crypto/hkdf.h"
#include "gateway/crypto/password.h"
#include "gateway/crypto/wrap.h"
#include "tests/support/catch.h"

namespace latchstring::crypto {
namespace {

Secret secret_of(std::string_view text) {
  return Secret::copy_of(as_bytes(text));
}

TEST_CASE("secrets move, clone and compare") {
  Secret a = secret_of("pin 1234");
  const Secret b = a.clone();
  CHECK(equal_in_constant_time(a.view(), b.view()));
  CHECK(!equal_in_constant_time(a.view(), secret_of("pin 1235").view()));
  CHECK(!equal_in_constant_time(a.view(), secret_of("pin").view()));
  const Secret moved = std::move(a);
  CHECK(moved.size() == 8);
  CHECK(Secret(4).view()[3] == 0);
  CHECK(Secret().empty());
  CHECK(!equal_in_constant_time(Secret::random(32).view(), Secret::random(32).view()));
}

TEST_CASE("a hardened process leaves no core dump") {
  const pid_t child = ::fork();
  if (child == 0) {
    harden_process();
    rlimit limit{1, 1};
    const bool done = ::prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) == 0 &&
                      ::getrlimit(RLIMIT_CORE, &limit) == 0 && limit.rlim_max == 0;
    ::_exit(done ? 0 : 1);
  }
  int status = 1;
  REQUIRE(::waitpid(child, &status, 0) == child);
  CHECK(status == 0);
}

TEST_CASE("a wrapped secret opens with its key and its context only") {
  const Secret key = Secret::random(kWrapKeyBytes);
  const Secret secret = secret_of("thirty-two bytes are not needed");
  const Bytes wrapped = wrap(key, secret, "inbox");
  CHECK(wrapped.size() == secret.size() + kWrapOverhead);
  CHECK(equal_in_constant_time(unwrap(key, wrapped, "inbox")->view(), secret.view()));
  CHECK(absl::IsDataLoss(unwrap(key, wrapped, "ledger").status()));
  CHECK(absl::IsDataLoss(unwrap(Secret::random(kWrapKeyBytes), wrapped, "inbox").status()));
  CHECK(absl::IsDataLoss(unwrap(key, ByteView(wrapped).first(10), "inbox").status()));
  for (const std::size_t at : {std::size_t{0}, std::size_t{30}, wrapped.size() - 1}) {
    Bytes changed = wrapped;
    changed[at] ^= 1;
    CHECK(absl::IsDataLoss(unwrap(key, changed, "inbox").status()));
  }
  CHECK(wrap(key, secret, "inbox") != wrapped);
}

TEST_CASE("passwords are hashed with Argon2id and checked") {
  const auto hash = hash_password(secret_of("4711"));
  REQUIRE(hash.ok());
  CHECK(hash->starts_with("$argon2id$v=19$m=65536,t=3,p=1$"));
  CHECK(verify_password(*hash, secret_of("4711")));
  CHECK(!verify_password(*hash, secret_of("4712")));
  CHECK(!verify_password(*hash, Secret()));
  CHECK(!verify_password("", secret_of("4711")));
  CHECK(!verify_password("$argon2id$v=19$m=65536,t=3,p=1$", secret_of("4711")));
  CHECK(!verify_password(std::string(500, 'a'), secret_of("4711")));
  CHECK(*hash_password(secret_of("4711")) != *hash);
  CHECK(absl::IsInvalidArgument(hash_password(Secret()).status()));
  CHECK(absl::IsInvalidArgument(hash_password(Secret(kPasswordMax + 1)).status()));
}

TEST_CASE("a hash that asks for more work than ours is refused unworked") {
  CHECK(
      !verify_password("$argon2id$v=19$m=4194304,t=100,p=1$c2FsdHNhbHRzYWx0c2FsdA$"
                       "3qK2xqIWKuWFzd4Gg5Uc1EwPHJbTVRsLeqHrDZsNWYg",
                       secret_of("x")));
  CHECK(
      !verify_password("$argon2i$v=19$m=65536,t=3,p=1$c2FsdHNhbHRzYWx0c2FsdA$"
                       "3qK2xqIWKuWFzd4Gg5Uc1EwPHJbTVRsLeqHrDZsNWYg",
                       secret_of("x")));
}

TEST_CASE("a key from a password depends on password and salt") {
  const Bytes salt(kSaltBytes, 7);
  const auto key = key_from_password(secret_of("correct horse"), salt);
  CHECK(key->size() == 32);
  CHECK(equal_in_constant_time(key->view(),
                               key_from_password(secret_of("correct horse"), salt)->view()));
  CHECK(!equal_in_constant_time(
      key->view(), key_from_password(secret_of("correct horse"), Bytes(kSaltBytes, 8))->view()));
}

}  // namespace
}  // namespace latchstring::crypto
