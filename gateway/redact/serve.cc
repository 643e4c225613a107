#include "gateway/redact/serve.h"

#include "gateway/base/ensure.h"
#include "gateway/base/status.h"
#include "gateway/redact/messages.h"

namespace latchstring::redact {
namespace {

absl::Status say(worker::Channel& channel, Say what, ByteView body = {}) {
  return channel.send(static_cast<std::uint8_t>(what), body);
}

class AskedFootage final : public FootageReader {
 public:
  AskedFootage(worker::Channel& channel, StreamInfo info)
      : channel_(channel), info_(std::move(info)) {}

  const StreamInfo& info() const override { return info_; }

  absl::StatusOr<std::optional<AccessUnit>> next() override {
    LS_RETURN_IF_ERROR(say(channel_, Say::next));
    LS_ASSIGN(const worker::Message message, channel_.receive());
    if (message.type == static_cast<std::uint8_t>(Say::end)) return std::nullopt;
    if (message.type != static_cast<std::uint8_t>(Say::unit)) return data_loss("no unit came");
    LS_ASSIGN(AccessUnit unit, decode_unit(message.body));
    return unit;
  }

  absl::Status rewind() override { return say(channel_, Say::rewind); }

 private:
  worker::Channel& channel_;
  const StreamInfo info_;
};

class ToldOutput final : public Output {
 public:
  explicit ToldOutput(worker::Channel& channel) : channel_(channel) {}
  absl::Status format(const OutputFormat& format) override {
    return say(channel_, Say::format, encode_format(format));
  }
  absl::Status frame(std::uint64_t index, const AccessUnit& unit,
                     const FrameRegions& regions) override {
    return say(channel_, Say::frame, encode_frame(index, unit, regions));
  }
  absl::Status sound(const AccessUnit& unit) override {
    return say(channel_, Say::sound, encode_unit(unit));
  }
  absl::Status image(ByteView bytes, const FrameRegions& regions) override {
    return say(channel_, Say::image, encode_image_message(bytes, regions));
  }

 private:
  worker::Channel& channel_;
};

}  // namespace

absl::Status serve(worker::Channel& channel) {
  LS_RETURN_IF_ERROR(say(channel, Say::ready));
  LS_ASSIGN(const worker::Message message, channel.receive());
  if (message.type != static_cast<std::uint8_t>(Say::job)) return data_loss("no job came");
  LS_ASSIGN(const JobMessage order, decode_job(message.body));
  AskedFootage footage(channel, order.info);
  ToldOutput output(channel);
  const absl::Status result = run(order.job, footage, output);
  if (!result.ok()) return say(channel, Say::failed, encode_failure(result));
  return say(channel, Say::done);
}

}  // namespace latchstring::redact
