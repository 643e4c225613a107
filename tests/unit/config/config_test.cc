#include "gateway/config/config.h"

#include <sys/stat.h>

#include <cstdlib>

#include "gateway/base/status.h"
#include "tests/support/catch.h"
#include "tests/support/temporary_folder.h"

using namespace latchstring;
using config::Config;

namespace {

std::string fault_of(std::string_view text) {
  const auto config = config::load(text, "/house/gateway.yaml");
  REQUIRE(!config.ok());
  CHECK(config.status().code() == absl::StatusCode::kInvalidArgument);
  return std::string(message_of(config.status()));
}

constexpr std::string_view kGateway = "gateway: {name: \"Maple Street\"}\n";

std::string with(std::string_view rest) {
  return std::string(kGateway) + std::string(rest);
}

}  // namespace

TEST_CASE("a whole gateway.yaml is read") {
  const auto config = config::load(R"(gateway:
  name: "Maple Street"
  state_dir: /var/lib/latchstring
  rules: rules/ours.yaml
  clock: assumed
broker:
  managed: {listen: 0.0.0.0, port: 18883}
  reach_at: ["mqtts://house.example:8883", "wss://house.example/mqtt"]
cameras:
  front_door: {url: "rtsp://192.168.30.11/stream1", user: viewer, password_credential: front_door,
               audio: yes, label: "street side"}
  garden: {url: "rtsps://[fd00::5]:8554/live?profile=1"}
archive: {keep_days: 3, keep_bytes: 1 GiB, keep_free: 0 GiB, hold_bytes: 100 MiB, sync: 2 seconds}
redaction: {threads: 4}
log: {level: debug}
)",
                                   "/house/gateway.yaml");
  INFO(message_of(config.status()));
  REQUIRE(config.ok());
  CHECK(config->name == "Maple Street");
  CHECK(config->state_dir == "/var/lib/latchstring");
  CHECK(config->rules == "/house/rules/ours.yaml");
  CHECK(config->clock == ClockTrust::assumed);
  REQUIRE(config->broker.managed.has_value());
  CHECK(config->broker.managed->port == 18883);
  CHECK(config->broker.reach_at.size() == 2);
  REQUIRE(config->cameras.size() == 2);
  const config::Camera& door = config->cameras[0];
  CHECK(door.id == "front_door");
  CHECK(door.user == "viewer");
  CHECK(door.password_credential == "front_door");
  CHECK(door.audio);
  CHECK(door.label == "street side");
  CHECK(door.line == 10);
  CHECK_FALSE(config->cameras[1].audio);
  CHECK(config->find_camera("garden") == &config->cameras[1]);
  CHECK(config->find_camera("cellar") == nullptr);
  CHECK(config->archive.keep_bytes == 1ull << 30);
  CHECK(config->archive.hold_bytes == 100ull << 20);
  CHECK(config->archive.pending_bytes == (1ull << 30) / 10);
  CHECK(config->archive.sync == std::chrono::seconds(2));
  CHECK(config->redaction_threads == 4);
  CHECK(config->log_level == LogLevel::debug);
}

TEST_CASE("what is not written has the stated default") {
  const auto config = config::load(kGateway, "/house/gateway.yaml");
  REQUIRE(config.ok());
  CHECK(config->state_dir == "/house/state");
  CHECK(config->rules == "/house/house-rules.yaml");
  CHECK(config->clock == ClockTrust::kernel);
  REQUIRE(config->broker.managed.has_value());
  CHECK(config->broker.managed->listen == "127.0.0.1");
  CHECK(config->broker.reach_at == std::vector<std::string>{"mqtts://127.0.0.1:8883"});
  CHECK(config->cameras.empty());
  CHECK(config->archive.keep_bytes == 64ull << 30);
  CHECK(config->archive.hold_bytes == (64ull << 30) / 5);
  CHECK(config->log_level == LogLevel::info);
}

TEST_CASE("a broker of somebody else's") {
  const auto config =
      config::load(with("broker: {url: \"mqtts://broker.example\", ca_file: ca.pem, user: us,"
                        " password_credential: broker}\n"),
                   "/house/gateway.yaml");
  REQUIRE(config.ok());
  CHECK_FALSE(config->broker.managed.has_value());
  REQUIRE(config->broker.remote.has_value());
  CHECK(config->broker.remote->host == "broker.example");
  CHECK(config->broker.remote->port == 8883);
  CHECK(config->broker.remote->ca_file == "/house/ca.pem");
  CHECK(config->broker.reach_at == std::vector<std::string>{"mqtts://broker.example"});
}

TEST_CASE("faults say where they are and what to do") {
  CHECK(fault_of("gateway: {name: \"Maple Street\"}\ncamera:\n  a: {url: \"rtsp://h/s\"}\n") ==
        "gateway.yaml:2:1: I don't know \"camera\" in gateway.yaml.\n"
        "    2 | camera:\n"
        "      | ^^^^^^   did you mean \"cameras\"?");
  CHECK(fault_of(with("cameras:\n  door: {url: \"http://192.168.1.2/\"}\n")) ==
        "gateway.yaml:3:15: This is no address of a camera.\n"
        "    3 |   door: {url: \"http://192.168.1.2/\"}\n"
        "      |               ^^^^^^^^^^^^^^^^^^^^^"
        "   write it like rtsp://192.168.30.11/stream1");
}

TEST_CASE("every wrong value is refused") {
  struct Wrong {
    std::string_view text;
    std::string_view fault;
  };
  const Wrong wrongs[] = {
      {"cameras:\n  Door: {url: \"rtsp://h/s\"}\n", "gateway.yaml:3:3: `Door` is no name"},
      {"cameras:\n  d: {url: \"rtsp://me:secret@h/s\"}\n", "do not stand in its url"},
      {"cameras:\n  d: {url: \"rtsp://h:0/s\"}\n", "no address of a camera"},
      {"cameras:\n  d: {url: \"rtsp://h/a b\"}\n", "no address of a camera"},
      {"cameras:\n  d: {url: \"rtsp:///s\"}\n", "no address of a camera"},
      {"cameras:\n  d: {user: me}\n", "\"url\" is missing"},
      {"cameras:\n  d: {url: \"rtsp://h/s\", password_credential: d}\n", "needs a \"user\""},
      {"cameras:\n  d: {url: \"rtsp://h/s\", audio: \"yes\"}\n", "yes or no"},
      {"cameras:\n  d: {url: \"rtsp://h/s\", recorder: hik}\n", "I don't know \"recorder\""},
      {"cameras:\n  a: {url: \"rtsp://h/s\", label: b}\n  b: {url: \"rtsp://h/t\"}\n",
       "also means another camera"},
      {"cameras: [a, b]\n", "Here should stand cameras"},
      {"broker: {managed: {listen: localhost}}\n", "is not an IP address"},
      {"broker: {managed: {listen: 0.0.0.0}}\n", "no address that a ticket can name"},
      {"broker: {managed: {port: 65536}}\n", "from 1 to 65535"},
      {"broker: {url: \"mqtt://b.example:1883\", user: u, password_credential: p}\n",
       "no address of a broker"},
      {"broker: {url: \"mqtts://b.example\"}\n", "one way to log in"},
      {"broker: {url: \"mqtts://b.example\", user: u, cert_file: c}\n", "one way to log in"},
      {"broker: {url: \"mqtts://b.example\", user: u, password_credential: p, managed: {}}\n",
       "either \"managed\" or has a \"url\""},
      {"broker: {managed: {}, user: u}\n", "belongs to a broker with \"url\""},
      {"broker: {reach_at: [\"http://a.example\"]}\n", "no address that an agency can reach"},
      {"archive: {keep_days: 0}\n", "from 1 to 3650"},
      {"archive: {keep_bytes: 64}\n", "an amount of storage"},
      {"archive: {keep_bytes: 1 KiB}\n", "from 67108864"},
      {"archive: {keep_bytes: 100 MiB, hold_bytes: 99 MiB, pending_bytes: 2 MiB}\n",
       "together are more than keep_bytes"},
      {"archive: {sync: 5}\n", "a length of time"},
      {"log: {level: loud}\n", "must be error, warning, info or debug"},
      {"notify: {ntfy: \"https://n.example\"}\n", "I don't know \"notify\""},
      {"console: {listen: \"127.0.0.1:8480\"}\n", "I don't know \"console\""},
      {"gateway: {name: again}\n", "twice"},
  };
  for (const Wrong& wrong : wrongs) {
    const std::string fault = fault_of(with(wrong.text));
    INFO(wrong.text << fault);
    CHECK(fault.find(wrong.fault) != std::string::npos);
  }
}

TEST_CASE("several faults are told at once") {
  const std::string fault =
      fault_of("gateway: {clock: right}\narchive: {keep_days: x}\nlog: {level: loud}\n");
  CHECK(fault.find(":1:10: \"name\" is missing") != std::string::npos);
  CHECK(fault.find("must be kernel or assumed") != std::string::npos);
  CHECK(fault.find("gateway.yaml:2:22: ") != std::string::npos);
  CHECK(fault.find("gateway.yaml:3:14: ") != std::string::npos);
}

TEST_CASE("limits of names, texts and cameras hold") {
  const std::string long_text(config::kTextMax + 1, 'x');
  CHECK(fault_of("gateway: {name: " + long_text + "}\n").find("longer than") != std::string::npos);
  std::string cameras = "cameras:\n";
  for (std::size_t i = 0; i < config::kCamerasMax; ++i)
    cameras += fmt::format("  c{}: {{url: \"rtsp://h/{}\"}}\n", i, i);
  CHECK(config::load(with(cameras), "gateway.yaml").ok());
  cameras += "  one_more: {url: \"rtsp://h/s\"}\n";
  CHECK(fault_of(with(cameras)).find("More than 64 cameras") != std::string::npos);
}

TEST_CASE("the fresh file loads, with every combination init can ask for") {
  for (const ClockTrust clock : {ClockTrust::kernel, ClockTrust::assumed}) {
    config::Fresh fresh;
    fresh.name = "14 \"Maple\" \\ Street";
    fresh.clock = clock;
    fresh.listen = "::1";
    fresh.port = 28883;
    fresh.state_dir = "/var/lib/latchstring";
    const auto config = config::load(config::fresh_gateway_yaml(fresh), "/house/gateway.yaml");
    INFO(message_of(config.status()));
    REQUIRE(config.ok());
    CHECK(config->name == fresh.name);
    CHECK(config->clock == clock);
    CHECK(config->state_dir == "/var/lib/latchstring");
    CHECK(config->broker.reach_at == std::vector<std::string>{"mqtts://[::1]:28883"});
  }
}

TEST_CASE("what a running daemon does not follow is named key by key") {
  using Keys = std::vector<std::string>;
  const auto changed = [](const std::string& before, const std::string& after) {
    const auto running = config::load(before, "/house/gateway.yaml");
    const auto fresh = config::load(after, "/house/gateway.yaml");
    REQUIRE(running.ok());
    INFO(message_of(fresh.status()));
    REQUIRE(fresh.ok());
    return config::keys_for_a_restart(*running, *fresh);
  };
  const std::string plain = with("");
  CHECK(changed(plain, plain).empty());
  CHECK(changed(plain, "gateway: {name: \"Oak Street\"}\n").empty());
  CHECK(changed(plain, with("cameras:\n  d: {url: \"rtsp://h/s\"}\n")).empty());
  for (const auto& [key, value] : std::vector<std::pair<std::string, std::string>>{
           {"state_dir", "other"}, {"rules", "ours.yaml"}, {"clock", "assumed"}}) {
    CHECK(changed(plain, fmt::format("gateway: {{name: \"Maple Street\", {}: {}}}\n", key,
                                     value)) == Keys{"gateway." + key});
  }
  for (const auto& [key, value] :
       std::vector<std::pair<std::string, std::string>>{{"keep_days", "3"},
                                                        {"keep_bytes", "1 GiB"},
                                                        {"keep_free", "1 GiB"},
                                                        {"hold_bytes", "1 GiB"},
                                                        {"pending_bytes", "1 GiB"},
                                                        {"sync", "2 seconds"}}) {
    CHECK(changed(plain, with(fmt::format("archive: {{{}: {}}}\n", key, value))) ==
          Keys{"archive." + key});
  }
  CHECK(changed(plain, with("redaction: {threads: 3}\n")) == Keys{"redaction.threads"});
  CHECK(changed(plain, with("log: {level: debug}\n")) == Keys{"log.level"});
  CHECK(changed(plain, with("broker: {managed: {listen: 127.0.0.2}}\n")) ==
        Keys{"broker.managed.listen"});
  CHECK(changed(plain, with("broker: {managed: {port: 18883}}\n")) == Keys{"broker.managed.port"});
  CHECK(changed(plain, with("broker: {reach_at: [\"mqtts://h.example\"]}\n")) ==
        Keys{"broker.reach_at"});
  const std::string remote =
      with("broker: {url: \"mqtts://b.example\", user: u, password_credential: p}\n");
  CHECK(changed(plain, remote) == Keys{"broker.url", "broker.user", "broker.password_credential"});
  CHECK(changed(remote, with("broker: {url: \"mqtts://b.example\", cert_file: c, key_file: k, "
                             "ca_file: a}\n")) == Keys{"broker.ca_file", "broker.user",
                                                       "broker.password_credential",
                                                       "broker.cert_file", "broker.key_file"});
}

TEST_CASE("credentials are read from a private file only") {
  const test::TemporaryFolder folder;
  ::unsetenv("CREDENTIALS_DIRECTORY");
  Config config;
  config.state_dir = folder.path();
  CHECK(absl::IsFailedPrecondition(config::read_credential(config, "door").status()));
  REQUIRE(config::write_credential(config, "door", "pa ss").ok());
  const Path file = config.credentials_dir() / "door";
  struct stat about {};
  REQUIRE(::stat(file.c_str(), &about) == 0);
  CHECK((about.st_mode & 0777) == 0600);
  CHECK(config::read_credential(config, "door").value() == "pa ss");

  REQUIRE(::chmod(file.c_str(), 0640) == 0);
  CHECK(absl::IsFailedPrecondition(config::read_credential(config, "door").status()));
  REQUIRE(write_file_durably(file, "two\nlines\n", 0600).ok());
  CHECK(absl::IsFailedPrecondition(config::read_credential(config, "door").status()));
  CHECK(absl::IsInvalidArgument(config::read_credential(config, "../door").status()));
  CHECK(absl::IsInvalidArgument(config::write_credential(config, "door", "two\nlines")));
  CHECK(absl::IsInvalidArgument(config::write_credential(config, "door", "")));
}

TEST_CASE("a credential that root writes is the house's") {
  if (::geteuid() != 0) return;
  constexpr uid_t kOwner = 12345;
  const test::TemporaryFolder folder;
  REQUIRE(::chown(folder.path().c_str(), kOwner, kOwner) == 0);
  Config config;
  config.state_dir = folder.path();
  REQUIRE(config::write_credential(config, "door", "pa ss").ok());
  for (const Path& path : {config.credentials_dir(), config.credentials_dir() / "door"}) {
    struct stat about {};
    REQUIRE(::stat(path.c_str(), &about) == 0);
    CHECK(about.st_uid == kOwner);
    CHECK((about.st_mode & 077) == 0);
  }
}

TEST_CASE("a credential that systemd passes comes first") {
  const test::TemporaryFolder folder;
  REQUIRE(make_folder(folder.path() / "passed").ok());
  REQUIRE(write_file_durably(folder.path() / "passed/door", "theirs", 0440).ok());
  Config config;
  config.state_dir = folder.path();
  REQUIRE(config::write_credential(config, "door", "ours").ok());
  REQUIRE(config::write_credential(config, "other", "only ours").ok());
  ::setenv("CREDENTIALS_DIRECTORY", (folder.path() / "passed").c_str(), 1);
  CHECK(config::read_credential(config, "door").value() == "theirs");
  CHECK(config::read_credential(config, "other").value() == "only ours");
  ::unsetenv("CREDENTIALS_DIRECTORY");
}

TEST_CASE("where the house stands is two numbers of degrees") {
  const auto location = [](std::string_view text) {
    return config::load(fmt::format("gateway: {{name: a, location: {}}}\n", text),
                        "/etc/x/gateway.yaml");
  };
  CHECK(location("[39.924, -83.8090001]")->location == Place{39'924'000, -83'809'000});
  CHECK(!config::load("gateway: {name: a}\n", "/etc/x/gateway.yaml")->location);
  for (const char* wrong : {"39.924", "[39.924]", "[1, 2, 3]", "[\"1\", 2]", "[91, 2]", "[1, -181]",
                            "here", "{a: 1}", "[north, 2]"}) {
    INFO(wrong);
    CHECK(absl::IsInvalidArgument(location(wrong).status()));
  }
}

TEST_CASE("the reference names every key as the table has it") {
  const auto text = read_file(LATCHSTRING_SOURCE_DIR "/docs/ref/gateway-yaml.md", 64 * 1024);
  REQUIRE(text.ok());
  INFO("put this at the end of docs/ref/gateway-yaml.md:\n" << config::key_reference());
  CHECK(text->ends_with(config::key_reference()));
}
