// The managed broker, a real mosquitto, and what its certificate does as years pass.
#include "gateway/daemon/line.h"

#include "gateway/base/status.h"
#include "gateway/daemon/broker_certificates.h"
#include "gateway/state/schema.h"
#include "tests/unit/link/house.h"

namespace latchstring::daemon {
namespace {

using link::Client;
using link::eventually;
using std::chrono::days;

class SetClock final : public Clock {
 public:
  Instant now() const override { return wall; }
  Duration steady() const override { return real_.steady(); }
  bool is_right() const override { return true; }
  Instant wall;

 private:
  const SystemClock real_{ClockTrust::assumed};
};

// What mosquitto and its clients see is the machine's own clock.
Instant really_now() {
  return SystemClock(ClockTrust::assumed).now();
}

struct Home {
  explicit Home(Instant start) {
    crypto::start();
    clock.wall = start;
    config.state_dir = folder.path() / "state";
    REQUIRE(make_folder(config.state_dir).ok());
    config.broker.managed.emplace();
    config.broker.managed->port = 0;  // a free one
    keyring = *crypto::Keyring::open(config.keyring());
    database = *state::open_database(config.database());
    auto opened = Line::open(config, *keyring, *database, clock, loop, crypto::random_id(), {});
    INFO(opened.status());
    REQUIRE(opened.ok());
    line = *std::move(opened);
  }

  std::string certificate() const {
    return *read_file(config.broker_dir() / "server.pem", 64 * 1024);
  }
  link::MqttOptions officer(const std::string& mailbox) {
    const auto login = line->draw_login(mailbox);
    REQUIRE(login.ok());
    REQUIRE(line->set_mailbox(mailbox, login->hash).ok());
    link::MqttOptions options;
    options.address = {"127.0.0.1", line->port(), true};
    options.ca_pem = line->ca_pem();
    options.user = mailbox;
    options.password = link::secret_of(login->password);
    return options;
  }

  test::TemporaryFolder folder;
  config::Config config;
  SetClock clock;
  Loop loop{clock};
  std::unique_ptr<crypto::Keyring> keyring;
  std::unique_ptr<store::Database> database;
  std::unique_ptr<Line> line;
};

TEST_CASE("a certificate is due when half of its life is over, or another time is set") {
  const Instant start = *from_rfc3339("2026-05-04T10:00:00Z");
  const Interval term = certificate_term(start);
  CHECK(!is_due(term, start));
  CHECK(!is_due(term, start + days{150}));
  CHECK(is_due(term, start + days{190}));
  CHECK(is_due(term, start + days{3000}));
  CHECK(!is_due(term, start - std::chrono::hours{23}));
  CHECK(is_due(term, start - days{2}));
  CHECK(is_due(term, *from_rfc3339("1970-01-01T00:00:00Z")));
  CHECK(!is_due(certificate_term(start + days{190}), start + days{190}));
}

TEST_CASE("after a start in another year nobody connects, until the certificate is of this one") {
  Home home(really_now() - days{2 * 365});
  Client officer(home.officer("aaaaaaaaaa"));
  REQUIRE(eventually([&] { return absl::IsUnavailable(officer.why()); }));
  CHECK(!officer.up());
  CHECK(!home.line->up());
  home.clock.wall = really_now();  // set right
  REQUIRE(home.line->renew_certificate().ok());
  CHECK(officer.comes_up());
  CHECK(eventually([&] { return home.line->up(); }));  // the gateway's own connection, too
}

TEST_CASE("a certificate that is good is left as it is, and who is connected stays so") {
  Home home(really_now());
  Client officer(home.officer("aaaaaaaaaa"));
  REQUIRE(officer.comes_up());
  const std::string first = home.certificate();
  home.clock.wall = really_now() + days{150};
  REQUIRE(home.line->renew_certificate().ok());
  CHECK(home.certificate() == first);
  home.clock.wall = really_now() + days{190};
  REQUIRE(home.line->renew_certificate().ok());
  const std::string second = home.certificate();
  CHECK(second != first);
  CHECK(crypto::certificate_validity(second)->contains(really_now() + days{500}));
  REQUIRE(home.line->renew_certificate().ok());
  CHECK(home.certificate() == second);
  home.clock.wall = really_now();  // it had been set too far
  REQUIRE(home.line->renew_certificate().ok());
  Client another(home.officer("bbbbbbbbbb"));
  CHECK(another.comes_up());
  CHECK(officer.why().ok());
}

}  // namespace
}  // namespace latchstring::daemon
