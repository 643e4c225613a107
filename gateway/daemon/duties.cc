// What is due as time passes: terms of requests, retention, the ledger's hourly and daily entries.
#include <algorithm>
#include <map>

#include "gateway/base/log.h"
#include "gateway/base/status.h"
#include "gateway/crypto/encoding.h"
#include "gateway/daemon/daemon.h"
#include "gateway/daemon/lost_keys.h"
#include "gateway/daemon/operations.h"
#include "gateway/daemon/service.h"
#include "gateway/proof/merkle.h"

namespace latchstring::daemon {
namespace {

using std::chrono::hours;

constexpr std::uint64_t kCheckpointMax = 64 * 1024;
constexpr std::string_view kDailyDay = "daily-checkpoint-day";

Instant hour_of(Instant instant) {
  return std::chrono::floor<hours>(instant);
}

Path checkpoint_file(const config::Config& config) {
  return config.state_dir / "checkpoint.txt";
}

void complain(std::string_view what, const absl::Status& status) {
  if (!status.ok()) log_line(LogLevel::error, fmt::format("{}: {}", what, message_of(status)));
}

}  // namespace

void Daemon::tick() {
  note_clock_jump();
  const auto new_pins = pass_new_pins(*this);
  complain("PINs", new_pins.status());
  if (rules_->pass() || (new_pins.ok() && *new_pins)) {
    tell_docket(*rules_, *residents_, config_, docket_->house());
    reconsider();
  }
  follow_block();
  perform_all(docket_->tick());
  bool archive_is_well = true;
  const auto complain_of_archive = [&](const absl::Status& status) {
    if (status.ok()) return;
    archive_is_well = false;
    // Each second the same would fill the log.
    if (archive_faults_.down(std::string(message_of(status)), clock_.steady())) {
      complain("archive", status);
    }
  };
  complain_of_archive(archive_->collect());
  cuts_->retry();
  gifts_->retry();
  post_->store_bitmaps();
  post_->repeat_due();
  const auto kept = archive_->tick();
  complain_of_archive(kept.status());
  if (kept.ok()) {
    complain_of_archive(kept->not_erased);
    complain_of_archive(kept->not_mended);
    complain("archive", tell_missing(kept->missing));
    for (const std::string& day : kept->forgotten_days) {
      complain("ledger", append({ledger::Shred{"day", household_.day_span(day)}}));
    }
    for (const std::string& id : kept->lost_pins) {
      tell(fmt::format("request {} lost its footage: the disk is full", id));
    }
  }
  if (archive_is_well && archive_faults_.up()) tell("the archive works again");
  hourly();
  complain("ledger", note_rules());
  complain("ledger", remember_checkpoint());
  notify_service("WATCHDOG=1");
  loop_.after(kTick, [this] { tick(); });
}

// Footage that somebody removed, or a disk lost: one line and one leaf for each camera and day.
absl::Status Daemon::tell_missing(const std::vector<archive::Segment>& missing) {
  if (missing.empty()) return absl::OkStatus();
  std::map<std::pair<std::string, std::string>, std::vector<archive::Segment>> days;
  for (const archive::Segment& segment : missing) {
    days[{segment.name.camera, segment.name.day}].push_back(segment);
  }
  for (auto& [day, files] : days) {
    Interval span = files.front().time;
    for (const archive::Segment& segment : files) {
      span = {std::min(span.from, segment.time.from), std::max(span.to, segment.time.to)};
    }
    tell(fmt::format(
             "footage of camera `{}` is missing: {} file{} of {}, from {} to {}; `latchstring "
             "archive check` names each",
             day.first, files.size(), files.size() == 1 ? "" : "s", day.second,
             to_rfc3339(span.from), to_rfc3339(span.to)),
         LogLevel::warning);
    LS_RETURN_IF_ERROR(append(ledger::Shred{"missing", span}, day.first));
    LS_RETURN_IF_ERROR(archive_->told(std::move(files)));
  }
  return absl::OkStatus();
}

// What the start found and mended, or could not mend.
void Daemon::tell_found() {
  if (const std::string fault = archive_mark_->fault(); !fault.empty()) {
    tell(fault, LogLevel::error);
  }
  if (const std::string lost = lost_keys(*archive_, config_.keyring()); !lost.empty()) {
    tell(lost, LogLevel::error);
  }
  const archive::CheckReport& found = archive_->found_at_open();
  if (found.index_rebuilt) {
    tell("the archive's index was missing or damaged, and was made anew", LogLevel::warning);
  }
  for (const archive::DamagedSegment& damaged : found.damaged) {
    if (damaged.known) continue;
    tell(fmt::format("segment `{}` is damaged: {}", damaged.segment, damaged.why),
         LogLevel::warning);
  }
  for (const std::string& line : found.failed) {
    tell("cannot read or mend segment " + line, LogLevel::warning);
  }
}

absl::Status Daemon::append(ledger::Event event, std::string detail) {
  LS_ASSIGN(store::Transaction transaction, database_->begin());
  LS_RETURN_IF_ERROR(
      ledger_->append({clock_.now(), std::move(event), "", std::move(detail)}).status());
  return transaction.commit();
}

void Daemon::hourly() {
  const Instant hour = hour_of(clock_.now());
  if (hour == hour_) return;
  const Interval last{hour_, hour};
  const bool first = hour_ == Instant{};
  hour_ = hour;
  complain("ledger", commit_segments());
  complain("ledger", heartbeat());
  complain("broker", line_->renew_certificate());
  post_->forget_ended();
  if (first) return;
  const trust::Strangers::Count strangers = post_->strangers().take();
  if (strangers.malformed + strangers.denied > 0) {
    complain("ledger", append(ledger::Unverified{last, strangers.malformed, strangers.denied}));
  }
}

// The only checkpoint that every requester sees: once each local day, of a tree filled up, so that
// its size tells nobody about the requests of others. Where the daemon was down at midnight: when
// it is up again. The day that is done stands in the database, so that no restart makes another
// one.
absl::Status Daemon::heartbeat() {
  if (!clock_.is_right()) return absl::OkStatus();  // which day it is, is not known
  const std::string today = household_.day_of(clock_.now());
  LS_ASSIGN(const auto done, state::find_setting(*database_, kDailyDay));
  if (done == today) return absl::OkStatus();
  LS_ASSIGN(store::Transaction transaction, database_->begin());
  LS_RETURN_IF_ERROR(state::keep_setting(*database_, kDailyDay, today));
  // A new house begins with its first midnight.
  if (done) {
    LS_RETURN_IF_ERROR(ledger_->append({clock_.now(), ledger::Heartbeat{}, "", ""}).status());
    LS_RETURN_IF_ERROR(ledger_->checkpoint_now(ledger::Audience::daily, clock_.now()).status());
  }
  return transaction.commit();
}

// Kept beside the database, so that a database replaced by an older copy is noticed.
absl::Status Daemon::remember_checkpoint() {
  LS_ASSIGN(const auto newest, ledger_->newest());
  if (!newest || newest->note == remembered_) return absl::OkStatus();
  LS_RETURN_IF_ERROR(write_file_durably(checkpoint_file(config_), newest->note, 0600));
  remembered_ = newest->note;
  return absl::OkStatus();
}

absl::Status Daemon::open_ledger() {
  LS_ASSIGN(crypto::SigningKey key, keyring_->signing_key("ledger-signing"));
  LS_ASSIGN(ledger_, ledger::Ledger::open(*database_, keys_->gateway_id, std::move(key), {}));
  const auto remembered = read_file(checkpoint_file(config_), kCheckpointMax);
  if (!absl::IsNotFound(remembered.status())) {
    LS_RETURN_IF_ERROR(remembered.status());
    return compare_with_remembered(*remembered);
  }
  LS_ASSIGN(const auto newest, ledger_->newest());
  if (!newest) return absl::OkStatus();
  checkpoint_fault_ = fmt::format(
      "{}: so nobody can tell whether the database is an older copy. It is written anew; if you "
      "did not remove it, look with `latchstring log` whether the newest entries are there",
      message_of(remembered.status()));
  tell(checkpoint_fault_, LogLevel::warning);
  return absl::OkStatus();
}

// With another database than the last one nothing is done at all: letters would be numbered anew,
// and files be removed that only the right one knows.
absl::Status Daemon::compare_with_remembered(std::string_view checkpoint) const {
  const absl::Status fits = ledger_->check_remembered(checkpoint);
  const std::string file = checkpoint_file(config_).string();
  if (absl::IsInvalidArgument(fits)) {
    return data_loss(
        "`{}` is damaged ({}): it shows whether the database is an older copy. Put it back from a "
        "copy; or, if you are sure of the database, move it away: it is written anew",
        file, message_of(fits));
  }
  if (!absl::IsDataLoss(fits)) return fits;
  return data_loss(
      "{}; so says `{}`. Put the newest copy of `{}` back: nothing runs before. If there is none, "
      "move the former away; but requesters who saw the newer ledger end all release",
      message_of(fits), file, config_.database().string());
}

absl::Status Daemon::commit_segments() {
  const Instant now = clock_.now();
  LS_ASSIGN(const std::vector<archive::Segment> segments, archive_->uncommitted(Instant::max()));
  if (segments.empty()) return absl::OkStatus();
  proof::MemoryTree tree;
  std::vector<std::string> ids;
  Interval span{segments.front().time.from, segments.front().time.to};
  for (const archive::Segment& segment : segments) {
    LS_ASSIGN(const Bytes hash, crypto::from_hex(segment.sha256));
    tree.append(proof::leaf_hash(hash));
    ids.push_back(segment.name.id());
    span = {std::min(span.from, segment.time.from), std::max(span.to, segment.time.to)};
  }
  LS_ASSIGN(store::Transaction transaction, database_->begin());
  LS_ASSIGN(
      const ledger::Leaf leaf,
      ledger_->append(
          {now, ledger::SegmentRoot{span, segments.size(), crypto::to_hex(tree.root())}, "", ""}));
  LS_RETURN_IF_ERROR(transaction.commit());
  return archive_->committed(ids, static_cast<std::int64_t>(leaf.index));
}

}  // namespace latchstring::daemon
