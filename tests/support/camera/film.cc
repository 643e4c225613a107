#include "tests/support/camera/film.h"

#include <gst/app/gstappsink.h>

#include "gateway/base/status.h"

namespace latchstring::test {

namespace gst = media::gst;

namespace {

constexpr GstClockTime kPullTimeout = 10 * GST_SECOND;

absl::Status error_on_bus(GstElement* pipeline, const std::string& what) {
  const gst::Bus bus = gst::bus_of(pipeline);
  const gst::Message message = gst::wait_for(bus.get(), 0, GST_MESSAGE_ERROR);
  if (!message) return internal("{}: no picture comes", what);
  return within(what, gst::error_of(message.get()));
}

}  // namespace

Film::Film(gst::Pipeline pipeline)
    : pipeline_(std::move(pipeline)), sink_(gst::child(pipeline_.get(), "out")) {}

absl::StatusOr<std::unique_ptr<Film>> Film::open(const std::string& path, int width, int height) {
  LS_ASSIGN(gst::Pipeline pipeline,
            gst::parse_pipeline(fmt::format(
                "filesrc name=in ! decodebin ! videoconvert ! videoscale add-borders=false ! "
                "video/x-raw,format=I420,width={},height={},pixel-aspect-ratio=1/1 ! "
                "appsink name=out sync=false max-buffers=2",
                width, height)));
  const gst::Element source = gst::child(pipeline.get(), "in");
  g_object_set(source.get(), "location", path.c_str(), nullptr);
  gst_element_set_state(pipeline.get(), GST_STATE_PLAYING);
  return std::unique_ptr<Film>(new Film(std::move(pipeline)));
}

absl::StatusOr<gst::Buffer> Film::next() {
  for (int turn = 0; turn < 2; ++turn) {
    const gst::Sample sample(gst_app_sink_try_pull_sample(GST_APP_SINK(sink_.get()), kPullTimeout));
    if (sample) {
      gst::Buffer copy(gst_buffer_copy_deep(gst_sample_get_buffer(sample.get())));
      GST_BUFFER_PTS(copy.get()) = GST_BUFFER_DTS(copy.get()) = GST_CLOCK_TIME_NONE;
      return copy;
    }
    if (!gst_app_sink_is_eos(GST_APP_SINK(sink_.get()))) break;
    gst_element_seek_simple(pipeline_.get(), GST_FORMAT_TIME, GST_SEEK_FLAG_FLUSH, 0);
  }
  return error_on_bus(pipeline_.get(), "film");
}

absl::StatusOr<CodedFilm> read_coded_film(const std::string& path, const std::string& codec) {
  LS_ASSIGN(const gst::Pipeline pipeline,
            gst::parse_pipeline(fmt::format(
                "filesrc name=in ! parsebin ! {}parse config-interval=-1 ! "
                "video/x-{},stream-format=byte-stream,alignment=au ! appsink name=out sync=false",
                codec, codec)));
  const gst::Element source = gst::child(pipeline.get(), "in");
  g_object_set(source.get(), "location", path.c_str(), nullptr);
  const gst::Element sink = gst::child(pipeline.get(), "out");
  gst_element_set_state(pipeline.get(), GST_STATE_PLAYING);
  CodedFilm film;
  while (const gst::Sample sample{
      gst_app_sink_try_pull_sample(GST_APP_SINK(sink.get()), kPullTimeout)}) {
    if (!film.caps) film.caps.reset(gst_caps_copy(gst_sample_get_caps(sample.get())));
    film.units.emplace_back(gst_buffer_copy_deep(gst_sample_get_buffer(sample.get())));
  }
  if (film.units.empty()) return error_on_bus(pipeline.get(), path);
  int numerator = 0, denominator = 0;
  const GstStructure* fields = gst_caps_get_structure(film.caps.get(), 0);
  if (gst_structure_get_fraction(fields, "framerate", &numerator, &denominator) && numerator > 0) {
    film.fps = static_cast<double>(numerator) / denominator;
  }
  return film;
}

}  // namespace latchstring::test
