#include "gateway/link/broker.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/stat.h>

#include "gateway/wire/topics.h"
#include "tests/unit/link/house.h"

namespace latchstring::link {
namespace {

using std::chrono::seconds;

const std::string kA = "aaaaaaaaaa";
const std::string kB = "bbbbbbbbbb";
const wire::Peer kPeerA{kA, "cccccccccc"};
const wire::Peer kPeerB{kB, "dddddddddd"};

MqttOptions listening_to(MqttOptions options, std::vector<std::string> filters) {
  options.subscriptions = std::move(filters);
  return options;
}

TEST_CASE("a mailbox reaches its own topics and no others") {
  House house;
  REQUIRE(house.broker->set_mailbox(kA, secret_of("secret-a")).ok());
  REQUIRE(house.broker->set_mailbox(kB, secret_of("secret-b")).ok());
  house.start();
  Client gateway(listening_to(house.gateway_options(), {wire::all_inboxes_filter(house.gateway)}));
  // B listens to everything that it can name; the broker filters at delivery.
  Client a(listening_to(house.options(kA, secret_of("secret-a")),
                        {wire::outbox_filter(house.gateway, kPeerA)}));
  Client b(listening_to(house.options(kB, secret_of("secret-b")),
                        {"#", wire::outbox_filter(house.gateway, kPeerA),
                         wire::outbox_filter(house.gateway, kPeerB)}));
  REQUIRE(gateway.comes_up());
  REQUIRE(a.comes_up());
  REQUIRE(b.comes_up());

  REQUIRE(gateway.say(wire::control_topic(house.gateway, kPeerA), "for a"));
  REQUIRE(a.say(wire::inbox_topic(house.gateway, kPeerA), "from a"));
  REQUIRE(b.say(wire::inbox_topic(house.gateway, kPeerA), "b as a"));
  REQUIRE(b.say(wire::control_topic(house.gateway, kPeerA), "b as the gateway"));
  REQUIRE(b.say(wire::inbox_topic(house.gateway, kPeerB), "from b"));
  REQUIRE(gateway.say(wire::control_topic(house.gateway, kPeerB), "for b"));
  REQUIRE(eventually([&] { return gateway.count("from a") + gateway.count("from b") == 2; }));
  REQUIRE(eventually([&] { return a.count("for a") == 1 && b.count("for b") == 1; }));
  CHECK(gateway.count() == 2);
  CHECK(a.count() == 1);
  // Two subscriptions of B overlap, so that its own message may come twice; nothing else comes.
  CHECK(b.count() == b.count("for b"));
}

TEST_CASE("no entry without the right name, password or authority") {
  House house;
  REQUIRE(house.broker->set_mailbox(kA, secret_of("secret-a")).ok());
  house.start();
  Client wrong(house.options(kA, secret_of("secret-b")));
  Client nobody(house.options("", crypto::Secret()));
  MqttOptions stranger_ca = house.options(kA, secret_of("secret-a"));
  stranger_ca.ca_pem = House().ca_pem;
  Client misled(std::move(stranger_ca));
  MqttOptions other_name = house.options(kA, secret_of("secret-a"));
  other_name.address.host = "localhost";  // not in the certificate
  Client misnamed(std::move(other_name));
  CHECK(eventually([&] { return absl::IsPermissionDenied(wrong.why()); }));
  CHECK(eventually([&] { return absl::IsPermissionDenied(nobody.why()); }));
  CHECK(eventually([&] { return absl::IsUnavailable(misled.why()); }));
  CHECK(eventually([&] { return absl::IsUnavailable(misnamed.why()); }));
  CHECK(!wrong.up());
  CHECK(!nobody.up());
  CHECK(!misled.up());
  CHECK(!misnamed.up());
}

TEST_CASE("a removed mailbox is thrown out and stays out; one that is added comes in") {
  House house;
  REQUIRE(house.broker->set_mailbox(kA, secret_of("secret-a")).ok());
  house.start();
  Client a(house.options(kA, secret_of("secret-a")));
  REQUIRE(a.comes_up());
  REQUIRE(house.broker->set_mailbox(kB, secret_of("secret-b")).ok());
  Client b(house.options(kB, secret_of("secret-b")));
  REQUIRE(b.comes_up());
  CHECK(house.broker->mailboxes() == std::vector<std::string>{kA, kB});
  REQUIRE(house.broker->remove_mailbox(kA).ok());
  CHECK(eventually([&] { return absl::IsPermissionDenied(a.why()) && !a.up(); }));
  CHECK(absl::IsNotFound(house.broker->remove_mailbox(kA)));
  CHECK(house.broker->mailboxes() == std::vector<std::string>{kB});
  CHECK(b.up());
}

TEST_CASE("two devices of one mailbox do not throw each other out") {
  House house;
  REQUIRE(house.broker->set_mailbox(kA, secret_of("secret-a")).ok());
  house.start();
  Client one(house.options(kA, secret_of("secret-a")));
  Client two(house.options(kA, secret_of("secret-a")));
  REQUIRE(one.comes_up());
  REQUIRE(two.comes_up());
  std::this_thread::sleep_for(std::chrono::milliseconds{500});
  CHECK(one.why().ok());
  CHECK(two.why().ok());
}

TEST_CASE("a broker that was killed is seen, started again, and everybody comes back") {
  House house;
  REQUIRE(house.broker->set_mailbox(kA, secret_of("secret-a")).ok());
  house.start();
  Client a(house.options(kA, secret_of("secret-a")));
  REQUIRE(a.comes_up());
  const int port = house.broker->port();
  REQUIRE(::kill(house.broker->pid(), SIGKILL) == 0);
  pollfd waiting{house.broker->exit_fd(), POLLIN, 0};
  REQUIRE(::poll(&waiting, 1, 5'000) == 1);
  const Broker::Exit exit = house.broker->on_exit();
  CHECK(exit.how == "signal 9");
  CHECK(exit.restart_in == kRestartFirst);
  CHECK(house.broker->pid() == 0);
  REQUIRE(eventually([&] { return !a.up(); }));
  house.start();
  CHECK(house.broker->port() == port);
  CHECK(a.comes_up());
}

TEST_CASE("what the broker keeps is private, and no password is in it") {
  House house;
  const std::string password = "kB9-very-secret-_x";
  REQUIRE(house.broker->set_mailbox(kA, secret_of(password)).ok());
  std::size_t files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(house.folder.path() / "broker")) {
    ++files;
    struct stat found {};
    REQUIRE(::stat(entry.path().c_str(), &found) == 0);
    CHECK((found.st_mode & 0077) == 0);
    CHECK(read_file(entry.path(), 1 << 20)->find(password) == std::string::npos);
  }
  CHECK(files == 6);
  const std::string config = *read_file(house.folder.path() / "broker/mosquitto.conf", 1 << 20);
  // Before it, such a line would open a listener to everybody.
  CHECK(config.find("listener") < config.find("cafile"));
  CHECK(config.find("allow_anonymous false") != std::string::npos);
}

TEST_CASE("a certificate that cannot be written leaves the former one") {
  House house;
  const Path folder = house.folder.path() / "broker";
  const std::string before = *read_file(folder / "server.pem", 1 << 20);
  const Instant now = SystemClock(ClockTrust::assumed).now();
  const Interval valid{now, now + std::chrono::hours{24}};
  const auto authority = *crypto::make_authority("another", valid);
  const auto another = [&] {
    return *crypto::make_server_certificate(authority, {"127.0.0.1"}, valid);
  };
  std::filesystem::rename(folder / "server.key", folder / "kept");
  std::filesystem::create_directory(folder / "server.key");
  CHECK(!house.broker->set_certificate(another()).ok());
  CHECK(*read_file(folder / "server.pem", 1 << 20) == before);
  std::filesystem::remove(folder / "server.key");
  std::filesystem::rename(folder / "kept", folder / "server.key");
  CHECK(house.broker->set_certificate(another()).ok());
  CHECK(*read_file(folder / "server.pem", 1 << 20) != before);
}

TEST_CASE("mailboxes outlive the broker object; bad ones are refused") {
  House house;
  REQUIRE(house.broker->set_mailbox(kA, secret_of("secret-a")).ok());
  CHECK(absl::IsInvalidArgument(house.broker->set_mailbox("Not an id", secret_of("x"))));
  CHECK(absl::IsInvalidArgument(house.broker->set_mailbox(kB, secret_of("two\nlines"))));
  CHECK(absl::IsInvalidArgument(house.broker->set_mailbox(kB, secret_of(""))));
  BrokerOptions again;
  again.folder = house.folder.path() / "broker";
  again.gateway = house.gateway;
  const auto reopened = Broker::open(std::move(again));
  REQUIRE(reopened.ok());
  CHECK((*reopened)->mailboxes() == std::vector<std::string>{kA});
}

TEST_CASE("what a crash left apart is made to fit the owner's rows, and the password works") {
  House house;
  // Removed by its owner, and the crash came before the broker heard of it.
  REQUIRE(house.broker->set_mailbox(kA, secret_of("secret-a")).ok());
  // Made by its owner, likewise.
  const auto hash = house.broker->hash_of(kB, secret_of("secret-b"));
  REQUIRE(hash.ok());
  CHECK(house.broker->mailboxes() == std::vector<std::string>{kA});  // told to nobody yet
  const std::string old = "oldmailbox";  // from before hashes were kept: as it is
  REQUIRE(house.broker->set_mailbox(old, secret_of("secret-o")).ok());
  const std::string lost = "lostlostlo";
  const auto without = house.broker->match({{kB, *hash}, {old, ""}, {lost, ""}});
  REQUIRE(without.ok());
  CHECK(*without == std::vector<std::string>{lost});
  CHECK(house.broker->mailboxes() == std::vector<std::string>{kB, old});
  house.start();
  Client b(house.options(kB, secret_of("secret-b")));
  CHECK(b.comes_up());
  Client o(house.options(old, secret_of("secret-o")));
  CHECK(o.comes_up());
  Client a(house.options(kA, secret_of("secret-a")));
  CHECK(eventually([&] { return absl::IsPermissionDenied(a.why()); }));
  CHECK(absl::IsInvalidArgument(house.broker->set_hash(kA, "secret-a")));
  CHECK(absl::IsInvalidArgument(house.broker->set_hash(kA, *hash + "\nroot:x")));
}

TEST_CASE("a broker listens on addresses only") {
  House house;
  BrokerOptions options;
  options.folder = house.folder.path() / "other";
  options.gateway = house.gateway;
  options.listen = "127.0.0.1\nallow_anonymous true";
  CHECK(absl::IsInvalidArgument(Broker::open(std::move(options)).status()));
}

TEST_CASE("a client whose broker never answers stops at once") {
  MqttOptions options;
  options.address = {"192.0.2.1", 8883, true};  // RFC 5737: nobody
  const auto before = std::chrono::steady_clock::now();
  {
    Client client(std::move(options));
    std::this_thread::sleep_for(std::chrono::milliseconds{50});
  }
  CHECK(std::chrono::steady_clock::now() - before < kConnectPatience);  // not waited for
}

}  // namespace
}  // namespace latchstring::link
