#include "gateway/crypto/x509.h"

#include <cstdlib>

#include "gateway/base/files.h"
#include "tests/support/catch.h"
#include "tests/support/temporary_folder.h"

namespace latchstring::crypto {
namespace {

const Interval kYear{*from_rfc3339("2026-01-01T00:00:00Z"), *from_rfc3339("2027-01-01T00:00:00Z")};

bool runs(const std::string& command) {
  return std::system((command + " >/dev/null 2>&1").c_str()) == 0;
}

struct Made {
  test::TemporaryFolder folder;
  CertifiedKey authority = *make_authority("Latchstring abcdefghij", kYear);
  CertifiedKey server =
      *make_server_certificate(authority, {"gateway.home", "127.0.0.1", "::1"}, kYear);
  std::string ca = (folder.path() / "ca.pem").string();
  std::string certificate = (folder.path() / "server.pem").string();

  Made() {
    REQUIRE(write_file_durably(ca, authority.certificate_pem).ok());
    REQUIRE(write_file_durably(certificate, server.certificate_pem).ok());
  }
  bool verifies(const std::string& more) const {
    return runs("openssl verify -x509_strict -purpose sslserver -attime 1780000000 -CAfile " + ca +
                " " + more + " " + certificate);
  }
};

TEST_CASE("openssl accepts the server under its authority, by each of its names") {
  const Made made;
  CHECK(made.verifies(""));
  CHECK(made.verifies("-verify_hostname gateway.home"));
  CHECK(made.verifies("-verify_ip 127.0.0.1"));
  CHECK(made.verifies("-verify_ip ::1"));
  CHECK(!made.verifies("-verify_hostname other.home"));
  CHECK(!made.verifies("-verify_ip 127.0.0.2"));
  CHECK(!runs("openssl verify -attime 1780000000 " + made.certificate));
}

TEST_CASE("a server certificate signs nothing") {
  const Made made;
  const auto below = make_server_certificate(made.server, {"evil.home"}, kYear);
  REQUIRE(below.ok());
  const std::string leaf = (made.folder.path() / "leaf.pem").string();
  REQUIRE(write_file_durably(leaf, below->certificate_pem).ok());
  CHECK(!runs("openssl verify -attime 1780000000 -CAfile " + made.ca + " -untrusted " +
              made.certificate + " " + leaf));
}

TEST_CASE("dates and forms read back") {
  const Made made;
  CHECK(*certificate_validity(made.server.certificate_pem) == kYear);
  const Bytes der = *certificate_der(made.authority.certificate_pem);
  CHECK(der.size() < 500);
  CHECK(*certificate_pem(der) == made.authority.certificate_pem);
  Bytes longer = der;
  longer.push_back(0);
  CHECK(absl::IsInvalidArgument(certificate_pem(longer).status()));
  CHECK(absl::IsInvalidArgument(certificate_pem({}).status()));
  CHECK(absl::IsInvalidArgument(certificate_der("not PEM").status()));
  CHECK(absl::IsInvalidArgument(certificate_validity("").status()));
}

TEST_CASE("wrong names, dates and authorities are refused") {
  const Made made;
  for (const std::string& host :
       {std::string(), std::string("a b"), std::string("a,IP:1.2.3.4"), std::string("DNS:x\n"),
        std::string(300, 'a'), std::string(".a"), std::string("*.home")}) {
    CHECK(absl::IsInvalidArgument(make_server_certificate(made.authority, {host}, kYear).status()));
  }
  CHECK(!make_server_certificate(made.authority, {}, kYear).ok());
  const std::vector<std::string> many(kCertificateHostsMax + 1, "a.home");
  CHECK(!make_server_certificate(made.authority, many, kYear).ok());
  CHECK(!make_authority("", kYear).ok());
  CHECK(!make_authority("a", {kYear.to, kYear.from}).ok());
  CertifiedKey mixed;
  mixed.certificate_pem = made.authority.certificate_pem;
  mixed.key_pem = made.server.key_pem.clone();
  CHECK(absl::IsInvalidArgument(make_server_certificate(mixed, {"a.home"}, kYear).status()));
}

TEST_CASE("a host name too long for a common name still works") {
  const Made made;
  const std::string host = std::string(60, 'a') + "." + std::string(60, 'b');
  CHECK(make_server_certificate(made.authority, {host}, kYear).ok());
}

}  // namespace
}  // namespace latchstring::crypto
