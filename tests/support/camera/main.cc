// latchstring-test-camera: serves a film as the looping RTSP stream of a camera or of a recorder
// with several channels, with faults on demand. Prints one `ready URL` line for each channel, then
// `ok` after each command it reads from standard input: kFooter has them.
#include <gst/rtsp-server/rtsp-server.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <iostream>
#include <sstream>

#include "gateway/base/ensure.h"
#include "gateway/base/status.h"
#include "tests/support/camera/channel.h"

namespace latchstring::test {
namespace {

struct Options {
  ChannelOptions channel;
  int channels = 1;
  int port = 0;
  std::string path = "/stream";
  std::string user;
  std::string password;
  std::string auth = "digest";
};

class Camera {
 public:
  explicit Camera(Options options) : options_(std::move(options)) {}

  absl::Status open() {
    server_ = gst_rtsp_server_new();
    gst_rtsp_server_set_address(server_, "127.0.0.1");
    gst_rtsp_server_set_service(server_, std::to_string(options_.port).c_str());
    set_password();
    GstRTSPMountPoints* const mounts = gst_rtsp_server_get_mount_points(server_);
    for (int i = 1; i <= options_.channels; ++i) {
      LS_ASSIGN(auto channel, Channel::open(options_.channel));
      gst_rtsp_mount_points_add_factory(mounts, path_of(i).c_str(), make_factory(channel.get()));
      channels_.push_back(std::move(channel));
    }
    g_object_unref(mounts);
    return accept();
  }

  void announce() const {
    for (int i = 1; i <= options_.channels; ++i) {
      std::printf("ready rtsp://127.0.0.1:%d%s\n", gst_rtsp_server_get_bound_port(server_),
                  path_of(i).c_str());
    }
    std::fflush(stdout);
  }

  // False: quit.
  bool obey(const std::string& line) {
    std::istringstream words(line);
    std::string word, argument;
    words >> word >> argument;
    const char* answer = "ok";
    if (word == "quit") return false;
    if (word == "drop") {
      drop();
    } else if (word == "freeze" || word == "thaw") {
      for (const auto& channel : channels_) channel->freeze(word == "freeze");
    } else if (word == "jump") {
      for (const auto& channel : channels_) channel->jump(std::atof(argument.c_str()));
    } else if (word == "refuse") {
      refuse();
    } else if (word == "accept") {
      if (!accept().ok()) return false;
    } else if (word == "password") {
      options_.password = argument;
      set_password();
    } else {
      answer = "unknown";
    }
    std::printf("%s %s\n", answer, word.c_str());
    std::fflush(stdout);
    return true;
  }

 private:
  std::string path_of(int channel) const {
    return channel == 1 ? options_.path : options_.path + std::to_string(channel);
  }

  GstRTSPMediaFactory* make_factory(Channel* channel) const {
    GstRTSPMediaFactory* const factory = gst_rtsp_media_factory_new();
    gst_rtsp_media_factory_set_launch(factory, channel->launch_line().c_str());
    gst_rtsp_media_factory_set_shared(factory, TRUE);
    gst_rtsp_media_factory_set_protocols(factory, GST_RTSP_LOWER_TRANS_TCP);
    gst_rtsp_media_factory_add_role(factory, "user", GST_RTSP_PERM_MEDIA_FACTORY_ACCESS,
                                    G_TYPE_BOOLEAN, TRUE, GST_RTSP_PERM_MEDIA_FACTORY_CONSTRUCT,
                                    G_TYPE_BOOLEAN, TRUE, nullptr);
    g_signal_connect(factory, "media-configure", G_CALLBACK(configure), channel);
    return factory;
  }

  static void configure(GstRTSPMediaFactory*, GstRTSPMedia* media, gpointer channel) noexcept {
    GstElement* const bin = gst_rtsp_media_get_element(media);
    static_cast<Channel*>(channel)->attach(bin);
    gst_object_unref(bin);
    // The channels keep the time: what is encoded is sent at once, not when a sink's clock says so.
    gst_rtsp_media_set_rate_control(media, FALSE);
  }

  void set_password() {
    if (options_.user.empty()) return;
    GstRTSPAuth* const auth = gst_rtsp_auth_new();
    GstRTSPToken* const token =
        gst_rtsp_token_new(GST_RTSP_TOKEN_MEDIA_FACTORY_ROLE, G_TYPE_STRING, "user", nullptr);
    if (options_.auth == "basic") {
      gchar* const basic =
          gst_rtsp_auth_make_basic(options_.user.c_str(), options_.password.c_str());
      gst_rtsp_auth_add_basic(auth, basic, token);
      g_free(basic);
    } else {
      gst_rtsp_auth_set_supported_methods(auth, GST_RTSP_AUTH_DIGEST);
      gst_rtsp_auth_add_digest(auth, options_.user.c_str(), options_.password.c_str(), token);
    }
    gst_rtsp_token_unref(token);
    gst_rtsp_server_set_auth(server_, auth);
    g_object_unref(auth);
  }

  absl::Status accept() {
    if (listening_ != nullptr) return absl::OkStatus();
    GError* raw = nullptr;
    listening_ = gst_rtsp_server_create_source(server_, nullptr, &raw);
    const media::gst::Error error(raw);
    if (listening_ == nullptr) return unavailable("cannot listen: {}", error->message);
    g_source_attach(listening_, nullptr);
    // The same port after `refuse`.
    gst_rtsp_server_set_service(server_,
                                std::to_string(gst_rtsp_server_get_bound_port(server_)).c_str());
    return absl::OkStatus();
  }

  void refuse() {
    if (listening_ == nullptr) return;
    g_source_destroy(listening_);
    g_source_unref(listening_);
    listening_ = nullptr;
  }

  void drop() {
    GList* const kept = gst_rtsp_server_client_filter(
        server_, [](GstRTSPServer*, GstRTSPClient*, gpointer) { return GST_RTSP_FILTER_REMOVE; },
        nullptr);
    g_list_free_full(kept, g_object_unref);
  }

  Options options_;
  GstRTSPServer* server_ = nullptr;
  GSource* listening_ = nullptr;
  std::vector<std::unique_ptr<Channel>> channels_;
};

constexpr std::string_view kFooter =
    "It prints `ready URL` for each channel and obeys one command a line on standard input:\n"
    "  drop             close every connection\n"
    "  freeze, thaw     send no more pictures or sound, the connections stay open; go on\n"
    "  jump SECONDS     the media clock (RTP timestamps) jumps\n"
    "  refuse, accept   refuse new connections; take them again\n"
    "  password WORD    from now on this is the right password\n"
    "  quit             so does the end of standard input\n"
    "It answers `ok COMMAND`; one that it does not know gets `unknown COMMAND`.\n"
    "Examples:\n"
    "  latchstring-test-camera --port 8554 --audio aac\n"
    "  latchstring-test-camera --user viewer --password secret --auth basic\n"
    "  (sleep 20; echo drop; sleep 20) | latchstring-test-camera --port 8554";

void add_flags(CLI::App& app, Options& options) {
  ChannelOptions& channel = options.channel;
  app.add_option("--file", channel.film, "film to decode, mark and encode");
  app.add_option("--encoded", channel.encoded, "film to send as it is, without cells");
  app.add_option("--codec", channel.codec, "h264 or h265")->check(CLI::IsMember({"h264", "h265"}));
  app.add_option("--audio", channel.audio, "none, aac, pcmu, pcma or opus")
      ->check(CLI::IsMember({"none", "aac", "pcmu", "pcma", "opus"}));
  app.add_option("--width", channel.width, "of the picture");
  app.add_option("--height", channel.height, "of the picture");
  app.add_option("--fps", channel.fps, "pictures per second");
  app.add_option("--bitrate", channel.bitrate_kbps, "kbit/s");
  app.add_option("--gop", channel.gop, "pictures from IDR to IDR");
  app.add_flag("!--no-cells", channel.cells, "draw no cells");
  app.add_option("--channels", options.channels, "mount points: PATH, PATH2, PATH3 ...");
  app.add_option("--port", options.port, "0: a free one");
  app.add_option("--path", options.path, "of the first channel");
  app.add_option("--user", options.user, "ask for a login");
  app.add_option("--password", options.password, "of that login");
  app.add_option("--auth", options.auth, "basic or digest")
      ->check(CLI::IsMember({"basic", "digest"}));
}

struct Session {
  Camera* camera;
  GMainLoop* loop;
};

gboolean on_input(GIOChannel* input, GIOCondition, gpointer data) noexcept {
  auto* const session = static_cast<Session*>(data);
  gchar* raw = nullptr;
  gsize end = 0;
  if (g_io_channel_read_line(input, &raw, nullptr, &end, nullptr) != G_IO_STATUS_NORMAL) {
    g_main_loop_quit(session->loop);
    return G_SOURCE_REMOVE;
  }
  const media::gst::Text line(raw);
  if (session->camera->obey(std::string(raw, end))) return G_SOURCE_CONTINUE;
  g_main_loop_quit(session->loop);
  return G_SOURCE_REMOVE;
}

int run(int argc, char** argv) {
  Options options;
  options.channel.film = LATCHSTRING_FILM;
  CLI::App app("a test camera with faults on demand");
  app.footer(std::string(kFooter));
  add_flags(app, options);
  CLI11_PARSE(app, argc, argv);

  media::gst::start();
  Camera camera(options);
  if (const absl::Status status = camera.open(); !status.ok()) {
    std::fprintf(stderr, "latchstring-test-camera: %s\n", status.ToString().c_str());
    return 1;
  }
  camera.announce();
  GMainLoop* const loop = g_main_loop_new(nullptr, FALSE);
  Session session{&camera, loop};
  GIOChannel* const input = g_io_channel_unix_new(0);
  g_io_add_watch(input, static_cast<GIOCondition>(G_IO_IN | G_IO_HUP), on_input, &session);
  g_main_loop_run(loop);
  // The server's threads may be in the channels: no destructor runs, the process ends.
  std::_Exit(0);
}

}  // namespace
}  // namespace latchstring::test

int main(int argc, char** argv) {
  return latchstring::test::run(argc, argv);
}
