#include <fmt/format.h>

#include "gateway/config/config.h"
#include "gateway/config/edit.h"

namespace latchstring::config {
namespace {

constexpr std::string_view kHead =
    "# The appliance of this house: its cameras, its archive, its broker.\n"
    "# What may be shared stands in house-rules.yaml, not here.\n"
    "# `latchstringd --config gateway.yaml --check` says what is wrong with both files.\n"
    "\n";

constexpr std::string_view kBroker =
    "\n"
    "# Where requests come in: a broker that the daemon starts itself. To be reached from "
    "outside,\n"
    "# listen on an address of the network and say with reach_at what agencies dial:\n"
    "#   broker:\n"
    "#     managed: {{listen: 0.0.0.0, port: 8883}}\n"
    "#     reach_at: [\"mqtts://house.example:8883\"]\n"
    "# or dial somebody else's broker:\n"
    "#   broker: {{url: \"mqtts://broker.example:8883\", user: us, password_credential: broker}}\n"
    "broker:\n"
    "  managed: {{listen: {}, port: {}}}\n";

constexpr std::string_view kRest =
    "\n"
    "# Each camera by its name. `latchstring camera add NAME --url URL` writes a line here; a "
    "password\n"
    "# lies in STATE_DIR/credentials/, never in this file. Sound is recorded only with `audio: "
    "yes`.\n"
    "#   front_door: {url: \"rtsp://192.168.30.11/stream1\", user: viewer,\n"
    "#                password_credential: front_door, label: \"street side\"}\n"
    "cameras: {}\n"
    "\n"
    "# The oldest footage goes first, whichever of these is reached first.\n"
    "archive: {keep_days: 14, keep_bytes: 64 GiB, keep_free: 2 GiB, sync: 5 seconds}\n"
    "\n"
    "redaction: {threads: 2}\n"
    "\n"
    "log: {level: info}\n";

}  // namespace

std::string fresh_gateway_yaml(const Fresh& fresh) {
  std::string text(kHead);
  text += fmt::format("gateway:\n  name: {}\n", yaml_text(fresh.name));
  if (fresh.state_dir != "state")
    text += fmt::format("  state_dir: {}\n", yaml_text(fresh.state_dir));
  if (fresh.clock == ClockTrust::kernel) {
    text +=
        "  clock: kernel        # nothing is decided unless the kernel says that the clock is "
        "right\n";
  } else {
    text += "  clock: assumed       # for demos and tests only; write kernel for a real house\n";
  }
  const bool is_v6 = fresh.listen.find(':') != std::string::npos;
  const std::string listen = is_v6 ? yaml_text(fresh.listen) : fresh.listen;
  return text + fmt::format(kBroker, listen, fresh.port) + std::string(kRest);
}

}  // namespace latchstring::config
