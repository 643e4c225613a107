#include "gateway/control/client.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "gateway/base/status.h"
#include "gateway/control/control.h"
#include "gateway/control/socket.h"

namespace latchstring::control {
namespace {

constexpr std::size_t kPipeRead = 64 * 1024;
constexpr std::chrono::seconds kGrace{2};  // for the answer to travel

absl::StatusCode code_of(std::string_view name) {
  constexpr std::pair<std::string_view, absl::StatusCode> kCodes[] = {
      {"invalid_argument", absl::StatusCode::kInvalidArgument},
      {"not_found", absl::StatusCode::kNotFound},
      {"permission_denied", absl::StatusCode::kPermissionDenied},
      {"failed_precondition", absl::StatusCode::kFailedPrecondition},
      {"unavailable", absl::StatusCode::kUnavailable},
      {"resource_exhausted", absl::StatusCode::kResourceExhausted},
      {"data_loss", absl::StatusCode::kDataLoss}};
  for (const auto& [text, code] : kCodes)
    if (text == name) return code;
  return absl::StatusCode::kInternal;
}

// Appends without leaving copies of the secret behind: `line` has room for it.
void append_secret(std::string& line, std::string_view member, const Pin& pin) {
  std::string quoted = json::quote(pin.view());
  line += fmt::format("\"{}\":", member);
  line += quoted;
  wipe(quoted);
}

std::string line_of(const Call& call) {
  std::string line;
  line.reserve(call.arguments.text().size() + (call.pins.size() + 3) * (kPinMax * 6 + 200));
  line += fmt::format("{{\"v\":1,\"op\":{},\"args\":{}", json::quote(call.operation),
                      call.arguments.text());
  if (!call.pins.empty()) {
    line += ",\"pins\":[";
    for (const SignedBy& signer : call.pins) {
      if (line.back() == '}') line += ',';
      line += fmt::format("{{\"resident\":{},", json::quote(signer.resident));
      append_secret(line, "pin", signer.pin);
      line += '}';
    }
    line += ']';
  }
  for (const auto& [member, pin] :
       {std::pair<std::string_view, const Pin*>("new_pin", &call.new_pin),
        {"passphrase", &call.passphrase}}) {
    if (pin->empty()) continue;
    line += ',';
    append_secret(line, member, *pin);
  }
  line += "}\n";
  return line;
}

absl::StatusOr<UniqueFd> connect_to(const Path& socket) {
  const absl::Status nobody = unavailable("no daemon answers on `{}`", socket.string());
  absl::StatusOr<SocketAddress> address = socket_address(socket);
  if (!address.ok()) return nobody;
  UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!fd.valid()) return errno_status("making a socket");
  const timeval patience{kReadWithin.count(), 0};  // connect() waits while the backlog is full
  ::setsockopt(fd.get(), SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
  const auto* name = reinterpret_cast<const sockaddr*>(&address->name);
  if (::connect(fd.get(), name, sizeof address->name) == 0) return fd;
  if (errno == EAGAIN) return unavailable("the daemon is busy; try again");
  if (errno == EACCES || errno == EPERM)
    return denied("`{}` belongs to another user", socket.string());
  return nobody;
}

// Moves what is in the pipe to the sink. False at the pipe's end.
absl::StatusOr<bool> move_some(int pipe, const FileSink& sink) {
  std::array<std::uint8_t, kPipeRead> buffer;
  const ssize_t count = ::read(pipe, buffer.data(), buffer.size());
  if (count < 0) {
    if (errno == EINTR || errno == EAGAIN) return true;
    return errno_status("reading from the daemon");
  }
  if (count == 0) return false;
  LS_RETURN_IF_ERROR(sink({buffer.data(), static_cast<std::size_t>(count)}));
  return true;
}

// Until the daemon closes its end. A daemon that dies closes it too; its answer is then missing.
absl::Status take_file(int pipe, const FileSink& sink, Deadline deadline) {
  while (true) {
    if (wait_ready(pipe, POLLIN, -1, deadline) != 1)
      return unavailable("the daemon did not send the whole file in time");
    LS_ASSIGN(const bool more, move_some(pipe, sink));
    if (!more) return absl::OkStatus();
  }
}

absl::StatusOr<Answer> read_answer(std::string_view line) {
  json::Limits limits;
  limits.bytes = kLineMax;
  limits.fractions = true;
  LS_ASSIGN(json::Value value, json::parse(line, limits));
  auto* object = value.as<json::Object>();
  if (object == nullptr || object->size() != 2) return data_loss("the answer has another form");
  const auto& [version, one] = (*object)[0];
  auto& [kind, content] = (*object)[1];
  if (version != "v" || one.as<std::int64_t>() == nullptr || *one.as<std::int64_t>() != 1)
    return data_loss("the daemon speaks another version; restart it after an upgrade");
  Answer answer;
  if (kind == "ok" && content.as<json::Object>() != nullptr) {
    answer.result = std::move(content);
    return answer;
  }
  if (kind != "error") return data_loss("the answer has another form");
  json::Reader reader(content);
  const std::string code = reader.string("code", kWordMax);
  const std::string message = reader.string("message", kLineMax);
  answer.hint = reader.optional_string("hint", kLineMax);
  LS_RETURN_IF_ERROR(reader.done());
  answer.status = absl::Status(code_of(code), message);
  return answer;
}

absl::StatusOr<Answer> exchange(const Path& socket, const Call& call, const FileSink& sink) {
  const Operation* operation = find_operation(call.operation);
  if (operation == nullptr) return not_found("there is no operation `{}`", call.operation);
  LS_ASSIGN(const UniqueFd daemon, connect_to(socket));
  int ends[2] = {-1, -1};
  if (operation->takes_pipe && ::pipe2(ends, O_CLOEXEC) != 0) return errno_status("making a pipe");
  const UniqueFd reading(ends[0]);
  UniqueFd writing(ends[1]);
  std::string line = line_of(call);
  const absl::Status sent =
      send_line(daemon.get(), line, writing.get(), -1, deadline_in(kReadWithin));
  wipe(line);
  writing.reset();
  const Deadline deadline = deadline_in(operation->answer_within + kGrace);
  if (sent.ok() && reading.valid()) LS_RETURN_IF_ERROR(take_file(reading.get(), sink, deadline));
  // A daemon that refuses before it has read everything still says why.
  absl::StatusOr<ReceivedLine> got = receive_line(daemon.get(), kLineMax, -1, deadline);
  if (!got.ok()) return sent.ok() ? within("the daemon gave no answer", got.status()) : sent;
  return read_answer(got->text);
}

}  // namespace

Answer call(const Path& socket, Call call, const FileSink& sink) {
  absl::StatusOr<Answer> answer = exchange(socket, call, sink);
  if (answer.ok()) return *std::move(answer);
  Answer failed;
  failed.status = answer.status();
  if (absl::IsUnavailable(failed.status)) failed.hint = "is latchstringd running?";
  return failed;
}

}  // namespace latchstring::control
