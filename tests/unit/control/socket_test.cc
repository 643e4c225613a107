#include <fcntl.h>
#include <grp.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <thread>

#include "gateway/base/status.h"
#include "gateway/control/client.h"
#include "gateway/control/control.h"
#include "tests/support/catch.h"
#include "tests/support/temporary_folder.h"

using namespace latchstring;
using namespace latchstring::control;

namespace {

constexpr uid_t kStranger = 65534;

// A loop on its own thread with a server in front.
class House {
 public:
  explicit House(Handlers handlers, std::optional<gid_t> group = {}, unsigned threads = 4) {
    auto server = Server::open({socket(), group, threads}, loop_, std::move(handlers));
    INFO(message_of(server.status()));
    REQUIRE(server.ok());
    server_ = *std::move(server);
    thread_ = std::thread([this] { loop_.run(); });
  }
  ~House() {
    loop_.stop();
    thread_.join();
    server_.reset();
  }
  Path socket() const { return folder_.path() / "latchstring.sock"; }
  Path folder() const { return folder_.path(); }
  Loop& loop() { return loop_; }

 private:
  const test::TemporaryFolder folder_;
  const SystemClock clock_{ClockTrust::assumed};
  Loop loop_{clock_};
  std::unique_ptr<Server> server_;
  std::thread thread_;
};

Handlers echo() {
  return {
      {"status", [](Request& request,
                    const Reply& reply) { reply.ok(json::Writer().natural("uid", request.uid)); }},
      {"pause", [](Request& request, const Reply& reply) {
         std::string all;
         for (const SignedBy& by : request.pins)
           all += fmt::format("{}={};", by.resident, by.pin.view());
         reply.ok(json::Writer().string("pins", all));
       }}};
}

Call call_of(std::string operation) {
  Call call;
  call.operation = std::move(operation);
  return call;
}

UniqueFd raw_connect(const Path& socket) {
  UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  REQUIRE(socket.string().size() < sizeof address.sun_path);
  socket.string().copy(address.sun_path, sizeof address.sun_path - 1);
  if (::connect(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) fd.reset();
  return fd;
}

std::string read_to_end(int fd) {
  std::string all;
  char buffer[4096];
  for (ssize_t n; (n = ::read(fd, buffer, sizeof buffer)) > 0;)
    all.append(buffer, static_cast<std::size_t>(n));
  return all;
}

std::string raw_exchange(const Path& socket, std::string_view bytes) {
  const UniqueFd fd = raw_connect(socket);
  REQUIRE(fd.valid());
  while (!bytes.empty()) {
    const ssize_t n = ::send(fd.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (n <= 0) break;
    bytes.remove_prefix(static_cast<std::size_t>(n));
  }
  ::shutdown(fd.get(), SHUT_WR);
  return read_to_end(fd.get());
}

bool has(const std::string& text, std::string_view words) {
  return text.find(words) != std::string::npos;
}

}  // namespace

TEST_CASE("a call gets its answer, with the caller's user") {
  const House house(echo());
  const Answer answer = call(house.socket(), call_of("status"));
  INFO(message_of(answer.status));
  REQUIRE(answer.status.ok());
  json::Reader reader(answer.result);
  CHECK(reader.natural("uid") == ::getuid());
  struct stat about {};
  REQUIRE(::stat(house.socket().c_str(), &about) == 0);
  CHECK((about.st_mode & 0777) == 0600);
}

TEST_CASE("PINs arrive as they were typed") {
  const House house(echo());
  Call call = call_of("pause");
  call.pins.push_back({"alex", Pin("48 \"29\\13\"")});
  call.pins.push_back({"sam", Pin("p\xc3\xa4ss")});
  const Answer answer = control::call(house.socket(), std::move(call));
  INFO(message_of(answer.status));
  REQUIRE(answer.status.ok());
  json::Reader reader(answer.result);
  CHECK(reader.string("pins", 100) == "alex=48 \"29\\13\";sam=p\xc3\xa4ss;");
}

TEST_CASE("errors keep their code, message and hint") {
  const House house(
      {{"status", [](Request&, const Reply& reply) { reply.fail(denied("`x` may not"), "ask"); }}});
  const Answer answer = call(house.socket(), call_of("status"));
  CHECK(absl::IsPermissionDenied(answer.status));
  CHECK(message_of(answer.status) == "`x` may not");
  CHECK(answer.hint == "ask");
  CHECK(absl::IsNotFound(call(house.socket(), call_of("camera.list")).status));
  CHECK(absl::IsInvalidArgument(call(house.socket(), call_of("camera.test")).status));
}

TEST_CASE("without a daemon the call says so") {
  const test::TemporaryFolder folder;
  const Answer answer = call(folder.path() / "latchstring.sock", call_of("status"));
  CHECK(absl::IsUnavailable(answer.status));
  CHECK_FALSE(answer.hint.empty());
  CHECK(absl::IsUnavailable(call("/nowhere/at/all.sock", call_of("status")).status));
}

TEST_CASE("a handler may answer later, or never") {
  std::optional<Reply> kept;
  std::optional<House> house;
  house.emplace(Handlers{{"status",
                          [&](Request&, const Reply& reply) {
                            house->loop().after(std::chrono::milliseconds(20),
                                                [reply] { reply.ok(json::Writer()); });
                          }},
                         {"camera.list", [](Request&, const Reply&) {}}});
  CHECK(call(house->socket(), call_of("status")).status.ok());
  const Answer forgotten = call(house->socket(), call_of("camera.list"));
  CHECK(absl::IsInternal(forgotten.status));
}

TEST_CASE("a daemon that stops lets its callers go") {
  std::mutex mutex;
  std::vector<Reply> kept;  // guarded by mutex
  std::atomic<bool> asked = false;
  auto house = std::make_unique<House>(Handlers{{"status", [&](Request&, const Reply& reply) {
                                                   const std::lock_guard lock(mutex);
                                                   kept.push_back(reply);
                                                   asked = true;
                                                 }}});
  std::optional<Answer> answer;
  const Path socket = house->socket();
  std::thread caller([&] { answer = call(socket, call_of("status")); });
  while (!asked) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  house.reset();
  caller.join();
  CHECK(absl::IsUnavailable(answer->status));
}

TEST_CASE("hostile lines are refused and the door stays open") {
  const House house(echo(), {}, 2);
  const std::string status = "{\"v\":1,\"op\":\"status\"}\n";
  CHECK(has(raw_exchange(house.socket(), "not json\n"), "invalid_argument"));
  CHECK(has(raw_exchange(house.socket(), status + "x"), "more than one line"));
  CHECK(has(raw_exchange(house.socket(), "{\"v\":1,\"op\":\"status\"}"), "before the line did"));
  CHECK(has(raw_exchange(house.socket(), std::string(1, '\0') + "\n"), "invalid_argument"));
  CHECK(has(raw_exchange(house.socket(), std::string(2 * kLineMax, ' ') + "\n"), "longer than"));
  CHECK(has(raw_exchange(house.socket(), ""), "before the line did"));
  for (int i = 0; i < 8; ++i) raw_connect(house.socket());
  CHECK(has(raw_exchange(house.socket(), status), "\"ok\""));
}

TEST_CASE("a long but lawful line is taken") {
  const House house(echo());
  const std::string line = "{\"v\":1,\"op\":\"status\"" + std::string(kLineMax - 100, ' ') + "}\n";
  CHECK(has(raw_exchange(house.socket(), line), "\"ok\""));
}

TEST_CASE("a slow caller loses its door after the time-out, others are served meanwhile") {
  const House house(echo(), {}, 2);
  const UniqueFd slow = raw_connect(house.socket());
  REQUIRE(::send(slow.get(), "{", 1, MSG_NOSIGNAL) == 1);
  for (int i = 0; i < 5; ++i) CHECK(call(house.socket(), call_of("status")).status.ok());
  const auto before = std::chrono::steady_clock::now();
  CHECK(has(read_to_end(slow.get()), "no whole line came in time"));
  CHECK(std::chrono::steady_clock::now() - before < kReadWithin + std::chrono::seconds(2));
}

TEST_CASE("many callers at once are all answered") {
  const House house(echo(), {}, 2);
  std::atomic<int> answered = 0;
  std::vector<std::thread> callers;
  for (int i = 0; i < 40; ++i)
    callers.emplace_back([&] {
      for (int n = 0; n < 5; ++n)
        if (call(house.socket(), call_of("status")).status.ok()) ++answered;
    });
  for (std::thread& caller : callers) caller.join();
  CHECK(answered == 200);
}

TEST_CASE("a file travels through the passed pipe") {
  std::string sent;
  for (int i = 0; i < 300'000; ++i) sent += static_cast<char>(i * 7);
  std::thread writer;
  Handlers handlers{{"camera.snapshot", [&](Request& request, const Reply& reply) {
                       const auto pipe = std::make_shared<UniqueFd>(std::move(request.pipe));
                       writer = std::thread([&sent, pipe, reply] {
                         const bool whole = write_all(pipe->get(), as_bytes(sent)).ok();
                         pipe->reset();
                         if (whole) reply.ok(json::Writer().natural("bytes", sent.size()));
                       });
                     }}};
  std::string got;
  {
    const House house(std::move(handlers));
    Call call = call_of("camera.snapshot");
    call.arguments.string("camera", "front_door");
    const Answer answer = control::call(house.socket(), std::move(call), [&](ByteView bytes) {
      got += as_text(bytes);
      return absl::OkStatus();
    });
    INFO(message_of(answer.status));
    CHECK(answer.status.ok());
  }
  writer.join();  // only now is it sure that the handler has put it there
  CHECK(got == sent);
}

TEST_CASE("a caller whose file cannot be written stops, and the daemon is told by the pipe") {
  std::thread writer;
  std::atomic<bool> failed = false;
  Handlers handlers{{"camera.snapshot", [&](Request& request, const Reply& reply) {
                       const auto pipe = std::make_shared<UniqueFd>(std::move(request.pipe));
                       writer = std::thread([&failed, pipe, reply] {
                         const std::string much(1 << 20, 'x');
                         failed = !write_all(pipe->get(), as_bytes(much)).ok();
                         reply.fail(unavailable("the caller went away"));
                       });
                     }}};
  ::signal(SIGPIPE, SIG_IGN);
  {
    const House house(std::move(handlers));
    Call call = call_of("camera.snapshot");
    call.arguments.string("camera", "front_door");
    const Answer answer = control::call(house.socket(), std::move(call),
                                        [](ByteView) { return exhausted("the disk is full"); });
    CHECK(absl::IsResourceExhausted(answer.status));
  }
  writer.join();
  CHECK(failed);
}

TEST_CASE("a pipe is passed exactly where it belongs") {
  const House house(echo());
  const std::string without = raw_exchange(
      house.socket(), "{\"v\":1,\"op\":\"camera.snapshot\",\"args\":{\"camera\":\"a\"}}\n");
  CHECK(has(without, "takes a pipe"));

  const auto send_with = [&](int count) {
    const UniqueFd fd = raw_connect(house.socket());
    std::string line = "{\"v\":1,\"op\":\"status\"}\n";
    iovec bytes{line.data(), line.size()};
    alignas(cmsghdr) char control[CMSG_SPACE(8 * sizeof(int))] = {};
    msghdr message{};
    message.msg_iov = &bytes;
    message.msg_iovlen = 1;
    message.msg_control = control;
    const std::size_t size = static_cast<std::size_t>(count) * sizeof(int);
    message.msg_controllen = CMSG_SPACE(size);
    cmsghdr* c = CMSG_FIRSTHDR(&message);
    c->cmsg_level = SOL_SOCKET;
    c->cmsg_type = SCM_RIGHTS;
    c->cmsg_len = CMSG_LEN(size);
    for (int i = 0; i < count; ++i) reinterpret_cast<int*>(CMSG_DATA(c))[i] = STDERR_FILENO;
    REQUIRE(::sendmsg(fd.get(), &message, MSG_NOSIGNAL) > 0);
    return read_to_end(fd.get());
  };
  CHECK(has(send_with(1), "takes no pipe"));
  CHECK(has(send_with(2), "more than one descriptor"));
  CHECK(has(send_with(8), "more than one descriptor"));
}

TEST_CASE("another user is refused, a member of the group is not") {
  if (::geteuid() != 0) {
    WARN("skipped: only root can take another user's place");
    return;
  }
  constexpr gid_t kGroup = 4711;
  const House house(echo(), kGroup);
  REQUIRE(::chmod(house.folder().c_str(), 0755) == 0);
  struct stat about {};
  REQUIRE(::stat(house.socket().c_str(), &about) == 0);
  CHECK((about.st_mode & 0777) == 0660);
  CHECK(about.st_gid == kGroup);
  // As if the mode did not guard it: the kernel's word must.
  REQUIRE(::chmod(house.socket().c_str(), 0666) == 0);
  const auto code_as = [&](std::vector<gid_t> groups) {
    const pid_t child = ::fork();
    if (child == 0) {
      if (::setgroups(groups.size(), groups.data()) != 0 || ::setgid(kStranger) != 0 ||
          ::setuid(kStranger) != 0)
        ::_exit(100);
      ::_exit(static_cast<int>(call(house.socket(), call_of("status")).status.code()));
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    return static_cast<absl::StatusCode>(WEXITSTATUS(status));
  };
  CHECK(code_as({}) == absl::StatusCode::kPermissionDenied);
  CHECK(code_as({kGroup}) == absl::StatusCode::kOk);
  REQUIRE(::chmod(house.socket().c_str(), 0600) == 0);
  CHECK(code_as({}) == absl::StatusCode::kPermissionDenied);
}

TEST_CASE("two daemons do not share a house, an old socket is replaced") {
  const test::TemporaryFolder folder;
  const Path deep = folder.path() / std::string(100, 'd');
  REQUIRE(make_folder(deep).ok());
  const Path socket = deep / "latchstring.sock";
  const SystemClock clock(ClockTrust::assumed);
  Loop loop(clock);
  {
    // As a killed daemon leaves it: bound, and nobody listens.
    const UniqueFd folder_fd(::open(deep.c_str(), O_PATH));
    const UniqueFd old(::socket(AF_UNIX, SOCK_STREAM, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    fmt::format("/proc/self/fd/{}/latchstring.sock", folder_fd.get())
        .copy(address.sun_path, sizeof address.sun_path - 1);
    REQUIRE(::bind(old.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
  }
  auto first = Server::open({socket, {}, 1}, loop, echo());
  INFO(message_of(first.status()));
  REQUIRE(first.ok());
  CHECK(absl::IsFailedPrecondition(Server::open({socket, {}, 1}, loop, echo()).status()));
  std::thread runner([&] { loop.run(); });
  CHECK(call(socket, call_of("status")).status.ok());
  loop.stop();
  runner.join();
  first->reset();
  CHECK_FALSE(std::filesystem::exists(socket));
}

TEST_CASE("a handler for what is not in the table is a fault at start") {
  const test::TemporaryFolder folder;
  const SystemClock clock(ClockTrust::assumed);
  Loop loop(clock);
  const auto server = Server::open({folder.path() / "s", {}, 1}, loop,
                                   {{"house.burn", [](Request&, const Reply&) {}}});
  CHECK(absl::IsInvalidArgument(server.status()));
}
