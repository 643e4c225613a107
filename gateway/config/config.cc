#include "gateway/config/config.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

#include "gateway/base/status.h"
#include "gateway/config/tables.h"

namespace latchstring::config {
namespace {

using yaml::Faults;
using yaml::MapReader;
using yaml::Node;
using yaml::Place;

const Node& empty_map() {
  static const Node node{.kind = Node::Kind::map, .place = {}, .text = {}, .items = {}, .keys = {}};
  return node;
}

// The map under a key, or an empty one, so that its defaults are read in the same way.
const Node& map_under(const MapReader& parent, std::string_view key) {
  const Node* node = parent.node(key);
  return node != nullptr ? *node : empty_map();
}

// scheme://host[:port][/path]; the parts as written.
struct Address {
  std::string scheme;
  std::string host;  // IPv6 without brackets
  std::uint16_t port = 0;
  std::string path;
};

bool is_address_text(std::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return c > ' ' && c < 0x7f && c != '"' && c != '\\'; });
}

std::optional<std::uint16_t> parse_port(std::string_view text) {
  unsigned port = 0;
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (failed != std::errc() || end != text.data() + text.size() || port < 1 || port > 65535)
    return std::nullopt;
  return static_cast<std::uint16_t>(port);
}

std::optional<Address> parse_address(std::string_view text, std::uint16_t default_port) {
  Address address;
  const std::size_t colon = text.find("://");
  if (colon == std::string_view::npos || !is_address_text(text)) return std::nullopt;
  address.scheme = text.substr(0, colon);
  std::string_view rest = text.substr(colon + 3);
  const std::size_t slash = std::min(rest.find_first_of("/?#"), rest.size());
  address.path = rest.substr(slash);
  rest = rest.substr(0, slash);
  address.port = default_port;
  const bool bracketed = rest.starts_with('[');
  const std::size_t host_end = bracketed ? rest.find(']') : std::min(rest.find(':'), rest.size());
  if (host_end == std::string_view::npos) return std::nullopt;
  address.host = bracketed ? rest.substr(1, host_end - 1) : rest.substr(0, host_end);
  rest = rest.substr(bracketed ? host_end + 1 : host_end);
  if (!rest.empty()) {
    const auto port = rest.starts_with(':') ? parse_port(rest.substr(1)) : std::nullopt;
    if (!port.has_value()) return std::nullopt;
    address.port = *port;
  }
  if (address.host.empty() || address.host.find('@') != std::string::npos) return std::nullopt;
  return address;
}

bool is_ip(const std::string& text) {
  unsigned char space[16];
  return ::inet_pton(AF_INET, text.c_str(), space) == 1 ||
         ::inet_pton(AF_INET6, text.c_str(), space) == 1;
}

bool is_any_address(const std::string& ip) {
  return ip == "0.0.0.0" || ip == "::";
}

// Reads one file; every fault is collected, none ends the reading.
class Loader {
 public:
  Loader(const Path& file, Faults& faults) : faults_(faults) {
    config_.file = file;
    folder_ = std::filesystem::absolute(file).parent_path();
  }

  Config read(const Node& root) {
    const MapReader file(root, kFileKeys, "gateway.yaml", faults_);
    if (file.has("gateway")) read_gateway(map_under(file, "gateway"));
    read_broker(map_under(file, "broker"));
    read_cameras(map_under(file, "cameras"));
    read_archive(map_under(file, "archive"));
    const MapReader redaction(map_under(file, "redaction"), kRedactionKeys, "redaction", faults_);
    config_.redaction_threads = static_cast<int>(redaction.integer("threads").value_or(1));
    const MapReader log(map_under(file, "log"), kLogKeys, "log", faults_);
    config_.log_level = log_level(log.text("level").value_or("info"));
    return std::move(config_);
  }

 private:
  static LogLevel log_level(const std::string& word) {
    if (word == "error") return LogLevel::error;
    if (word == "warning") return LogLevel::warning;
    return word == "debug" ? LogLevel::debug : LogLevel::info;
  }

  std::string short_text(const MapReader& map, std::string_view key) {
    std::string text = map.text(key).value_or("");
    if (text.size() <= kTextMax) return text;
    faults_.add(map.place(key), fmt::format("\"{}\" is longer than {} bytes.", key, kTextMax));
    return {};
  }

  Path resolved(const MapReader& map, std::string_view key) {
    const std::string text = map.text(key).value_or("");
    return text.empty() ? Path() : (folder_ / text).lexically_normal();
  }

  void read_gateway(const Node& node) {
    const MapReader map(node, kGatewayKeys, "gateway", faults_);
    config_.name = short_text(map, "name");
    config_.state_dir = resolved(map, "state_dir");
    config_.rules = resolved(map, "rules");
    config_.clock = map.text("clock") == "assumed" ? ClockTrust::assumed : ClockTrust::kernel;
    if (const Node* location = map.node("location")) config_.location = read_place(*location);
  }

  std::optional<latchstring::Place> read_place(const Node& node) {
    constexpr std::string_view kHint = "write it like [39.924, -83.809]";
    if (!node.is_list() || node.items.size() != 2) {
      faults_.add(node.place, "\"location\" must be latitude and longitude in degrees.",
                  std::string(kHint));
      return std::nullopt;
    }
    std::array<int, 2> millionths{};
    for (std::size_t i = 0; i < 2; ++i) {
      const int most = i == 0 ? kLatitudeMost : kLongitudeMost;
      const auto degrees = yaml::read_number(node.items[i], faults_);
      if (!degrees) return std::nullopt;
      if (std::abs(*degrees) > most / 1e6) {
        faults_.add(
            node.items[i].place,
            fmt::format("The {} is from -{} to {} degrees.", i == 0 ? "latitude" : "longitude",
                        most / 1'000'000, most / 1'000'000),
            std::string(kHint));
        return std::nullopt;
      }
      millionths[i] = static_cast<int>(std::lround(*degrees * 1e6));
    }
    return latchstring::Place{millionths[0], millionths[1]};
  }

  void read_broker(const Node& node) {
    const MapReader map(node, kBrokerKeys, "broker", faults_);
    if (map.has("url")) {
      read_remote(map);
    } else {
      read_managed(map);
    }
    read_reach_at(map);
  }

  void read_managed(const MapReader& map) {
    for (const std::string_view key :
         {"ca_file", "user", "password_credential", "cert_file", "key_file"}) {
      if (!map.has(key)) continue;
      faults_.add(map.place(key), fmt::format("\"{}\" belongs to a broker with \"url\".", key),
                  "take it out, or write the broker's url");
    }
    const MapReader managed(map_under(map, "managed"), kManagedKeys, "managed", faults_);
    ManagedBroker broker;
    broker.listen = managed.text("listen").value_or("127.0.0.1");
    broker.port = static_cast<std::uint16_t>(managed.integer("port").value_or(8883));
    if (!is_ip(broker.listen)) {
      faults_.add(managed.place("listen"), fmt::format("`{}` is not an IP address.", broker.listen),
                  "127.0.0.1, or the address of one of this machine's networks");
    }
    config_.broker.managed = broker;
  }

  void read_remote(const MapReader& map) {
    if (map.has("managed")) {
      faults_.add(map.place("managed"), "A broker is either \"managed\" or has a \"url\".",
                  "take one of them out");
    }
    RemoteBroker broker;
    broker.url = short_text(map, "url");
    const auto address = parse_address(broker.url, broker.port);
    if (!address.has_value() || address->scheme != "mqtts" || !address->path.empty()) {
      faults_.add(map.place("url"), "This is no address of a broker.",
                  "write it like mqtts://broker.example:8883");
    } else {
      broker.host = address->host;
      broker.port = address->port;
    }
    broker.ca_file = resolved(map, "ca_file");
    broker.user = short_text(map, "user");
    broker.password_credential = map.text("password_credential").value_or("");
    broker.cert_file = resolved(map, "cert_file");
    broker.key_file = resolved(map, "key_file");
    check_login(map);
    config_.broker.remote = std::move(broker);
  }

  void check_login(const MapReader& map) {
    const bool by_password = map.has("user") && map.has("password_credential");
    const bool by_certificate = map.has("cert_file") && map.has("key_file");
    const int parts = map.has("user") + map.has("password_credential") + map.has("cert_file") +
                      map.has("key_file");
    if (by_password != by_certificate && parts == 2) return;
    faults_.add(map.place("url"), "This broker needs one way to log in.",
                "user and password_credential, or cert_file and key_file");
  }

  void read_reach_at(const MapReader& map) {
    std::vector<yaml::Word> words = map.words("reach_at");
    if (words.size() > kReachAtMax) {
      faults_.add(map.place("reach_at"), fmt::format("More than {} addresses.", kReachAtMax));
    }
    for (yaml::Word& word : words) {
      const auto address = parse_address(word.value, 443);
      const bool fits =
          address.has_value() && word.value.size() <= kTextMax &&
          (address->scheme == "wss" || (address->scheme == "mqtts" && address->path.empty()));
      if (!fits) {
        faults_.add(word.place, "This is no address that an agency can reach.",
                    "write it like mqtts://house.example:8883 or wss://broker.example/mqtt");
      }
      config_.broker.reach_at.push_back(std::move(word.value));
    }
    if (!map.has("reach_at")) reach_at_own_address(map);
  }

  void reach_at_own_address(const MapReader& map) {
    if (config_.broker.remote.has_value()) {
      config_.broker.reach_at.push_back(config_.broker.remote->url);
      return;
    }
    const ManagedBroker& broker = *config_.broker.managed;
    if (is_any_address(broker.listen)) {
      faults_.add(map.place("managed"),
                  fmt::format("`{}` is no address that a ticket can name.", broker.listen),
                  "say with reach_at where agencies find this broker: "
                  "reach_at: [\"mqtts://house.example:8883\"]");
    }
    const bool v6 = broker.listen.find(':') != std::string::npos;
    config_.broker.reach_at.push_back(
        fmt::format("mqtts://{}{}{}:{}", v6 ? "[" : "", broker.listen, v6 ? "]" : "", broker.port));
  }

  void read_cameras(const Node& node) {
    if (!node.is_map()) {
      faults_.add(node.place, "Here should stand cameras, each as `name: {url: ...}`.");
      return;
    }
    if (node.keys.size() > kCamerasMax) {
      faults_.add(node.keys[kCamerasMax].place, fmt::format("More than {} cameras.", kCamerasMax));
    }
    for (std::size_t i = 0; i < node.keys.size(); ++i) read_camera(node.keys[i], node.items[i]);
    refuse_same_labels(node);
  }

  void read_camera(const yaml::Key& key, const Node& node) {
    if (!is_name(key.text)) {
      faults_.add(key.place, fmt::format("`{}` is no name for a camera.", key.text),
                  "small letters, digits and _ only, a letter first");
    }
    const MapReader map(node, kCameraKeys, fmt::format("the camera {}", key.text), faults_);
    Camera camera;
    camera.id = key.text;
    camera.line = key.place.line;
    camera.url = short_text(map, "url");
    camera.user = short_text(map, "user");
    camera.password_credential = map.text("password_credential").value_or("");
    camera.audio = map.yes_no("audio");
    camera.label = short_text(map, "label");
    if (map.has("url")) check_camera_url(camera.url, map.place("url"));
    if (map.has("password_credential") && !map.has("user")) {
      faults_.add(map.place("password_credential"), "A password needs a \"user\".",
                  "add user: ...");
    }
    config_.cameras.push_back(std::move(camera));
  }

  void check_camera_url(const std::string& url, const Place& place) {
    if (url.substr(0, url.find('/', 8)).find('@') != std::string::npos) {
      faults_.add(place, "A camera's user and password do not stand in its url.",
                  "write user: and password_credential: instead");
      return;
    }
    const auto address = parse_address(url, 554);
    if (address.has_value() && (address->scheme == "rtsp" || address->scheme == "rtsps")) return;
    faults_.add(place, "This is no address of a camera.",
                "write it like rtsp://192.168.30.11/stream1");
  }

  // A request may name a camera by its label: that must say which one.
  void refuse_same_labels(const Node& node) {
    for (std::size_t i = 0; i < config_.cameras.size(); ++i) {
      const std::string& label = config_.cameras[i].label;
      if (label.empty()) continue;
      const bool taken =
          std::any_of(config_.cameras.begin(), config_.cameras.end(), [&](const Camera& other) {
            const bool is_same = &other == &config_.cameras[i];
            return !is_same && (other.id == label || other.label == label);
          });
      if (taken) {
        faults_.add(node.keys[i].place,
                    fmt::format("The label `{}` also means another camera.", label),
                    "give each camera a label of its own");
      }
    }
  }

  void read_archive(const Node& node) {
    const MapReader map(node, kArchiveKeys, "archive", faults_);
    const auto bytes = [&](std::string_view key, std::uint64_t otherwise) {
      const auto value = map.bytes(key);
      return value.has_value() ? static_cast<std::uint64_t>(*value) : otherwise;
    };
    Archive& archive = config_.archive;
    archive.keep_days = static_cast<int>(map.integer("keep_days").value_or(archive.keep_days));
    archive.keep_bytes = bytes("keep_bytes", archive.keep_bytes);
    archive.keep_free = bytes("keep_free", archive.keep_free);
    archive.hold_bytes = bytes("hold_bytes", archive.keep_bytes / 5);
    archive.pending_bytes = bytes("pending_bytes", archive.keep_bytes / 10);
    archive.sync = map.duration("sync").value_or(archive.sync);
    if (archive.hold_bytes + archive.pending_bytes <= archive.keep_bytes) return;
    faults_.add(map.place(map.has("hold_bytes") ? "hold_bytes" : "pending_bytes"),
                "hold_bytes and pending_bytes together are more than keep_bytes.",
                "they are parts of it");
  }

  Faults& faults_;
  Path folder_;
  Config config_;
};

}  // namespace

const Camera* Config::find_camera(std::string_view id) const {
  const auto found = std::find_if(cameras.begin(), cameras.end(),
                                  [&](const Camera& camera) { return camera.id == id; });
  return found == cameras.end() ? nullptr : &*found;
}

bool is_name(std::string_view text) {
  return yaml::is_identifier(text);
}

absl::StatusOr<Config> load(std::string_view text, const Path& file) {
  Faults faults(file.filename().string(), text);
  const std::optional<Node> root =
      yaml::parse(text, faults, "begin with \"gateway:\", or restore the file from a copy");
  if (!root.has_value()) return faults.status();
  Config config = Loader(file, faults).read(*root);
  if (!faults.empty()) return faults.status();
  return config;
}

absl::StatusOr<Config> read(const Path& file) {
  LS_ASSIGN(const std::string text, read_file(file, kConfigBytesMax));
  return load(text, file);
}

}  // namespace latchstring::config
