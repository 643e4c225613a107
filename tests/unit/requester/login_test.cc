#include "gateway/requester/login.h"

#include <sys/stat.h>
#include <unistd.h>

#include "tests/support/catch.h"
#include "tests/support/temporary_folder.h"

namespace latchstring::requester {
namespace {

constexpr std::string_view kUrl = "mqtts://broker.example";

crypto::Secret secret(std::string_view text) {
  return crypto::Secret::copy_of(as_bytes(text));
}

std::string password_at(const Path& folder, std::string_view url) {
  const auto login = login_at(folder, url);
  return login.ok() ? login->user + " " + std::string(as_text(login->password.view())) : "";
}

TEST_CASE("a login is kept for its broker, and for no other user of the computer") {
  const test::TemporaryFolder folder;
  REQUIRE(keep_login(folder.path(), kUrl, "riverpd234", secret("first one")).ok());
  CHECK(password_at(folder.path(), "mqtts://broker.example:8883") == "riverpd234 first one");
  CHECK(absl::IsFailedPrecondition(login_at(folder.path(), "mqtts://other.example").status()));
  REQUIRE(keep_login(folder.path(), kUrl, "riverpd234", secret("second")).ok());
  CHECK(password_at(folder.path(), kUrl) == "riverpd234 second");

  const Path file = folder.path() / "logins/broker.example_8883";
  struct stat found {};
  REQUIRE(::stat(file.c_str(), &found) == 0);
  CHECK((found.st_mode & 0777) == 0600);
  REQUIRE(::chmod(file.c_str(), 0640) == 0);
  CHECK(absl::IsFailedPrecondition(login_at(folder.path(), kUrl).status()));
}

TEST_CASE("what is not a login is not kept, or said to be damaged") {
  const test::TemporaryFolder folder;
  const auto keep = [&](std::string_view url, std::string_view user, std::string_view word) {
    return keep_login(folder.path(), url, user, secret(word));
  };
  CHECK(absl::IsInvalidArgument(keep("https://broker.example", "r", "s")));
  CHECK(absl::IsFailedPrecondition(keep("wss://broker.example/mqtt", "r", "s")));
  CHECK(absl::IsInvalidArgument(keep("mqtts://../../x", "r", "s")));
  CHECK(absl::IsInvalidArgument(keep(kUrl, "", "s")));
  CHECK(absl::IsInvalidArgument(keep(kUrl, "a\nb", "s")));
  CHECK(absl::IsInvalidArgument(keep(kUrl, "r", "")));
  CHECK(absl::IsInvalidArgument(keep(kUrl, "r", "two\nlines")));
  CHECK(absl::IsInvalidArgument(keep(kUrl, "r", std::string(kLoginSecretMax + 1, 's'))));

  REQUIRE(keep(kUrl, "r", "s").ok());
  const Path file = folder.path() / "logins/broker.example_8883";
  for (const char* content : {"", "r", "r\n", "\nsecret"}) {
    REQUIRE(write_file_durably(file, content, 0600).ok());
    CHECK(absl::IsDataLoss(login_at(folder.path(), kUrl).status()));
  }
}

TEST_CASE("a secret is one line of a descriptor, and the rest is left there") {
  int ends[2];
  REQUIRE(::pipe(ends) == 0);
  const UniqueFd reading(ends[0]);
  UniqueFd writing(ends[1]);
  REQUIRE(write_all(writing.get(), as_bytes("one\ntwo")).ok());
  writing.reset();
  CHECK(as_text(read_secret_line(reading.get())->view()) == "one");
  CHECK(as_text(read_secret_line(reading.get())->view()) == "two");
  CHECK(read_secret_line(reading.get())->empty());
  CHECK(!read_secret_line(-1).ok());
}

}  // namespace
}  // namespace latchstring::requester
