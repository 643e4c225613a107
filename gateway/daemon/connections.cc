#include "gateway/daemon/connections.h"

#include <fmt/format.h>

#include <sstream>
#include <string>

#include "gateway/base/files.h"

namespace latchstring::daemon {
namespace {

constexpr std::uint64_t kListMax = 8 * 1024 * 1024;
constexpr std::string_view kEstablished = "01";

// proc(5), /proc/net/tcp: `0: 0100007F:22B3 0200007F:D431 01 ...` below a line of heads.
std::size_t count(const std::string& list, const std::string& port) {
  std::size_t found = 0;
  std::istringstream lines(list);
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    std::string number, here, there, state;
    words >> number >> here >> there >> state;
    if (here.ends_with(port) && state == kEstablished) ++found;
  }
  return found;
}

}  // namespace

std::size_t connections_at(int port) {
  std::size_t found = 0;
  for (const char* file : {"/proc/self/net/tcp", "/proc/self/net/tcp6"}) {
    const auto list = read_file(file, kListMax);
    if (list.ok()) found += count(*list, fmt::format(":{:04X}", port));
  }
  return found;
}

}  // namespace latchstring::daemon
