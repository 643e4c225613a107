#include "gateway/media/codecs.h"

#include <cstdlib>
#include <mutex>

#include "gateway/base/status.h"
#include "gateway/media/gst.h"

namespace latchstring::media {
namespace {

constexpr const char* kPlugins[] = {
    "coreelements", "app",           "libav", "x264", "alaw", "mulaw",
    "audioconvert", "audioresample", "png",   "jpeg", "opus",
};

// GLib's own writer asks the kernel about stderr, which ends a sandboxed process; what went wrong
// is said by statuses.
GLogWriterOutput say_nothing(GLogLevelFlags, const GLogField*, gsize, gpointer) noexcept {
  return G_LOG_WRITER_HANDLED;
}

}  // namespace

absl::Status start_codecs() {
  static std::once_flag once;
  std::call_once(once, [] { g_log_set_writer_func(say_nothing, nullptr, nullptr); });
  ::setenv("GST_REGISTRY_DISABLE", "yes", 1);
  gst::start();
  for (const char* name : kPlugins) {
    const std::string file = fmt::format("{}/libgst{}.so", LATCHSTRING_GST_PLUGINS, name);
    GError* raw = nullptr;
    GstPlugin* const plugin = gst_plugin_load_file(file.c_str(), &raw);
    const gst::Error error(raw);
    if (plugin == nullptr) {
      return not_found("cannot load the GStreamer plugin `{}`: {}", file,
                       error ? error->message : "unknown reason");
    }
    gst_object_unref(plugin);
  }
  return absl::OkStatus();
}

}  // namespace latchstring::media
