// The key tables of gateway.yaml: what feeds the reader and docs/ref/gateway-yaml.md.
// Private to this module.
#pragma once

#include <array>
#include <cstdint>
#include <limits>

#include "gateway/config/config.h"
#include "gateway/yaml/keys.h"

namespace latchstring::config {

inline constexpr std::int64_t kBytesMost = std::int64_t{1} << 50;  // 1 PiB

inline constexpr yaml::KeyRow optional_row(std::string_view name, yaml::Type type,
                                           std::string_view fallback, std::string_view sentence) {
  return {name, type, yaml::Need::optional, fallback, sentence, {}};
}

inline constexpr yaml::KeyRow mandatory_row(std::string_view name, yaml::Type type,
                                            std::string_view sentence) {
  return {name, type, yaml::Need::mandatory, {}, sentence, {}};
}

inline constexpr yaml::KeyRow word_row(std::string_view name, std::string_view fallback,
                                       std::string_view words, std::string_view sentence) {
  return {name, yaml::Type::word, yaml::Need::optional, fallback, sentence, words};
}

inline constexpr yaml::KeyRow ranged_row(std::string_view name, yaml::Type type,
                                         std::string_view fallback, std::int64_t least,
                                         std::int64_t most, std::string_view sentence) {
  return {name, type, yaml::Need::optional, fallback, sentence, {}, least, most};
}

inline constexpr std::array kFileKeys{
    mandatory_row("gateway", yaml::Type::map, "the house itself"),
    optional_row("broker", yaml::Type::map, "", "where requests come in"),
    optional_row("cameras", yaml::Type::map, "", "each camera by its name"),
    optional_row("archive", yaml::Type::map, "", "how much footage is kept"),
    optional_row("redaction", yaml::Type::map, "", "hiding what must not be seen"),
    optional_row("log", yaml::Type::map, "", "what the daemon says of itself"),
};

inline constexpr std::array kGatewayKeys{
    mandatory_row("name", yaml::Type::text, "what the household calls this house"),
    optional_row("state_dir", yaml::Type::text, "state", "folder of database, keys and archive"),
    optional_row("rules", yaml::Type::text, "house-rules.yaml", "the consent policy"),
    word_row("clock", "kernel", "kernel assumed",
             "kernel: nothing is decided unless the kernel says that the clock is synchronised; "
             "assumed: for demos and tests"),
    optional_row("location", yaml::Type::list, "",
                 "where the house stands, `[latitude, longitude]` in degrees: for requests about a "
                 "place, if your rules listen to them; it never leaves the gateway"),
};

inline constexpr std::array kBrokerKeys{
    optional_row("managed", yaml::Type::map, "", "a broker that the daemon starts and watches"),
    optional_row("url", yaml::Type::text, "", "somebody else's broker: mqtts://host:port"),
    optional_row("ca_file", yaml::Type::text, "", "its authorities; else those of the system"),
    optional_row("user", yaml::Type::text, "", "name to log in with"),
    optional_row("password_credential", yaml::Type::identifier, "",
                 "name of the credential that holds its password"),
    optional_row("cert_file", yaml::Type::text, "", "certificate to log in with"),
    optional_row("key_file", yaml::Type::text, "", "its key"),
    optional_row("reach_at", yaml::Type::texts, "",
                 "addresses that tickets name, mqtts:// or wss://; else the broker's own"),
};

inline constexpr std::array kManagedKeys{
    optional_row("listen", yaml::Type::text, "127.0.0.1", "IP address it listens on"),
    ranged_row("port", yaml::Type::integer, "8883", 1, 65535, "its port"),
};

inline constexpr std::array kCameraKeys{
    mandatory_row("url", yaml::Type::text,
                  "rtsp:// or rtsps:// address, without user and password"),
    optional_row("user", yaml::Type::text, "", "name to log in with"),
    optional_row("password_credential", yaml::Type::identifier, "",
                 "name of the credential that holds its password"),
    optional_row("audio", yaml::Type::yes_no, "no", "record its sound"),
    optional_row("label", yaml::Type::text, "",
                 "how tickets name it; else they do not (clips carry its own name)"),
};

inline constexpr std::array kArchiveKeys{
    ranged_row("keep_days", yaml::Type::integer, "14", 1, 3650, "days after which footage goes"),
    ranged_row("keep_bytes", yaml::Type::bytes, "64 GiB", static_cast<std::int64_t>(kKeepBytesMin),
               kBytesMost, "how much footage is kept at most"),
    ranged_row("keep_free", yaml::Type::bytes, "2 GiB", 0, kBytesMost,
               "how much of the disk stays free"),
    ranged_row("hold_bytes", yaml::Type::bytes, "", 0, kBytesMost,
               "for evidence holds, which are not made yet; else 20 % of keep_bytes"),
    ranged_row("pending_bytes", yaml::Type::bytes, "", 0, kBytesMost,
               "how much is pinned for open requests; else 10 % of keep_bytes"),
    ranged_row("sync", yaml::Type::duration, "5 seconds", 1, 60, "what a power cut may lose"),
};

inline constexpr std::array kRedactionKeys{
    ranged_row("threads", yaml::Type::integer, "2", 1, 64, "processor threads of the worker"),
};

inline constexpr std::array kLogKeys{
    word_row("level", "info", "error warning info debug", "least weight of what is logged"),
};

}  // namespace latchstring::config
