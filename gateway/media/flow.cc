#include "gateway/media/flow.h"

#include <gst/app/gstappsink.h>
#include <gst/app/gstappsrc.h>

#include "gateway/base/status.h"
#include "gateway/media/decode.h"

namespace latchstring::media {
namespace {

constexpr GstClockTime kPatience =
    std::chrono::duration_cast<std::chrono::nanoseconds>(kDecoderPatience).count();

void free_bytes(gpointer bytes) noexcept {
  delete static_cast<Bytes*>(bytes);
}

}  // namespace

absl::StatusOr<std::unique_ptr<Flow>> Flow::open(std::string what, const std::string& description,
                                                 const GstCaps* in_caps,
                                                 std::uint64_t waiting_max) {
  LS_ASSIGN(gst::Pipeline pipeline, gst::parse_pipeline(description));
  std::unique_ptr<Flow> flow(new Flow(std::move(what), std::move(pipeline), waiting_max));
  g_object_set(flow->in_.get(), "caps", in_caps, "format", GST_FORMAT_TIME, "max-bytes", guint64{0},
               nullptr);
  if (gst_element_set_state(flow->pipeline_.get(), GST_STATE_PLAYING) == GST_STATE_CHANGE_FAILURE) {
    LS_RETURN_IF_ERROR(flow->check_bus(0));
    return internal("{}: the pipeline does not start", flow->what_);
  }
  return flow;
}

Flow::Flow(std::string what, gst::Pipeline pipeline, std::uint64_t waiting_max)
    : what_(std::move(what)),
      pipeline_(std::move(pipeline)),
      in_(gst::child(pipeline_.get(), "in")),
      out_(gst::child(pipeline_.get(), "out")),
      bus_(gst::bus_of(pipeline_.get())),
      waiting_max_(waiting_max) {}

absl::Status Flow::check_bus(GstClockTime timeout) const {
  const gst::Message message = gst::wait_for(bus_.get(), timeout, GST_MESSAGE_ERROR);
  if (message == nullptr) return absl::OkStatus();
  return within(what_, gst::error_of(message.get()));
}

absl::Status Flow::push(gst::Buffer buffer) {
  ++waiting_;
  const GstFlowReturn flow = gst_app_src_push_buffer(GST_APP_SRC(in_.get()), buffer.release());
  if (flow == GST_FLOW_OK) return absl::OkStatus();
  LS_RETURN_IF_ERROR(check_bus(GST_SECOND));
  return internal("{}: {}", what_, gst_flow_get_name(flow));
}

absl::Status Flow::finish() {
  finished_ = true;
  if (gst_app_src_end_of_stream(GST_APP_SRC(in_.get())) == GST_FLOW_OK) return absl::OkStatus();
  return internal("{}: the stream does not end", what_);
}

absl::StatusOr<gst::Sample> Flow::pull() {
  GstAppSink* const sink = GST_APP_SINK(out_.get());
  const bool must = finished_ || waiting_ >= waiting_max_;
  // Short waits, so that an error on the bus is not waited out.
  constexpr GstClockTime step = 50 * GST_MSECOND;
  for (GstClockTime waited = 0; waited <= kPatience; waited += step) {
    gst::Sample sample(gst_app_sink_try_pull_sample(sink, must ? step : 0));
    if (sample != nullptr) {
      if (waiting_ > 0) --waiting_;
      return sample;
    }
    LS_RETURN_IF_ERROR(check_bus(0));
    if (!must || gst_app_sink_is_eos(sink)) return gst::Sample{};
  }
  return internal("{}: nothing came for {} s", what_,
                  std::chrono::duration_cast<std::chrono::seconds>(kDecoderPatience).count());
}

std::string_view name_of(const GstCaps* caps) {
  if (gst_caps_get_size(caps) == 0) return {};
  return gst_structure_get_name(gst_caps_get_structure(caps, 0));
}

gst::Buffer buffer_of(Bytes bytes) {
  auto* const kept = new Bytes(std::move(bytes));
  return gst::Buffer(gst_buffer_new_wrapped_full(static_cast<GstMemoryFlags>(0), kept->data(),
                                                 kept->size(), 0, kept->size(), kept, free_bytes));
}

absl::StatusOr<Bytes> bytes_of(GstBuffer* buffer) {
  Bytes bytes(gst_buffer_get_size(buffer));
  if (gst_buffer_extract(buffer, 0, bytes.data(), bytes.size()) != bytes.size()) {
    return internal("cannot read a buffer of the video pipeline");
  }
  return bytes;
}

}  // namespace latchstring::media
