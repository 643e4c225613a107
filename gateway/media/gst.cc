#include "gateway/media/gst.h"

#include <mutex>

#include "gateway/base/ensure.h"
#include "gateway/base/status.h"

namespace latchstring::media::gst {

void StopAndUnref::operator()(GstElement* pipeline) const {
  gst_element_set_state(pipeline, GST_STATE_NULL);
  gst_object_unref(pipeline);
}

void start() {
  static std::once_flag once;
  std::call_once(once, [] {
    // No child process to scan plugins: a daemon does not fork behind its own back.
    gst_registry_fork_set_enabled(FALSE);
    gst_init(nullptr, nullptr);
  });
}

absl::StatusOr<Pipeline> parse_pipeline(const std::string& description) {
  start();
  GError* raw = nullptr;
  GstElement* made =
      gst_parse_launch_full(description.c_str(), nullptr, GST_PARSE_FLAG_FATAL_ERRORS, &raw);
  const Error error(raw);
  if (made == nullptr) {
    return internal("cannot make a video pipeline: {}", error ? error->message : "unknown reason");
  }
  gst_object_ref_sink(made);
  if (GST_IS_PIPELINE(made)) return Pipeline(made);
  // A single element comes without a pipeline around it.
  GstElement* pipeline = gst_pipeline_new(nullptr);
  gst_object_ref_sink(pipeline);
  gst_bin_add(GST_BIN(pipeline), made);
  gst_object_unref(made);
  return Pipeline(pipeline);
}

absl::StatusOr<Element> make_element(const char* factory) {
  start();
  GstElement* element = gst_element_factory_make(factory, nullptr);
  if (element == nullptr) return internal("the GStreamer element `{}` is not installed", factory);
  gst_object_ref_sink(element);
  return Element(element);
}

Element child(GstElement* bin, const char* name) {
  GstElement* found = gst_bin_get_by_name(GST_BIN(bin), name);
  ensure(found != nullptr);
  return Element(found);
}

Bus bus_of(GstElement* pipeline) {
  return Bus(gst_element_get_bus(pipeline));
}

absl::Status error_of(GstMessage* message) {
  GError* raw = nullptr;
  gst_message_parse_error(message, &raw, nullptr);
  const Error error(raw);
  return internal("{}", error ? error->message : "unknown video error");
}

Message wait_for(GstBus* bus, GstClockTime timeout, GstMessageType types) {
  return Message(gst_bus_timed_pop_filtered(bus, timeout, types));
}

std::string to_text(const GstCaps* caps) {
  const Text text(gst_caps_to_string(caps));
  return text.get();
}

absl::StatusOr<Caps> caps_from_text(const std::string& text) {
  start();
  GstCaps* caps = gst_caps_from_string(text.c_str());
  if (caps == nullptr) return invalid("`{}` is not a stream format", text.substr(0, 200));
  return Caps(caps);
}

}  // namespace latchstring::media::gst
