#include "gateway/requester/officer.h"

#include <sys/stat.h>

#include "gateway/base/status.h"
#include "gateway/crypto/jws.h"
#include "gateway/requester/agency.h"
#include "gateway/requester/commands.h"
#include "tests/support/catch.h"
#include "tests/support/temporary_folder.h"

namespace latchstring::requester {
namespace {

const Instant kNow = *from_rfc3339("2026-05-05T10:00:00Z");

struct Desk {
  Desk() {
    REQUIRE(init_officer(officer).ok());
    agency = *Agency::init(folder.path() / "agency", "River Police", kNow);
  }
  std::string paper(const Path& of, Instant now = kNow) {
    const Public pub = *decode_public(*read_file(public_file(of), kPaperMax));
    REQUIRE(agency->issue(pub, "4711", 30, now, keep()).ok());
    return handed_over;
  }
  Agency::HandOver keep() {
    return [this](std::string_view text) {
      handed_over = text;
      return absl::OkStatus();
    };
  }

  const test::TemporaryFolder folder;
  const Path officer = folder.path() / "officer";
  std::unique_ptr<Agency> agency;
  std::string handed_over;
};

TEST_CASE("age itself takes the identity file, and only its owner") {
  Desk desk;
  const Path file = desk.officer / "identity.txt";
  struct stat found {};
  REQUIRE(::stat(file.c_str(), &found) == 0);
  CHECK((found.st_mode & 0777) == 0600);
  const std::string command =
      "age-keygen -y " + file.string() + " > " + (desk.folder.path() / "r").string();
  REQUIRE(std::system(command.c_str()) == 0);
  const std::string recipient = *read_file(desk.folder.path() / "r", 1000);
  const Public pub = *decode_public(*read_file(public_file(desk.officer), kPaperMax));
  CHECK(recipient == pub.recipients[0] + "\n");
}

TEST_CASE("an officer is complete with a credential that is in date") {
  Desk desk;
  CHECK(absl::IsNotFound(open_officer(desk.folder.path(), kNow).status()));
  CHECK(absl::IsFailedPrecondition(open_officer(desk.officer, kNow).status()));
  REQUIRE(update_credentials(desk.officer, desk.paper(desk.officer)).ok());
  const auto officer = open_officer(desk.officer, kNow);
  REQUIRE(officer.ok());
  CHECK(officer->credential.sub == "4711");
  CHECK(absl::IsFailedPrecondition(
      open_officer(desk.officer, kNow + std::chrono::days{31}).status()));
  CHECK(
      absl::IsFailedPrecondition(open_officer(desk.officer, kNow - std::chrono::days{1}).status()));
  CHECK(absl::IsFailedPrecondition(init_officer(desk.officer)));
}

TEST_CASE("a damaged key file is named, and what to do is said") {
  Desk desk;
  REQUIRE(update_credentials(desk.officer, desk.paper(desk.officer)).ok());
  for (const char* name : {"signing.key", "identity.txt"}) {
    const Path file = desk.officer / name;
    const std::string good = *read_file(file, 4096);
    for (const std::string& bad : {std::string(), good.substr(0, good.size() - 5)}) {
      REQUIRE(write_file_durably(file, bad, 0600).ok());
      const absl::Status status = open_officer(desk.officer, kNow).status();
      INFO(status);
      CHECK(absl::IsDataLoss(status));
      CHECK(message_of(status).find(fmt::format("`{}` is damaged", file.string())) == 0);
      CHECK(hint_for(status).find("from a copy of the officer's folder") != std::string::npos);
    }
    REQUIRE(remove_durably(file).ok());
    CHECK(!hint_for(open_officer(desk.officer, kNow).status()).empty());
    REQUIRE(write_file_durably(file, good, 0600).ok());
  }
  CHECK(open_officer(desk.officer, kNow).ok());
}

TEST_CASE("keys of two officers in one folder are refused in words") {
  Desk desk;
  REQUIRE(update_credentials(desk.officer, desk.paper(desk.officer)).ok());
  const Path other = desk.folder.path() / "other";
  REQUIRE(init_officer(other).ok());
  for (const auto& [name, words] :
       {std::pair{"signing.key", "the credential is for another officer's key than `signing.key`"},
        {"identity.txt", "`identity.txt` is another officer's key"}}) {
    const std::string mine = *read_file(desk.officer / name, 4096);
    REQUIRE(write_file_durably(desk.officer / name, *read_file(other / name, 4096), 0600).ok());
    const absl::Status status = open_officer(desk.officer, kNow).status();
    CHECK(absl::IsFailedPrecondition(status));
    CHECK(message_of(status).find(words) != std::string_view::npos);
    CHECK(!hint_for(status).empty());
    REQUIRE(write_file_durably(desk.officer / name, mine, 0600).ok());
  }
  CHECK(open_officer(desk.officer, kNow).ok());
}

TEST_CASE("papers of others, older ones and damaged ones are refused") {
  Desk desk;
  const Path other = desk.folder.path() / "other";
  REQUIRE(init_officer(other).ok());
  CHECK(absl::IsFailedPrecondition(update_credentials(desk.officer, desk.paper(other))));
  const std::string good = desk.paper(desk.officer);
  for (const std::string& bad : {std::string("{}"), good.substr(1), std::string(), good + "x",
                                 std::string(kPaperMax + 1, ' ')}) {
    CHECK(!update_credentials(desk.officer, bad).ok());
  }
  const std::string newer = desk.paper(desk.officer, kNow + std::chrono::days{20});
  REQUIRE(update_credentials(desk.officer, newer).ok());
  CHECK(absl::IsFailedPrecondition(update_credentials(desk.officer, good)));
}

TEST_CASE("a hint sends nobody where the fault is not") {
  const absl::Status unknown = data_loss(
      "ticket `t`: the gateway speaks no version that this program knows; install a newer one");
  CHECK(hint_for(unknown).empty());
  const absl::Status other_house = unavailable("broker `b`: no TLS connection: its certificate");
  CHECK(hint_for(other_house).find("the ticket may be of another house") == 0);
  CHECK(hint_for(unavailable("cannot connect")).find("is the household's broker reachable") == 0);
}

TEST_CASE("a newer revocation list replaces the older one, of the same agency only") {
  Desk desk;
  REQUIRE(update_credentials(desk.officer, desk.paper(desk.officer)).ok());
  const Path other = desk.folder.path() / "other";
  REQUIRE(init_officer(other).ok());
  const std::string paper = desk.paper(other);
  REQUIRE(update_credentials(other, paper).ok());
  const auto theirs = read_credential(*decode_credentials(paper));
  REQUIRE(desk.agency->revoke(theirs->common.jti, kNow, desk.keep()).ok());
  const std::string list = desk.handed_over;
  REQUIRE(update_revocations(desk.officer, list).ok());
  CHECK(open_officer(desk.officer, kNow)->papers.revocations == list);
  // Whom it is about is told so, and keeps it too.
  const absl::Status revoked = update_revocations(other, list);
  CHECK(message_of(revoked) == "the list is kept, and by it your credential is revoked");
  CHECK(hint_for(revoked).find("ask the agency for a credential file") == 0);
  CHECK(open_officer(other, kNow)->papers.revocations == list);
  const auto stranger = Agency::init(desk.folder.path() / "stranger", "x", kNow);
  const Public pub = *decode_public(*read_file(public_file(other), kPaperMax));
  REQUIRE((*stranger)->issue(pub, "1", 1, kNow, desk.keep()).ok());
  const auto foreign = decode_credentials(desk.handed_over);
  CHECK(!update_revocations(desk.officer, foreign->revocations).ok());
  CHECK(!update_revocations(desk.officer, "a.b.c").ok());
}

}  // namespace
}  // namespace latchstring::requester
