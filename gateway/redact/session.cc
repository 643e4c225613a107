#include "gateway/base/status.h"
#include "gateway/redact/messages.h"
#include "gateway/redact/redact.h"

namespace latchstring::redact {
namespace {

// The parent's side of one job.
class Session {
 public:
  Session(worker::Process& process, FootageReader& footage, Output& output)
      : process_(process), footage_(footage), output_(output) {}

  absl::Status operator()(const Job& job) {
    LS_ASSIGN(const worker::Message first, process_.receive());
    if (first.type != static_cast<std::uint8_t>(Say::ready)) return unexpected(first.type);
    LS_RETURN_IF_ERROR(say(Say::job, encode_job({job, footage_.info()})));
    // An image is made of the first kept picture; what follows it need not be read again.
    needs_all_ = !job.image.has_value();
    for (;;) {
      LS_ASSIGN(const worker::Message message, process_.receive());
      switch (static_cast<Say>(message.type)) {
        case Say::done:
          // A decoder that hostile footage took over must not be able to leave out the end.
          if (!rewound_ || (needs_all_ && !ended_)) return unexpected(message.type);
          return process_.wait_for_end();
        case Say::failed: {
          LS_ASSIGN(const absl::Status status, decode_failure(message.body));
          return status;
        }
        default:
          LS_RETURN_IF_ERROR(answer(message));
      }
    }
  }

 private:
  absl::Status say(Say what, ByteView body = {}) {
    return process_.send(static_cast<std::uint8_t>(what), body);
  }

  static absl::Status unexpected(std::uint8_t type) {
    return data_loss("the worker sent message {} where it must not", type);
  }

  absl::Status answer(const worker::Message& message) {
    switch (static_cast<Say>(message.type)) {
      case Say::next:
        if (ended_) return unexpected(message.type);
        return give_unit();
      case Say::rewind:
        // Nor to take for the whole what it read of the first pass.
        if (rewound_ || !ended_) return unexpected(message.type);
        rewound_ = true;
        ended_ = false;
        return footage_.rewind();
      case Say::format: {
        if (!rewound_ || has_format_) return unexpected(message.type);
        has_format_ = true;
        LS_ASSIGN(const OutputFormat format, decode_format(message.body));
        return output_.format(format);
      }
      case Say::frame: {
        if (!has_format_) return unexpected(message.type);
        LS_ASSIGN(const FrameMessage frame, decode_frame(message.body));
        return output_.frame(frame.index, frame.unit, frame.regions);
      }
      case Say::sound: {
        if (!has_format_) return unexpected(message.type);
        LS_ASSIGN(const AccessUnit unit, decode_unit(message.body));
        return output_.sound(unit);
      }
      case Say::image: {
        if (!rewound_) return unexpected(message.type);
        LS_ASSIGN(const ImageMessage image, decode_image_message(message.body));
        return output_.image(image.bytes, image.regions);
      }
      default:
        return unexpected(message.type);
    }
  }

  absl::Status give_unit() {
    LS_ASSIGN(const std::optional<AccessUnit> unit, footage_.next());
    if (!unit.has_value()) {
      ended_ = true;
      return say(Say::end);
    }
    if (unit->data.size() > kUnitBytesMax) {
      return exhausted("a picture of {} bytes is larger than {}", unit->data.size(), kUnitBytesMax);
    }
    return say(Say::unit, encode_unit(*unit));
  }

  worker::Process& process_;
  FootageReader& footage_;
  Output& output_;
  bool needs_all_ = true;
  bool ended_ = false;    // this pass's last unit was given, and its end said
  bool rewound_ = false;  // the second pass
  bool has_format_ = false;
};

}  // namespace

absl::Status run_in_worker(const Settings& settings, const Job& job, FootageReader& footage,
                           Output& output, const worker::Cancel& cancel) {
  // What can be refused without a picture is refused before a process exists.
  LS_RETURN_IF_ERROR(check_plan(job.plan).status());
  Path program = settings.worker_program;
  if (program.empty()) {
    LS_ASSIGN(program, worker::worker_beside_us());
  }
  LS_ASSIGN(const auto process, worker::Process::spawn(program, settings.limits, cancel));
  return Session(*process, footage, output)(job);
}

}  // namespace latchstring::redact
