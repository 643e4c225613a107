// What a hijacked worker may send: the framing, and every message the parent decodes. What parses
// is printed, and parses again.
#include <algorithm>

#include "gateway/base/ensure.h"
#include "gateway/redact/messages.h"
#include "gateway/worker/channel.h"

using namespace latchstring;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  worker::Unframer unframer;
  for (std::size_t at = 0; at < size; at += 7) {
    if (!unframer.feed({data + at, std::min<std::size_t>(7, size - at)}).ok()) break;
    while (const auto message = unframer.next()) ensure(message->body.size() <= size);
  }
  const ByteView body{data, size};
  if (const auto frame = redact::decode_frame(body); frame.ok()) {
    ensure(redact::encode_frame(frame->index, frame->unit, frame->regions) ==
           Bytes(body.begin(), body.end()));
  }
  if (const auto unit = redact::decode_unit(body); unit.ok()) {
    ensure(redact::encode_unit(*unit) == Bytes(body.begin(), body.end()));
  }
  if (const auto format = redact::decode_format(body); format.ok()) {
    ensure(redact::encode_format(*format) == Bytes(body.begin(), body.end()));
  }
  if (const auto image = redact::decode_image_message(body); image.ok()) {
    ensure(image->bytes.size() <= size);
  }
  if (const auto failure = redact::decode_failure(body); failure.ok()) ensure(!failure->ok());
  if (const auto job = redact::decode_job(body); job.ok()) {
    static_cast<void>(redact::check_plan(job->job.plan).status());
  }
  return 0;
}
