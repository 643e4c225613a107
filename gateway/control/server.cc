#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <mutex>
#include <thread>
#include <vector>

#include "gateway/base/status.h"
#include "gateway/control/control.h"
#include "gateway/control/socket.h"

namespace latchstring::control {
namespace {

// Where a door waits for its answer.
class Waiting final : public Reply::Target {
 public:
  explicit Waiting(UniqueFd ready) : ready_(std::move(ready)) {}
  void answer(std::string line) override {
    {
      const std::lock_guard lock(mutex_);
      line_ = std::move(line);
    }
    // Cannot fail: the counter is written once.
    static_cast<void>(::eventfd_write(ready_.get(), 1));
  }
  int ready() const { return ready_.get(); }
  std::string take() {
    const std::lock_guard lock(mutex_);
    return std::move(line_);
  }

 private:
  const UniqueFd ready_;
  std::mutex mutex_;
  std::string line_;  // guarded by mutex_
};

absl::StatusOr<UniqueFd> new_event() {
  UniqueFd fd(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!fd.valid()) return errno_status("making an event");
  return fd;
}

bool in_group(int socket, gid_t primary, gid_t group) {
  if (primary == group) return true;
  std::vector<gid_t> groups(256);
  auto size = static_cast<socklen_t>(groups.size() * sizeof(gid_t));
  if (::getsockopt(socket, SOL_SOCKET, SO_PEERGROUPS, groups.data(), &size) != 0) return false;
  groups.resize(size / sizeof(gid_t));
  return std::find(groups.begin(), groups.end(), group) != groups.end();
}

absl::StatusOr<uid_t> check_caller(int socket, std::optional<gid_t> group) {
  ucred caller{};
  socklen_t size = sizeof caller;
  if (::getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &caller, &size) != 0)
    return denied("the kernel does not say who calls");
  if (caller.uid == 0 || caller.uid == ::geteuid()) return caller.uid;
  if (group.has_value() && in_group(socket, caller.gid, *group)) return caller.uid;
  return denied("user {} may not speak for this house", caller.uid);
}

absl::Status refuse_running(const SocketAddress& address, const Path& path) {
  const UniqueFd probe(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!probe.valid()) return errno_status("making a socket");
  const auto* name = reinterpret_cast<const sockaddr*>(&address.name);
  if (::connect(probe.get(), name, sizeof address.name) == 0 || errno == EAGAIN)
    return not_now("another program answers already on `{}`", path.string());
  if (errno == ENOENT) return absl::OkStatus();
  if (errno != ECONNREFUSED) return errno_status(fmt::format("looking at `{}`", path.string()));
  if (::unlink(address.name.sun_path) != 0)
    return errno_status(fmt::format("removing the old `{}`", path.string()));
  return absl::OkStatus();
}

absl::StatusOr<UniqueFd> listen_on(const Server::Options& options) {
  LS_ASSIGN(const SocketAddress address, socket_address(options.socket));
  LS_RETURN_IF_ERROR(refuse_running(address, options.socket));
  UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd.valid()) return errno_status("making a socket");
  const std::string where = fmt::format("opening the socket `{}`", options.socket.string());
  const auto* name = reinterpret_cast<const sockaddr*>(&address.name);
  if (::bind(fd.get(), name, sizeof address.name) != 0) return errno_status(where);
  // Nobody can connect before listen(), so the mode is in force for the first caller.
  if (options.group.has_value() &&
      ::chown(address.name.sun_path, static_cast<uid_t>(-1), *options.group) != 0)
    return errno_status(where);
  if (::chmod(address.name.sun_path, options.group.has_value() ? 0660 : 0600) != 0)
    return errno_status(where);
  if (::listen(fd.get(), kBacklog) != 0) return errno_status(where);
  return fd;
}

class SocketServer final : public Server {
 public:
  SocketServer(Options options, Loop& loop, Handlers handlers, UniqueFd listener, UniqueFd stop)
      : options_(std::move(options)),
        loop_(loop),
        handlers_(std::make_shared<const Handlers>(std::move(handlers))),
        listener_(std::move(listener)),
        stop_(std::move(stop)) {
    for (unsigned i = 0; i < options_.threads; ++i) doors_.emplace_back([this] { serve(); });
  }

  ~SocketServer() override {
    static_cast<void>(::eventfd_write(stop_.get(), 1));
    for (std::thread& door : doors_) door.join();
    static_cast<void>(::unlink(options_.socket.c_str()));
  }

 private:
  void serve() {
    while (true) {
      const int ready =
          wait_ready(listener_.get(), POLLIN, stop_.get(), deadline_in(std::chrono::hours(1)));
      if (ready < 0) return;
      const UniqueFd caller(
          ::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
      if (!caller.valid()) {
        // Another door was quicker, the caller left, or descriptors are short: then not in a spin.
        if (errno == EMFILE || errno == ENFILE) {
          std::this_thread::sleep_for(std::chrono::milliseconds(100));
        }
        continue;
      }
      const std::string answer = serve_one(caller.get());
      if (answer.empty()) continue;
      // A caller that does not take its answer loses it; what was done stays done.
      static_cast<void>(
          send_line(caller.get(), answer, -1, stop_.get(), deadline_in(kWriteWithin)));
    }
  }

  // The answer's line; empty: the caller is gone, or the daemon stops.
  std::string serve_one(int caller) {
    const absl::StatusOr<uid_t> uid = check_caller(caller, options_.group);
    if (!uid.ok()) return error_line(uid.status(), "run it as the user that owns the house");
    absl::StatusOr<ReceivedLine> line =
        receive_line(caller, kLineMax, stop_.get(), deadline_in(kReadWithin));
    if (!line.ok()) return error_line(line.status(), {});
    absl::StatusOr<Request> request = parse_request(std::move(line->text));
    if (!request.ok()) return error_line(request.status(), {});
    request->uid = *uid;
    request->pipe = std::move(line->passed);
    if (request->pipe.valid() != request->operation->takes_pipe)
      return error_line(invalid("`{}` takes {} pipe", request->operation->name,
                                request->operation->takes_pipe ? "a" : "no"),
                        {});
    return ask_loop(caller, *std::move(request));
  }

  std::string ask_loop(int caller, Request request) {
    absl::StatusOr<UniqueFd> event = new_event();
    if (!event.ok()) return error_line(event.status(), {});
    const Operation& operation = *request.operation;
    // Shared: the loop may answer after this door gave up.
    const auto waiting = std::make_shared<Waiting>(*std::move(event));
    const auto carried = std::make_shared<Request>(std::move(request));  // a task must be copyable
    // The task alone holds the reply: when it goes without an answer, this door is told.
    Loop::Task run = [handlers = handlers_, carried, reply = Reply(waiting)] {
      const auto handler = handlers->find(carried->operation->name);
      if (handler == handlers->end()) {
        reply.fail(not_found("this daemon does not offer `{}`", carried->operation->name));
      } else {
        handler->second(*carried, reply);
      }
    };
    if (!loop_.post(std::move(run)))
      return error_line(unavailable("the daemon is busy; nothing was done"), {});
    return await(caller, *waiting, operation);
  }

  std::string await(int caller, Waiting& waiting, const Operation& operation) {
    const Deadline deadline = deadline_in(operation.answer_within);
    while (true) {
      const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
          deadline - std::chrono::steady_clock::now());
      if (left.count() <= 0)
        return error_line(unavailable("no answer within {} s; it may still be done",
                                      operation.answer_within.count()),
                          {});
      pollfd watched[] = {
          {waiting.ready(), POLLIN, 0}, {stop_.get(), POLLIN, 0}, {caller, POLLRDHUP, 0}};
      const int wait = static_cast<int>(std::min<std::int64_t>(left.count() + 1, 60'000));
      if (::poll(watched, 3, wait) <= 0) continue;
      if (watched[0].revents != 0) return waiting.take();
      if (watched[1].revents != 0) return {};
      if ((watched[2].revents & (POLLHUP | POLLERR)) != 0) return {};
    }
  }

  const Options options_;
  Loop& loop_;
  const std::shared_ptr<const Handlers> handlers_;  // shared with posts that outlive the server
  const UniqueFd listener_;
  const UniqueFd stop_;
  std::vector<std::thread> doors_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<Server>> Server::open(Options options, Loop& loop,
                                                     Handlers handlers) {
  for (const auto& [name, handler] : handlers)
    if (find_operation(name) == nullptr) return invalid("there is no operation `{}`", name);
  LS_ASSIGN(UniqueFd stop, new_event());
  LS_ASSIGN(UniqueFd listener, listen_on(options));
  return std::make_unique<SocketServer>(std::move(options), loop, std::move(handlers),
                                        std::move(listener), std::move(stop));
}

}  // namespace latchstring::control
