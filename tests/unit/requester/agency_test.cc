#include "gateway/requester/agency.h"

#include <sys/stat.h>

#include "gateway/base/status.h"
#include "gateway/crypto/jws.h"
#include "gateway/requester/officer.h"
#include "gateway/trust/verify.h"
#include "tests/support/catch.h"
#include "tests/support/temporary_folder.h"

namespace latchstring::requester {
namespace {

const Instant kNow = *from_rfc3339("2026-05-05T10:00:00.7Z");

struct Town {
  Town() {
    REQUIRE(init_officer(officer).ok());
    auto made = Agency::init(folder.path() / "agency", "River Police", kNow);
    REQUIRE(made.ok());
    agency = *std::move(made);
  }
  Public pub() const { return *decode_public(*read_file(public_file(officer), kPaperMax)); }
  Credentials issue(Instant now = kNow, int days = 30) {
    REQUIRE(agency->issue(pub(), "badge 4711", days, now, keep()).ok());
    return *decode_credentials(handed_over);
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

wire::RevocationList list_of(const Town& town, std::string_view jws) {
  const auto checked = crypto::verify_jws(jws, wire::kTypRevocation, town.agency->key());
  REQUIRE(checked.ok());
  return *wire::decode_revocation_list(checked->payload);
}

unsigned mode_of(const Path& file) {
  struct stat found {};
  REQUIRE(::stat(file.c_str(), &found) == 0);
  return found.st_mode & 0777;
}

TEST_CASE("a credential is the agency's word about this officer") {
  Town town;
  const Credentials papers = town.issue(kNow, 90);
  const auto jws = crypto::verify_jws(papers.credential, wire::kTypCredential, town.agency->key());
  REQUIRE(jws.ok());
  const auto credential = wire::decode_credential(jws->payload);
  REQUIRE(credential.ok());
  CHECK(credential->sub == "badge 4711");
  CHECK(credential->officer_jwk == town.pub().jwk);
  CHECK(credential->recipients == town.pub().recipients);
  CHECK(credential->common.aud == "any");
  // What gateways accept, exactly.
  CHECK(credential->common.exp - credential->nbf <= trust::kCredentialLifetimeMax);
}

TEST_CASE("the list that goes with it is one that gateways count as fresh") {
  Town town;
  const wire::RevocationList list = list_of(town, town.issue().revocations);
  CHECK(list.seq == 1);
  CHECK(list.revoked.empty());
  CHECK(list.next_update - list.common.iat <= trust::kListLifetimeMax);
  CHECK(list.common.iss == town.agency->key().thumbprint());
}

TEST_CASE("officers share one list until it is due or something is revoked") {
  Town town;
  const std::string first = town.issue().revocations;
  CHECK(town.issue(kNow + std::chrono::days{10}).revocations == first);
  const std::string renewed = town.issue(kNow + std::chrono::days{20}).revocations;
  CHECK(list_of(town, renewed).seq == 2);
}

TEST_CASE("what was revoked stays on the list until it has expired") {
  Town town;
  const std::string id = read_credential(town.issue())->common.jti;
  REQUIRE(town.agency->revoke(id, kNow, town.keep()).ok());
  const std::string list = town.handed_over;
  CHECK(list_of(town, list).revoked == std::vector<std::string>{id});
  CHECK(list_of(town, list).seq == 2);
  CHECK(list_of(town, town.issue().revocations).revoked == std::vector<std::string>{id});
  CHECK(absl::IsNotFound(town.agency->revoke("AAAAAAAAAAAAAAAAAAAAAA", kNow, town.keep())));
  const std::string later = town.issue(kNow + std::chrono::days{40}).revocations;
  CHECK(list_of(town, later).revoked.empty());
  CHECK(town.agency->list()->size() == 3);
  CHECK(town.agency->list()->front().revoked);
}

TEST_CASE("revoking again gives the newest list again, and one that is in date") {
  Town town;
  const std::string id = read_credential(town.issue(kNow, 90))->common.jti;
  REQUIRE(town.agency->revoke(id, kNow, town.keep()).ok());
  const std::string list = town.handed_over;
  REQUIRE(town.agency->revoke(id, kNow, town.keep()).ok());
  CHECK(town.handed_over == list);
  REQUIRE(town.agency->revoke(id, kNow + std::chrono::days{40}, town.keep()).ok());
  CHECK(list_of(town, town.handed_over).seq == 3);
  CHECK(list_of(town, town.handed_over).revoked == std::vector<std::string>{id});
}

TEST_CASE("what cannot be handed over is neither issued nor revoked") {
  Town town;
  const auto fail = [](std::string_view) { return unavailable("the disk is full"); };
  CHECK(!town.agency->issue(town.pub(), "4711", 30, kNow, fail).ok());
  CHECK(town.agency->list()->empty());
  const std::string id = read_credential(town.issue())->common.jti;
  CHECK(!town.agency->revoke(id, kNow, fail).ok());
  CHECK(!town.agency->list()->front().revoked);
  CHECK(list_of(town, town.issue().revocations).seq == 1);
}

TEST_CASE("an agency is opened again, and never made twice") {
  Town town;
  const auto key = town.agency->key();
  town.agency.reset();
  CHECK(
      absl::IsFailedPrecondition(Agency::init(town.folder.path() / "agency", "x", kNow).status()));
  const auto again = Agency::open(town.folder.path() / "agency");
  REQUIRE(again.ok());
  CHECK((*again)->key() == key);
  CHECK(absl::IsNotFound(Agency::open(town.folder.path() / "none").status()));
}

TEST_CASE("a key that others may read is refused") {
  Town town;
  const Path key = town.folder.path() / "agency" / "agency.key";
  CHECK(mode_of(key) == 0600);
  ::chmod(key.c_str(), 0640);
  CHECK(absl::IsFailedPrecondition(Agency::open(town.folder.path() / "agency").status()));
}

TEST_CASE("an agency's own key, and a badge that hides something, get no credential") {
  Town town;
  Public own = town.pub();
  own.jwk = town.agency->key().to_jwk();
  CHECK(!town.agency->issue(own, "badge", 30, kNow, town.keep()).ok());
  CHECK(!town.agency->issue(town.pub(), "bad\x1b[2Jge", 30, kNow, town.keep()).ok());
  CHECK(!town.agency->issue(town.pub(), "", 30, kNow, town.keep()).ok());
  CHECK(town.agency->list()->empty());
}

}  // namespace
}  // namespace latchstring::requester
