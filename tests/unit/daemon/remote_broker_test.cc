#include "gateway/daemon/remote_broker.h"

#include <sys/stat.h>

#include "gateway/base/status.h"
#include "gateway/crypto/x509.h"
#include "tests/support/catch.h"
#include "tests/support/temporary_folder.h"

namespace latchstring::daemon {
namespace {

struct Home {
  test::TemporaryFolder folder;
  config::Config config;
  std::string certificate;

  Home() {
    ::unsetenv("CREDENTIALS_DIRECTORY");
    crypto::start();
    const Instant now = *from_rfc3339("2026-05-04T10:00:00Z");
    const auto made = crypto::make_authority("broker", {now, now + std::chrono::hours{24}});
    REQUIRE(made.ok());
    certificate = made->certificate_pem;
    config.state_dir = folder.path() / "state";
    config.broker.remote.emplace();
    config.broker.remote->url = "mqtts://broker.example:8884";
  }
  config::RemoteBroker& remote() { return *config.broker.remote; }
  Path write(const std::string& name, const std::string& content) const {
    const Path file = folder.path() / name;
    REQUIRE(write_file_durably(file, content, 0600).ok());
    return file;
  }
  void refused(const std::string& words, const Path& file) const {
    const auto options = dial_options(config);
    REQUIRE(!options.ok());
    const std::string said(message_of(options.status()));
    INFO(said);
    CHECK(said.find(words) != std::string::npos);
    CHECK(said.find(file.string()) != std::string::npos);
  }
};

TEST_CASE("a broker's authorities must be there, and be certificates") {
  Home home;
  const Path file = home.folder.path() / "ca.pem";
  home.remote().ca_file = file;
  home.refused("the broker's ca_file", file);
  for (const std::string content : {"", "no certificate\n"}) {
    home.write("ca.pem", content);
    home.refused("holds no certificate", file);
  }
  const std::string with_comment = "# ours\n" + home.certificate;
  home.write("ca.pem", with_comment);
  const auto options = dial_options(home.config);
  REQUIRE(options.ok());
  CHECK(options->ca_pem == with_comment);
  CHECK(options->address.host == "broker.example");
  CHECK(options->address.port == 8884);
}

TEST_CASE("a broker's password must be there, and nobody else's to read") {
  Home home;
  home.remote().user = "us";
  home.remote().password_credential = "broker";
  const Path file = home.config.credentials_dir() / "broker";
  home.refused("the broker's password: there is no credential", file);
  REQUIRE(config::write_credential(home.config, "broker", "secret").ok());
  const auto options = dial_options(home.config);
  REQUIRE(options.ok());
  CHECK(options->user == "us");
  CHECK(as_text(options->password.view()) == "secret");
  REQUIRE(::chmod(file.c_str(), 0644) == 0);
  home.refused("others may read", file);
}

TEST_CASE("a certificate to log in with, and its key, must be there") {
  Home home;
  const Path certificate = home.folder.path() / "cert.pem";
  const Path key = home.folder.path() / "key.pem";
  home.remote().cert_file = certificate;
  home.remote().key_file = key;
  home.refused("the broker's cert_file", certificate);
  home.write("cert.pem", "no certificate\n");
  home.refused("holds no certificate", certificate);
  home.write("cert.pem", home.certificate);
  home.refused("the broker's key_file", key);
  home.write("key.pem", "read by libmosquitto\n");
  const auto options = dial_options(home.config);
  REQUIRE(options.ok());
  CHECK(options->cert_file == certificate);
  CHECK(options->key_file == key);
}

}  // namespace
}  // namespace latchstring::daemon
