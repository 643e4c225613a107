// Speaks the real worker's protocol from within the real sandbox, and then breaks it. What it does
// stands in the job's watermark.
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdlib>
#include <thread>

#include "gateway/base/status.h"
#include "gateway/redact/messages.h"
#include "gateway/worker/sandbox.h"

namespace latchstring::redact {
namespace {

absl::Status say(worker::Channel& channel, Say what, ByteView body = {}) {
  return channel.send(static_cast<std::uint8_t>(what), body);
}

absl::Status read_pass(worker::Channel& channel, int most) {
  for (int i = 0; i < most; ++i) {
    LS_RETURN_IF_ERROR(say(channel, Say::next));
    LS_ASSIGN(const worker::Message message, channel.receive());
    if (message.type == static_cast<std::uint8_t>(Say::end)) break;
  }
  return absl::OkStatus();
}

OutputFormat some_format() {
  return {{320, 240, 1, 1, "bt709"}, {1, 100, 0, 31, 255, 225, 0, 0}, Sound::none};
}

absl::Status betray(worker::Channel& channel, const std::string& how) {
  LS_RETURN_IF_ERROR(read_pass(channel, 5));
  if (how == "open a file") static_cast<void>(::open("/etc/hostname", O_RDONLY | O_CLOEXEC));
  if (how == "open a socket") static_cast<void>(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (how == "crash") std::abort();
  if (how == "vanish") ::_exit(0);
  if (how == "hang") std::this_thread::sleep_for(std::chrono::hours{1});
  if (how == "format too early") LS_RETURN_IF_ERROR(say(channel, Say::format));
  if (how == "parent's words") LS_RETURN_IF_ERROR(say(channel, Say::unit));
  // As the real worker would, but of half the footage.
  if (how == "rewind early") LS_RETURN_IF_ERROR(say(channel, Say::rewind));
  if (how == "done early") return say(channel, Say::done);
  LS_RETURN_IF_ERROR(read_pass(channel, 1'000'000));
  if (how == "next after the end") LS_RETURN_IF_ERROR(say(channel, Say::next));
  LS_RETURN_IF_ERROR(say(channel, Say::rewind));
  if (how == "half of the second pass") {
    LS_RETURN_IF_ERROR(read_pass(channel, 5));
    return say(channel, Say::done);
  }
  LS_RETURN_IF_ERROR(read_pass(channel, 1'000'000));
  if (how == "rewind twice") LS_RETURN_IF_ERROR(say(channel, Say::rewind));
  if (how == "nonsense") LS_RETURN_IF_ERROR(say(channel, Say::format, Bytes(40, 0xFF)));
  if (how == "image")
    LS_RETURN_IF_ERROR(say(channel, Say::image, encode_image_message(Bytes(9), {})));
  LS_RETURN_IF_ERROR(say(channel, Say::format, encode_format(some_format())));
  AccessUnit unit;
  unit.is_key = true;
  unit.data = {0, 0, 0, 1, 0x65};
  FrameRegions outside;
  outside.boxes = {{Why::moving, 300, 0, 100, 10}};
  if (how == "region outside") {
    LS_RETURN_IF_ERROR(say(channel, Say::frame, encode_frame(0, unit, outside)));
  }
  if (how == "skip a frame") {
    LS_RETURN_IF_ERROR(say(channel, Say::frame, encode_frame(1, unit, {})));
  }
  if (how == "sound") LS_RETURN_IF_ERROR(say(channel, Say::sound, encode_unit(unit)));
  LS_RETURN_IF_ERROR(say(channel, Say::frame, encode_frame(0, unit, {})));
  return say(channel, Say::done);  // one frame only
}

absl::Status work() {
  LS_ASSIGN(worker::Channel channel, worker::open_channel());
  LS_RETURN_IF_ERROR(worker::enter_sandbox());
  LS_RETURN_IF_ERROR(say(channel, Say::ready));
  LS_ASSIGN(const worker::Message message, channel.receive());
  LS_ASSIGN(const JobMessage order, decode_job(message.body));
  return betray(channel, order.job.plan.watermark);
}

}  // namespace
}  // namespace latchstring::redact

int main() {
  ::_exit(latchstring::redact::work().ok() ? 0 : 1);
}
