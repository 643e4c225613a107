// latchstringd: parse, open, run, close.
#include <signal.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <thread>

#include "gateway/base/log.h"
#include "gateway/base/status.h"
#include "gateway/crypto/secret.h"
#include "gateway/daemon/daemon.h"
#include "gateway/daemon/remote_broker.h"
#include "gateway/daemon/rules.h"
#include "gateway/daemon/service.h"
#include "policy/analysis/analysis.h"

namespace latchstring::daemon {
namespace {

int fail(const absl::Status& status) {
  log_line(LogLevel::error, message_of(status));
  return 1;
}

// Of the files and credentials that gateway.yaml names. Without a camera's the house starts, but
// does not record it.
bool check_named(const Path& file, const config::Config& config) {
  bool ok = true;
  const auto look = [&](const absl::Status& status) {
    if (status.ok()) return;
    ok = false;
    fmt::print(stderr, "{}: {}\n", file.string(), message_of(status));
  };
  if (config.broker.remote) look(dial_options(config).status());
  for (const config::Camera& camera : config.cameras) {
    if (camera.password_credential.empty()) continue;
    const auto password = config::read_credential(config, camera.password_credential);
    look(within(fmt::format("camera {}", camera.id), password.status()));
  }
  return ok;
}

// Every fault of both files and of what they name, or a word that there is none.
int check(const Path& file) {
  const auto config = config::read(file);
  if (!config.ok()) {
    fmt::print(stderr, "{}\n", message_of(config.status()));
    return 1;
  }
  const bool ok = check_named(file, *config);
  if (ok) fmt::print("{}: OK\n", file.string());
  const auto rules = check_rules(config->rules);
  if (rules.ok()) {
    fmt::print("{}: OK\n", config->rules.string());
  } else {
    fmt::print(stderr, "{}\n{}\n", message_of(rules), policy::kNothingIsShared);
  }
  return ok && rules.ok() ? 0 : 1;
}

// Signals are taken by one thread, which only posts.
class Signals {
 public:
  Signals() {
    sigemptyset(&set_);
    for (const int signal : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&set_, signal);
    ::pthread_sigmask(SIG_BLOCK, &set_, nullptr);
    ::signal(SIGPIPE, SIG_IGN);
  }

  void serve(Daemon& daemon) {
    thread_ = std::thread([this, &daemon] {
      for (int signal = 0; sigwait(&set_, &signal) == 0;) {
        if (signal != SIGHUP) {
          notify_service("STOPPING=1");
          return daemon.stop();
        }
        // Dropped: the loop is stopping or hopelessly behind; SIGHUP can be sent again.
        [[maybe_unused]] const bool posted =
            daemon.loop().post([&daemon] { [[maybe_unused]] auto done = daemon.reload(); });
      }
    });
  }

  ~Signals() {
    if (!thread_.joinable()) return;
    ::pthread_kill(thread_.native_handle(), SIGTERM);
    thread_.join();
  }

 private:
  sigset_t set_{};
  std::thread thread_;
};

int run(const Path& file) {
  Signals signals;
  auto config = config::read(file);
  if (!config.ok()) return fail(config.status());
  set_up_log(config->log_level);
  auto daemon = Daemon::open(*std::move(config));
  if (!daemon.ok()) return fail(daemon.status());
  signals.serve(**daemon);
  notify_service("READY=1\nSTATUS=running");
  log_line(LogLevel::info, "ready");
  (*daemon)->run();
  return 0;
}

}  // namespace
}  // namespace latchstring::daemon

int main(int argc, char** argv) {
  using namespace latchstring;
  CLI::App app{"Records a household's cameras and answers signed clip requests by its own rules."};
  app.name("latchstringd");
  app.footer(
      "Exit codes: 0 done, 1 failed, 2 wrong usage.\nExample:\n  latchstringd --config "
      "/etc/latchstring/gateway.yaml");
  app.set_version_flag("--version", "latchstringd " LATCHSTRING_VERSION);
  std::string file;
  bool only_check = false;
  app.add_option("--config", file, "gateway.yaml of the house")->type_name("FILE")->required();
  app.add_flag("--check", only_check,
               "read configuration, rules and what they name, say every fault, and end");
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& success) {
    return app.exit(success);
  } catch (const CLI::ParseError& error) {
    fmt::print(stderr, "latchstringd: error: {}\nlatchstringd: hint: `latchstringd --help`\n",
               error.what());
    return 2;
  }
  crypto::start();
  crypto::harden_process();
  set_up_log(LogLevel::info);
  return only_check ? daemon::check(file) : daemon::run(file);
}
