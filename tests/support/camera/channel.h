// One channel of the test camera: a thread that makes pictures at a steady rate, draws the cells,
// and feeds them into whatever pipeline the RTSP server has open for this mount point. Threads:
// feed() runs on the channel's own; attach() on the server's; the faults on any.
#pragma once

#include <absl/status/statusor.h>
#include <gst/app/gstappsrc.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "gateway/base/time.h"
#include "tests/support/camera/film.h"

namespace latchstring::test {

struct ChannelOptions {
  std::string film;     // decoded, scaled, marked with cells and encoded
  std::string encoded;  // or: sent as it is
  std::string codec = "h264";
  std::string audio = "none";
  int width = 768;
  int height = 576;
  int fps = 10;
  int bitrate_kbps = 1000;
  int gop = 20;
  bool cells = true;
};

class Channel {
 public:
  static absl::StatusOr<std::unique_ptr<Channel>> open(const ChannelOptions& options);
  ~Channel();
  Channel(const Channel&) = delete;
  Channel& operator=(const Channel&) = delete;

  // For gst_rtsp_media_factory_set_launch().
  std::string launch_line() const;
  // The pipeline that was made of it.
  void attach(GstElement* bin);

  // Faults.
  void freeze(bool on) { frozen_ = on; }
  void jump(double seconds) { jump_s_ = jump_s_ + seconds; }

  double jumped_s() const { return jump_s_; }

 private:
  explicit Channel(ChannelOptions options) : options_(std::move(options)) {}
  void feed();
  using SteadyTime = std::chrono::steady_clock::time_point;
  absl::StatusOr<media::gst::Buffer> next_picture(std::uint64_t number, Instant taken);
  void push(media::gst::Buffer picture, SteadyTime taken);

  const ChannelOptions options_;
  std::atomic<bool> stopping_ = false;
  std::atomic<bool> frozen_ = false;
  std::atomic<double> jump_s_ = 0;

  // Channel thread only, once it runs.
  std::unique_ptr<Film> film_;
  CodedFilm coded_;
  double fps_ = 0;

  std::mutex mutex_;
  media::gst::Element source_;      // guarded by mutex_: null while nobody watches
  media::gst::Element audio_gate_;  // guarded by mutex_
  bool begun_ = false;              // guarded by mutex_: a picture went into source_
  GstClockTime base_ = 0;           // guarded by mutex_: running time of that picture
  SteadyTime begun_at_;             // guarded by mutex_: when it was taken

  std::thread thread_;
};

}  // namespace latchstring::test
