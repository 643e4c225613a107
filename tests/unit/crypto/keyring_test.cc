#include "gateway/crypto/keyring.h"

#include <sys/stat.h>

#include <cstdlib>

#include "tests/support/catch.h"
#include "tests/support/temporary_folder.h"

namespace latchstring::crypto {
namespace {

Secret secret_of(std::string_view text) {
  return Secret::copy_of(as_bytes(text));
}

TEST_CASE("keys are kept over a restart, each under its name") {
  const test::TemporaryFolder folder;
  const Path path = folder.path() / "keys";
  std::string thumbprint;
  std::string recipient;
  {
    const auto ring = Keyring::open(path);
    REQUIRE(ring.ok());
    CHECK((*ring)->source() == KeySource::plain_file);
    CHECK((*ring)->names().empty());
    thumbprint = (*ring)->signing_key("gateway-signing")->verify_key().thumbprint();
    recipient = (*ring)->identity("inbox")->recipient().text();
    CHECK((*ring)->store("pin", secret_of("1234")).ok());
  }
  const auto ring = Keyring::open(path);
  REQUIRE(ring.ok());
  CHECK((*ring)->signing_key("gateway-signing")->verify_key().thumbprint() == thumbprint);
  CHECK((*ring)->identity("inbox")->recipient().text() == recipient);
  CHECK(as_text((*ring)->load("pin")->view()) == "1234");
  CHECK((*ring)->names() == std::vector<std::string>{"gateway-signing", "inbox", "pin"});
  CHECK(absl::IsNotFound((*ring)->load("none").status()));
  CHECK(absl::IsInvalidArgument((*ring)->load("../kek").status()));
  CHECK(absl::IsInvalidArgument((*ring)->store("A", secret_of("x"))));
  CHECK(absl::IsInvalidArgument((*ring)->destroy("")));
}

TEST_CASE("files are private and hold no plain secret") {
  const test::TemporaryFolder folder;
  const auto ring = Keyring::open(folder.path());
  REQUIRE((*ring)->store("a", secret_of("a plain secret in here")).ok());
  const std::string content = *read_file(folder.path() / "a.key", 1000);
  CHECK(content.find("plain secret") == std::string::npos);
  struct stat found {};
  for (const char* name : {"a.key", "kek", "check.key"}) {
    REQUIRE(::stat((folder.path() / name).c_str(), &found) == 0);
    CHECK((found.st_mode & 0777) == 0600);
  }
}

TEST_CASE("a file that was changed or exchanged is DataLoss") {
  const test::TemporaryFolder folder;
  const auto ring = Keyring::open(folder.path());
  REQUIRE((*ring)->store("a", secret_of("aaaa")).ok());
  REQUIRE((*ring)->store("b", secret_of("bbbb")).ok());
  std::filesystem::copy_file(folder.path() / "a.key", folder.path() / "b.key",
                             std::filesystem::copy_options::overwrite_existing);
  CHECK(absl::IsDataLoss((*ring)->load("b").status()));
  std::string content = *read_file(folder.path() / "a.key", 1000);
  content.back() = static_cast<char>(content.back() ^ 1);
  REQUIRE(write_file_durably(folder.path() / "a.key", content).ok());
  CHECK(absl::IsDataLoss((*ring)->load("a").status()));
  for (const std::string_view wrong : {"", "latchstring key 1\n", "latchstring key 2\nxxxxxxxx"}) {
    REQUIRE(write_file_durably(folder.path() / "a.key", wrong).ok());
    CHECK(absl::IsDataLoss((*ring)->load("a").status()));
    CHECK(absl::IsDataLoss((*ring)->signing_key("a").status()));  // never replaced by a new one
  }
}

TEST_CASE("a destroyed key is gone") {
  const test::TemporaryFolder folder;
  const auto ring = Keyring::open(folder.path());
  REQUIRE((*ring)->identity("day-2026-05-04").ok());
  REQUIRE((*ring)->destroy("day-2026-05-04").ok());
  CHECK(!std::filesystem::exists(folder.path() / "day-2026-05-04.key"));
  CHECK(absl::IsNotFound((*ring)->load("day-2026-05-04").status()));
  CHECK((*ring)->destroy("day-2026-05-04").ok());
  CHECK((*ring)->names().empty());
}

TEST_CASE("what a crash left half written goes at the next start") {
  const test::TemporaryFolder folder;
  REQUIRE(Keyring::open(folder.path()).ok());
  REQUIRE(write_file_durably(folder.path() / "inbox.key.new", "half").ok());
  REQUIRE(Keyring::open(folder.path()).ok());
  CHECK(!std::filesystem::exists(folder.path() / "inbox.key.new"));
}

TEST_CASE("another, an open or a missing key-encryption key is refused") {
  const test::TemporaryFolder folder;
  REQUIRE((*Keyring::open(folder.path()))->store("a", secret_of("aaaa")).ok());
  const Path kek = folder.path() / "kek";
  const std::string right = *read_file(kek, 32);
  REQUIRE(write_file_durably(kek, right, 0644).ok());
  CHECK(absl::IsFailedPrecondition(Keyring::open(folder.path()).status()));
  REQUIRE(write_file_durably(kek, std::string(32, 'x'), 0600).ok());
  CHECK(absl::IsFailedPrecondition(Keyring::open(folder.path()).status()));
  REQUIRE(write_file_durably(kek, "short", 0600).ok());
  CHECK(absl::IsFailedPrecondition(Keyring::open(folder.path()).status()));
  REQUIRE(remove_durably(kek).ok());
  CHECK(absl::IsFailedPrecondition(Keyring::open(folder.path()).status()));
  REQUIRE(write_file_durably(kek, right, 0600).ok());
  CHECK(as_text((*Keyring::open(folder.path()))->load("a")->view()) == "aaaa");
}

TEST_CASE("the key-encryption key comes from systemd where it gives one") {
  const test::TemporaryFolder folder;
  const Path credentials = folder.path() / "credentials";
  REQUIRE(make_folder(credentials).ok());
  REQUIRE(write_file_durably(credentials / "latchstring-kek", std::string(32, 'k'), 0400).ok());
  REQUIRE(::setenv("CREDENTIALS_DIRECTORY", credentials.c_str(), 1) == 0);
  const auto ring = Keyring::open(folder.path() / "keys");
  REQUIRE(::unsetenv("CREDENTIALS_DIRECTORY") == 0);
  REQUIRE(ring.ok());
  CHECK((*ring)->source() == KeySource::credential);
  CHECK(!std::filesystem::exists(folder.path() / "keys" / "kek"));
  // Without it no second key-encryption key is made up.
  CHECK(absl::IsFailedPrecondition(Keyring::open(folder.path() / "keys").status()));
}

TEST_CASE("a passphrase opens its keyring, another does not") {
  const test::TemporaryFolder folder;
  {
    const auto ring = Keyring::open_with_passphrase(folder.path(), secret_of("right words"));
    REQUIRE(ring.ok());
    CHECK((*ring)->source() == KeySource::passphrase);
    REQUIRE((*ring)->store("a", secret_of("aaaa")).ok());
  }
  const auto wrong = Keyring::open_with_passphrase(folder.path(), secret_of("wrong words"));
  CHECK(absl::IsPermissionDenied(wrong.status()));
  CHECK(absl::IsFailedPrecondition(Keyring::open(folder.path()).status()));
  const auto ring = Keyring::open_with_passphrase(folder.path(), secret_of("right words"));
  CHECK(as_text((*ring)->load("a")->view()) == "aaaa");
  const test::TemporaryFolder plain;
  REQUIRE(Keyring::open(plain.path()).ok());
  const auto late = Keyring::open_with_passphrase(plain.path(), secret_of("right words"));
  CHECK(absl::IsFailedPrecondition(late.status()));
}

}  // namespace
}  // namespace latchstring::crypto
