#include "gateway/daemon/daemon.h"

#include <ctime>
#include <filesystem>

#include "gateway/base/ensure.h"
#include "gateway/base/lock_file.h"
#include "gateway/base/log.h"
#include "gateway/base/status.h"
#include "gateway/daemon/operations.h"

namespace latchstring::daemon {
namespace {

// Also while the machine slept: nobody sets a clock by sleeping.
Duration since_boot() {
  timespec now{};
  ensure(::clock_gettime(CLOCK_BOOTTIME, &now) == 0);
  return std::chrono::duration_cast<Duration>(std::chrono::seconds{now.tv_sec} +
                                              std::chrono::nanoseconds{now.tv_nsec});
}

// Before anything of the house is touched: a second daemon would recover the segments that the
// first one is writing.
absl::StatusOr<UniqueFd> lock_house(const config::Config& config) {
  LS_RETURN_IF_ERROR(make_folder(config.state_dir));
  const Path file = config.state_dir / "latchstringd.lock";
  return lock_file(
      file, fmt::format("a daemon of this house is running already: it holds `{}`", file.string()));
}

}  // namespace

Daemon::Daemon(config::Config config)
    : config_(std::move(config)), clock_(config_.clock), loop_(clock_), started_(clock_.now()) {}

absl::StatusOr<std::unique_ptr<Daemon>> Daemon::open(config::Config config) {
  std::unique_ptr<Daemon> daemon(new Daemon(std::move(config)));
  LS_ASSIGN(daemon->lock_, lock_house(daemon->config_));
  LS_RETURN_IF_ERROR(daemon->open_state());
  LS_RETURN_IF_ERROR(daemon->open_footage());
  LS_RETURN_IF_ERROR(daemon->open_line());
  LS_RETURN_IF_ERROR(daemon->open_door());
  return daemon;
}

Daemon::~Daemon() {
  server_.reset();
  if (gifts_ != nullptr) gifts_->interrupt();
  slow_chores_.reset();
  log_chores_.reset();
  chores_.reset();
  line_.reset();
  if (post_ != nullptr) post_->use_link(nullptr);
  if (post_ != nullptr) post_->store_bitmaps();
  cuts_.reset();
  recorders_.reset();
  if (archive_ != nullptr && archive_->collect().ok() && commit_segments().ok()) {
    [[maybe_unused]] const absl::Status said = append(ledger::Stop{});
  }
}

absl::Status Daemon::open_state() {
  LS_ASSIGN(keyring_, crypto::Keyring::open(config_.keyring()));
  std::error_code ignored;
  if (!std::filesystem::exists(config_.database(), ignored)) {
    return not_found(
        "the database `{}` is missing: restore it from a copy; `latchstring init` makes "
        "one for a new house only",
        config_.database().string());
  }
  LS_ASSIGN(database_, state::open_database(config_.database()));
  LS_ASSIGN(keys_, open_house_keys(config_, *keyring_, *database_));
  LS_RETURN_IF_ERROR(open_ledger());
  LS_ASSIGN(residents_, trust::Residents::open(*database_, clock_));
  mailboxes_ = std::make_unique<trust::Mailboxes>(*database_);
  docket_ = std::make_unique<state::Docket>(
      state::Docket::Parts{*database_, *ledger_, clock_, keys_->signing, keys_->gateway_id});
  rules_ = std::make_unique<Rules>(config_, *database_, clock_);
  LS_RETURN_IF_ERROR(load_rules());
  chores_ = std::make_unique<Chores>(loop_);
  log_chores_ = std::make_unique<Chores>(loop_);
  slow_chores_ = std::make_unique<Chores>(loop_);
  return append(ledger::Start{clock_.is_right()});
}

absl::Status Daemon::open_footage() {
  archive_mark_ = std::make_unique<ArchiveMark>(config_.archive_dir(), *database_);
  archive::Options options;
  options.folder = config_.archive_dir();
  options.is_exchanged = !archive_mark_->fault().empty();
  options.keep_for = std::chrono::days{config_.archive.keep_days};
  options.keep_bytes = config_.archive.keep_bytes;
  options.keep_free = config_.archive.keep_free;
  options.hold_bytes = config_.archive.hold_bytes;
  options.pending_bytes = config_.archive.pending_bytes;
  options.sync = config_.archive.sync;
  options.local_day = [this](Instant instant) { return household_.day_of(instant); };
  options.wake = [this] {
    // Dropped: the next tick collects.
    [[maybe_unused]] const bool posted = loop_.post([this] {
      const absl::Status collected = archive_->collect();
      if (!collected.ok()) log_line(LogLevel::error, std::string(message_of(collected)));
      cuts_->retry();
    });
  };
  docket_->house().no_archive = [this] { return !archive_mark_->fault().empty(); };
  LS_ASSIGN(archive_, archive::Archive::open(std::move(options), *keyring_, clock_));
  tell_found();
  recorders_ = std::make_unique<Recorders>(
      Recorders::Parts{loop_, clock_, *archive_,
                       [this](Instant instant) { return household_.next_midnight(instant); }});
  LS_RETURN_IF_ERROR(make_folder(config_.outbox_dir()));
  redact::Settings settings;
  settings.spool_folder = config_.state_dir;
  settings.threads = config_.redaction_threads;
  cuts_ = std::make_unique<Cuts>(Cuts::Parts{
      loop_, clock_, config_, *keys_, *archive_, *recorders_, *docket_,
      redact::Redactor(std::move(settings)), ledger_->vkey(), [this] { return commit_segments(); },
      [this](absl::StatusOr<state::Step> step) { perform(std::move(step)); },
      [this](const ReleaseWorker::Key& key, std::vector<seal::PackedClip> clips) {
        gifts_->write(key, std::move(clips));
      }});
  gifts_ = std::make_unique<Gifts>(Gifts::Parts{
      *slow_chores_, *keys_, *docket_, config_.state_dir / "gifts",
      [this](absl::StatusOr<state::Step> step) { perform(std::move(step)); },
      [this](const ReleaseWorker::Key& key, const absl::Status& why) { cuts_->fail(key, why); }});
  docket_->house().in_work = [this](const std::string& id) {
    std::set<int> pieces = gifts_->pieces_of(id);
    pieces.merge(cuts_->pieces_of(id));
    return pieces;
  };
  return absl::OkStatus();
}

absl::Status Daemon::open_line() {
  post_ = std::make_unique<Post>(Post::Parts{
      *database_, *docket_, *ledger_, *mailboxes_, clock_, keys_->inbox, keys_->gateway_id,
      [this](absl::StatusOr<state::Step> step) { perform(std::move(step)); },
      [](std::string text) { log_line(LogLevel::warning, text); }});
  Line::Events events;
  events.on_up = [this] { post_->restart_all(); };
  events.on_message = [this](const wire::Peer& peer, const Bytes& bytes) {
    post_->on_message(peer, bytes);
  };
  events.on_sent = [this](const wire::TransferId& transfer,
                          const std::vector<std::uint64_t>& indices) {
    post_->on_sent(transfer, indices);
  };
  events.on_broken = [this](const wire::TransferId& transfer, const absl::Status& why) {
    tell(fmt::format("a file on offer cannot be read: {}", message_of(why)), LogLevel::error);
    post_->on_broken(transfer, why);
  };
  LS_ASSIGN(line_, Line::open(config_, *keyring_, *database_, clock_, loop_, keys_->gateway_id,
                              std::move(events)));
  post_->use_link(&line_->link());
  return absl::OkStatus();
}

absl::Status Daemon::open_door() {
  LS_ASSIGN(server_, control::Server::open({config_.socket(), std::nullopt}, loop_,
                                           household_operations(*this)));
  return absl::OkStatus();
}

void Daemon::run() {
  resume();
  loop_.run();
}

// After a start, also one after a crash: what was offered is served again, what was working is
// decided and cut anew, what was not acknowledged is sent again.
void Daemon::resume() {
  const auto transfers = docket_->transfers().all();
  if (transfers.ok()) {
    for (const state::Transfer& transfer : *transfers) {
      if (transfer.offered || transfer.revoked) post_->serve(transfer);
    }
  }
  post_->deliver_all();
  // The archive's index may have been rebuilt, and pins stand in it.
  const auto requests = docket_->newest(state::kListMax);
  if (requests.ok()) {
    for (const state::StoredRequest& request : *requests) {
      if (!is_over(request)) pin_footage(request);
    }
  }
  note_cameras(recorders_->apply(config_));
  blocked_ = "starting";
  perform_all(docket_->reconsider());
  tick();
  ask_again();
  sweep_outbox();
}

// The question may have been lost with the process that was to put it.
void Daemon::ask_again() {
  const auto requests = docket_->newest(state::kListMax);
  if (!requests.ok()) return log_line(LogLevel::error, message_of(requests.status()));
  for (const state::StoredRequest& request : *requests) {
    if (request.state.phase == release::Phase::asking) ask(request.state);
  }
}

absl::Status Daemon::load_rules() {
  // Also where they could not be remembered: an older file is never honoured in their place.
  const absl::Status remembered = rules_->reload();
  tell_docket(*rules_, *residents_, config_, docket_->house());
  if (rules_->last_valid() != nullptr) household_.set_zone(rules_->last_valid()->timezone);
  if (rules_->current() == nullptr) {
    tell(fmt::format("the rules file is broken, nothing is shared:\n{}", rules_->fault()),
         LogLevel::error);
  }
  const absl::Status noted = note_rules();
  return remembered.ok() ? noted : remembered;
}

absl::Status Daemon::note_rules() {
  if (!rules_->untold()) return absl::OkStatus();
  LS_RETURN_IF_ERROR(
      append(ledger::PolicyChange{rules_->current() == nullptr ? "broken" : "accepted",
                                  rules_->current() == nullptr ? "" : rules_->current()->sha256}));
  rules_->told();
  return absl::OkStatus();
}

void Daemon::note_cameras(const Recorders::Changes& changes) {
  const auto note = [this](const std::string& camera, std::string_view change) {
    const config::Camera* found = config_.find_camera(camera);
    const std::string url_sha256 = found == nullptr ? "" : crypto::sha256_hex(found->url);
    const absl::Status noted =
        append(ledger::CameraChange{std::string(change), url_sha256}, camera);
    if (!noted.ok()) log_line(LogLevel::error, message_of(noted));
  };
  for (const std::string& camera : changes.stopped) note(camera, "removed");
  for (const std::string& camera : changes.started) note(camera, "added");
}

// Terms count by the wall clock: who set it, and when, may matter to a court.
void Daemon::note_clock_jump() {
  const Instant booted = clock_.now() - since_boot();
  const Duration by = booted - std::exchange(booted_, booted);
  if (booted - by == Instant{} || std::chrono::abs(by) < kClockJump) return;
  const auto by_ms = std::chrono::duration_cast<std::chrono::milliseconds>(by).count();
  tell(fmt::format("the clock was set by {} ms", by_ms));
  const absl::Status noted = append(ledger::ClockJump{by_ms});
  if (!noted.ok()) log_line(LogLevel::error, message_of(noted));
}

Daemon::Reloaded Daemon::reload() {
  Reloaded reloaded;
  auto fresh = config::read(config_.file);
  reloaded.config = fresh.status();
  config_fault_ = std::string(message_of(fresh.status()));
  if (fresh.ok()) {
    // Cameras and the name follow; the rest is built into what runs.
    reloaded.restart = config::keys_for_a_restart(config_, *fresh);
    config_.cameras = std::move(fresh->cameras);
    config_.name = std::move(fresh->name);
    config_.location = fresh->location;
  } else {
    tell(fmt::format("the configuration is broken, cameras stay as they were:\n{}",
                     message_of(fresh.status())),
         LogLevel::error);
  }
  if (const absl::Status rules = load_rules(); !rules.ok()) {
    log_line(LogLevel::error, fmt::format("rules: {}", message_of(rules)));
  }
  reconsider();
  // Cameras that go are waited for: after the rules, which may have been tightened.
  if (fresh.ok()) {
    reloaded.cameras = recorders_->apply(config_);
    note_cameras(reloaded.cameras);
  }
  if (reloaded.config.ok() && rules_->current() != nullptr) {
    log_line(LogLevel::info, fmt::format("read again: {} cameras recorded, {} rules in force",
                                         config_.cameras.size(), rules_->current()->rules.size()));
  }
  if (!reloaded.restart.empty()) {
    log_line(LogLevel::warning, fmt::format("changed in gateway.yaml, and in force only after a "
                                            "restart: {}",
                                            fmt::join(reloaded.restart, ", ")));
  }
  return reloaded;
}

}  // namespace latchstring::daemon
