#include "gateway/daemon/connections.h"

#include <arpa/inet.h>
#include <sys/socket.h>

#include <vector>

#include "gateway/base/files.h"
#include "tests/support/catch.h"

using namespace latchstring;
using namespace latchstring::daemon;

TEST_CASE("what is connected to a port is counted, at its own end only") {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  auto* const any = reinterpret_cast<sockaddr*>(&address);
  socklen_t size = sizeof address;
  const UniqueFd listening(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  REQUIRE(::bind(listening.get(), any, size) == 0);
  REQUIRE(::listen(listening.get(), 8) == 0);
  REQUIRE(::getsockname(listening.get(), any, &size) == 0);
  const int port = ntohs(address.sin_port);
  CHECK(connections_at(port) == 0);  // who listens is not connected
  std::vector<UniqueFd> connected;
  for (int i = 0; i < 3; ++i) {
    UniqueFd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    REQUIRE(::connect(fd.get(), any, size) == 0);
    connected.push_back(std::move(fd));
  }
  CHECK(connections_at(port) == 3);
}
