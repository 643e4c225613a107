// gateway.yaml: the appliance of a house. Strict YAML by one key table; an unknown key, a wrong
// type or a value out of range is InvalidArgument with every fault as `file:line:column: ...`. What
// is not written has the default that stands here and in docs/ref/gateway-yaml.md. Relative paths
// are meant from the folder of the file and are resolved here. Thread: any; a Config is a value.
#pragma once

#include <absl/status/statusor.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/base/clock.h"
#include "gateway/base/files.h"
#include "gateway/base/log.h"
#include "gateway/base/place.h"

namespace latchstring::config {

inline constexpr std::uint64_t kConfigBytesMax = 64 * 1024;
inline constexpr std::size_t kCamerasMax = 64;
inline constexpr std::size_t kIdMax = 64;     // characters of a camera or credential name
inline constexpr std::size_t kTextMax = 200;  // characters of a name, label, url, user
inline constexpr std::size_t kReachAtMax = 8;
inline constexpr std::uint64_t kCredentialBytesMax = 1024;
inline constexpr std::uint64_t kKeepBytesMin = 64ull << 20;  // one segment of the largest size

struct Camera {
  std::string id;                   // [a-z][a-z0-9_]*
  std::string url;                  // rtsp:// or rtsps://, without user and password
  std::string user;                 // empty: none
  std::string password_credential;  // name of a credential; empty: none
  bool audio = false;               // recorded only where the household says so
  std::string label;                // published in tickets; empty: the camera is not named there
  int line = 0;                     // in the file
  // `line` is no part of what the camera is.
  friend bool operator==(const Camera& a, const Camera& b) {
    return a.id == b.id && a.url == b.url && a.user == b.user && a.audio == b.audio &&
           a.password_credential == b.password_credential && a.label == b.label;
  }
};

// The Mosquitto that the daemon starts and supervises.
struct ManagedBroker {
  std::string listen =
      "127.0.0.1";  // an IP address of this machine; 0.0.0.0 and :: are all of them
  std::uint16_t port = 8883;
};

// Somebody else's broker, dialled over TLS.
struct RemoteBroker {
  std::string url;  // mqtts://host[:port]
  std::string host;
  std::uint16_t port = 8883;
  Path ca_file;      // empty: the system's authorities
  std::string user;  // with password_credential, or cert_file and key_file
  std::string password_credential;
  Path cert_file;
  Path key_file;
};

struct Broker {
  std::optional<ManagedBroker> managed;  // exactly one of the two
  std::optional<RemoteBroker> remote;
  // What tickets name: mqtts:// and wss:// addresses. Never empty after loading: where the file
  // does not say, the broker's own address.
  std::vector<std::string> reach_at;
};

struct Archive {
  int keep_days = 14;
  std::uint64_t keep_bytes = 64ull << 30;
  std::uint64_t keep_free = 2ull << 30;     // never fill the disk beyond this
  std::uint64_t hold_bytes = 0;             // after loading: 20 % of keep_bytes where not written
  std::uint64_t pending_bytes = 0;          // after loading: 10 % of keep_bytes where not written
  Duration sync = std::chrono::seconds(5);  // what a power cut may lose
};

struct Config {
  Path file;  // as given to load()
  std::string name;
  Path state_dir;
  Path rules;
  ClockTrust clock = ClockTrust::kernel;
  std::optional<Place> location;  // of the house; it never leaves the gateway
  Broker broker;
  std::vector<Camera> cameras;  // in the file's order
  Archive archive;
  int redaction_threads = 2;
  LogLevel log_level = LogLevel::info;

  const Camera* find_camera(std::string_view id) const;

  // Where things stand below state_dir.
  Path socket() const { return state_dir / "latchstring.sock"; }
  Path database() const { return state_dir / "state.db"; }
  Path keyring() const { return state_dir / "keyring"; }
  Path archive_dir() const { return state_dir / "archive"; }
  Path outbox_dir() const { return state_dir / "outbox"; }
  Path broker_dir() const { return state_dir / "broker"; }
  Path credentials_dir() const { return state_dir / "credentials"; }
  // One line, `age1...`: whom evidence and backups are sealed to. Its identity is on paper.
  Path archive_recipient_file() const { return state_dir / "archive-recipient.txt"; }
};

absl::StatusOr<Config> load(std::string_view text, const Path& file);
// Where the two differ in what a running daemon does not follow: `gateway.clock`. All but the name,
// the location and the cameras.
std::vector<std::string> keys_for_a_restart(const Config& running, const Config& fresh);
// Reads and loads. NotFound: there is no such file.
absl::StatusOr<Config> read(const Path& file);

// A credential (a camera's or broker's password): $CREDENTIALS_DIRECTORY/NAME if systemd passes
// one, else credentials_dir()/NAME. One line; its newline is not part of it. FailedPrecondition:
// missing, or others than its owner may read it. For libraries that take plain strings only: hand
// it on, do not keep it.
absl::StatusOr<std::string> read_credential(const Config& config, std::string_view name);
absl::Status write_credential(const Config& config, std::string_view name, std::string_view value);
absl::Status remove_credential(const Config& config, std::string_view name);  // or it was not there

// The text of gateway.yaml that `init` writes, with comments.
struct Fresh {
  std::string name;
  std::string state_dir = "state";
  ClockTrust clock = ClockTrust::kernel;
  std::string listen = "127.0.0.1";
  std::uint16_t port = 8883;
};
std::string fresh_gateway_yaml(const Fresh& fresh);

// The key tables as Markdown, for docs/ref/gateway-yaml.md.
std::string key_reference();

// True for [a-z][a-z0-9_]*, at most kIdMax characters.
bool is_name(std::string_view text);

}  // namespace latchstring::config
