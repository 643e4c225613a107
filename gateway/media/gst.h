// GStreamer's handles as C++ owners. Only this module includes GStreamer; callbacks it calls are
// noexcept.
#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>
#include <gst/gst.h>

#include <memory>
#include <string>

namespace latchstring::media::gst {

struct Unref {
  void operator()(GstElement* element) const { gst_object_unref(element); }
  void operator()(GstBus* bus) const { gst_object_unref(bus); }
  void operator()(GstPad* pad) const { gst_object_unref(pad); }
  void operator()(GstCaps* caps) const { gst_caps_unref(caps); }
  void operator()(GstSample* sample) const { gst_sample_unref(sample); }
  void operator()(GstBuffer* buffer) const { gst_buffer_unref(buffer); }
  void operator()(GstMessage* message) const { gst_message_unref(message); }
  void operator()(GError* error) const { g_error_free(error); }
  void operator()(char* text) const { g_free(text); }
};

using Element = std::unique_ptr<GstElement, Unref>;
using Bus = std::unique_ptr<GstBus, Unref>;
using Pad = std::unique_ptr<GstPad, Unref>;
using Caps = std::unique_ptr<GstCaps, Unref>;
using Sample = std::unique_ptr<GstSample, Unref>;
using Buffer = std::unique_ptr<GstBuffer, Unref>;
using Message = std::unique_ptr<GstMessage, Unref>;
using Error = std::unique_ptr<GError, Unref>;
using Text = std::unique_ptr<char, Unref>;

// A pipeline is set to NULL before it goes, which joins its streaming threads.
struct StopAndUnref {
  void operator()(GstElement* pipeline) const;
};
using Pipeline = std::unique_ptr<GstElement, StopAndUnref>;

// Starts GStreamer once; any thread. Every function of this module that needs it calls it.
void start();

// From gst-launch(1) syntax. Internal: says what is wrong, or which plugin is missing.
absl::StatusOr<Pipeline> parse_pipeline(const std::string& description);
// A new element; Internal when its plugin is not installed, naming the element.
absl::StatusOr<Element> make_element(const char* factory);
// A new reference to a named element of a bin; the name must exist.
Element child(GstElement* bin, const char* name);

Bus bus_of(GstElement* pipeline);
// The error of a GST_MESSAGE_ERROR: the library's own words, without its debug text.
absl::Status error_of(GstMessage* message);
// Waits until the pipeline has a message of `types`, or null after the time-out.
Message wait_for(GstBus* bus, GstClockTime timeout, GstMessageType types);

std::string to_text(const GstCaps* caps);
// InvalidArgument when the text is not caps.
absl::StatusOr<Caps> caps_from_text(const std::string& text);

}  // namespace latchstring::media::gst
