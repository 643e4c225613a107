// status, policy.reload, and everything together.
#include <sys/stat.h>

#include <filesystem>
#include <set>

#include "gateway/base/status.h"
#include "gateway/crypto/sign.h"
#include "gateway/daemon/connections.h"
#include "gateway/daemon/lost_keys.h"
#include "gateway/daemon/operations.h"
#include "gateway/daemon/receipts.h"
#include "policy/analysis/analysis.h"

namespace latchstring::daemon {
namespace {

using control::Reply;
using control::Request;

// A disk with less free than this is told of. The archive keeps `keep_free` free by itself.
constexpr std::uintmax_t kFreeBytesLow = 256ull << 20;
constexpr std::uintmax_t kFreeBytesNone = 1ull << 20;

json::Writer archive_json(Daemon& daemon) {
  json::Writer out;
  out.natural("bytes", daemon.archive().bytes())
      .natural("keep_bytes", daemon.config().archive.keep_bytes);
  std::error_code failed;
  const auto space = std::filesystem::space(daemon.config().archive_dir(), failed);
  out.natural("free_bytes", failed ? 0 : space.available);
  const auto spans = daemon.archive().spans();
  std::uint64_t segments = 0;
  Instant oldest{};
  if (spans.ok()) {
    for (const auto& span : *spans) {
      segments += span.segments;
      if (oldest == Instant{} || span.interval.from < oldest) oldest = span.interval.from;
    }
  }
  if (oldest != Instant{}) out.string("oldest", to_rfc3339(oldest));
  return out.natural("segments", segments);
}

json::Writer broker_json(Daemon& daemon) {
  json::Writer out;
  const Line& line = daemon.line();
  out.string("kind", line.managed() ? "managed" : "remote");
  if (line.managed()) {
    out.string("url",
               fmt::format("mqtts://{}:{}", daemon.config().broker.managed->listen, line.port()));
  } else {
    out.string("url", daemon.config().broker.remote->url);
  }
  out.boolean("connected", line.up()).string("since", to_rfc3339(line.since()));
  if (!line.up()) out.optional_string("fault", line.fault());
  return out;
}

// Mosquitto has no limit for each mailbox: who fills the broker keeps all others out.
void warn_of_a_full_broker(const Line& line, std::vector<std::string>& warnings) {
  constexpr std::size_t kNearlyFull = link::kConnectionsMax * 9 / 10;
  const std::size_t connections = line.managed() ? connections_at(line.port()) : 0;
  if (connections < kNearlyFull) return;
  warnings.push_back(
      fmt::format("the broker has {} of at most {} connections; when it is full nobody else gets "
                  "in, and this daemon does not either if it loses its own. `ss -tn sport = :{}` "
                  "shows where they come from; `latchstring agency remove` shuts a mailbox out",
                  connections, link::kConnectionsMax, line.port()));
}

// Until the request is closed.
void warn_of_failed_pieces(const std::vector<state::StoredRequest>& requests,
                           std::vector<std::string>& warnings) {
  for (const state::StoredRequest& request : requests) {
    if (request.state.closed_sent) continue;
    for (const release::Piece& piece : request.state.pieces) {
      const std::string& id = request.state.subject.id;
      if (piece.reason == release::kFileLost) {
        warnings.push_back(
            fmt::format("piece {} of `{}` was taken back: {}. The log names the file; look after "
                        "the disk. The officer has to ask again",
                        piece.number, id, piece.reason));
      } else if (piece.reason.ends_with(kMayAskAgain)) {
        warnings.push_back(
            fmt::format("piece {} of `{}` could not be made: {}", piece.number, id, piece.reason));
      }
    }
  }
}

// They may be agreed to, and then reach nobody.
void warn_of_agencies_without_login(Daemon& daemon, std::vector<std::string>& warnings) {
  const auto& rules = daemon.rules().current();
  const auto mailboxes = daemon.mailboxes().list();
  if (rules == nullptr || !mailboxes.ok()) return;
  std::set<std::string_view> with_login;
  for (const trust::Mailbox& mailbox : *mailboxes) with_login.insert(mailbox.agency);
  for (const auto& [id, agency] : rules->agencies) {
    if (with_login.contains(id)) continue;
    warnings.push_back(
        fmt::format("agency `{}` stands in the rules and has no login: it cannot ask, and gets "
                    "nothing of what it asked before. `latchstring agency add {}` with its key "
                    "file makes it a ticket, `latchstring agency remove {}` takes it out",
                    id, id, id));
  }
}

// Each disk once, also where both folders lie on it.
void warn_of_full_disks(const config::Config& config, std::vector<std::string>& warnings) {
  std::set<dev_t> seen;
  for (const Path& folder : {config.state_dir, config.archive_dir()}) {
    struct stat found {};
    if (::stat(folder.c_str(), &found) != 0 || !seen.insert(found.st_dev).second) continue;
    std::error_code failed;
    const std::filesystem::space_info space = std::filesystem::space(folder, failed);
    if (failed || space.available >= kFreeBytesLow) continue;
    warnings.push_back(fmt::format(
        "the disk that holds `{}` is {}: {} MiB are free. Make room there: what cannot be written "
        "is neither recorded nor decided",
        folder.string(), space.available < kFreeBytesNone ? "full" : "nearly full",
        space.available >> 20));
  }
}

// So that everybody sees it who looks: somebody else may have chosen that PIN.
void warn_of_new_pins(Daemon& daemon, std::vector<std::string>& warnings) {
  const state::House& house = daemon.docket().house();
  for (const auto& waits : house.waiting) {
    warnings.push_back(fmt::format("{}, their no at once",
                                   message_of(state::check_yes_counts(house, {waits.first}))));
  }
  const auto residents = daemon.residents().list();
  if (!residents.ok()) return;
  for (const trust::Resident& resident : *residents) {
    if (!resident.reset_at) continue;
    warnings.push_back(fmt::format(
        "the PIN of `{}` is being reset: {} another one takes its place. `latchstring resident "
        "reset {} --stop --as RESIDENT` stops it",
        resident.name,
        *resident.reset_at == Instant{} ? "seven days after the clock is right"
                                        : "on " + state::time_text(house, *resident.reset_at),
        resident.name));
  }
}

std::vector<std::string> warnings_of(Daemon& daemon,
                                     const std::vector<state::StoredRequest>& requests) {
  std::vector<std::string> warnings;
  if (daemon.config().clock == ClockTrust::assumed) {
    warnings.push_back("the clock is assumed to be right (`clock: assumed`): for trying out only");
  }
  if (daemon.keyring().source() == crypto::KeySource::plain_file) {
    warnings.push_back(
        "the key that protects all others lies in a plain file: whoever steals the disk can read "
        "the archive");
  }
  if (const std::string& fault = daemon.config_fault(); !fault.empty()) {
    // `latchstringd --check` says the other faults.
    warnings.push_back(
        fmt::format("gateway.yaml is broken, and what was read before stays in force until the "
                    "next start. Mend "
                    "it, then reload the daemon (SIGHUP): {}",
                    fault.substr(0, fault.find('\n'))));
  }
  if (const auto& rules = daemon.rules().current(); rules == nullptr) {
    warnings.push_back("the rules file is broken: nothing is shared");
  } else if (const std::string missing =
                 policy::model_missing(*rules, policy::hidden_anywhere(*rules));
             !missing.empty()) {
    warnings.push_back(missing);
  }
  if (daemon.ledger().refused()) {
    warnings.push_back("the log does not continue what was signed before: nothing is released");
  }
  if (!daemon.checkpoint_fault().empty()) warnings.push_back(daemon.checkpoint_fault());
  if (const std::string fault = daemon.archive_mark().fault(); !fault.empty()) {
    warnings.push_back(fault);
  }
  if (const std::string lost = lost_keys(daemon.archive(), daemon.config().keyring());
      !lost.empty()) {
    warnings.push_back(lost);
  }
  warn_of_full_disks(daemon.config(), warnings);
  warn_of_failed_pieces(requests, warnings);
  warn_of_promises(daemon.docket(), requests, daemon.clock().now(), warnings);
  warn_of_a_full_broker(daemon.line(), warnings);
  warn_of_agencies_without_login(daemon, warnings);
  warn_of_new_pins(daemon, warnings);
  for (std::string& text : daemon.post().warnings()) warnings.push_back(std::move(text));
  return warnings;
}

void status(Daemon& daemon, const Reply& reply) {
  const auto requests = daemon.docket().newest(state::kListMax);
  if (!requests.ok()) return reply.fail(requests.status());
  std::uint64_t questions = 0;
  std::uint64_t releasing = 0;
  for (const state::StoredRequest& request : *requests) {
    questions += waiting_for(daemon, request.state).empty() ? 0 : 1;
    releasing += request.state.phase == release::Phase::releasing ? 1 : 0;
  }
  const auto size = daemon.ledger().size();
  std::vector<json::Writer> cameras;
  for (const CameraState& camera : daemon.recorders().states()) {
    cameras.push_back(camera_json(daemon, camera));
  }
  json::Writer gateway;
  gateway.string("id", daemon.keys().gateway_id)
      .string("name", daemon.config().name)
      .string("version", LATCHSTRING_VERSION)
      .string("started", to_rfc3339(daemon.started()))
      .string("fingerprint", crypto::spoken_fingerprint(daemon.keys().signing.verify_key()));
  json::Writer clock;
  clock.string("trust", daemon.config().clock == ClockTrust::kernel ? "kernel" : "assumed")
      .boolean("right", daemon.clock().is_right());
  json::Writer ledger;
  ledger.natural("size", size.ok() ? *size : 0).boolean("ok", !daemon.ledger().refused());
  reply.ok(json::Writer()
               .object("gateway", gateway)
               .object("clock", clock)
               .object("sharing", sharing_of(daemon))
               .object("rules", rules_json(daemon.rules()))
               .objects("cameras", cameras)
               .object("archive", archive_json(daemon))
               .object("broker", broker_json(daemon))
               .object("ledger", ledger)
               .natural("questions", questions)
               .natural("releasing", releasing)
               .strings("warnings", warnings_of(daemon, *requests)));
}

}  // namespace

json::Writer sharing_of(Daemon& daemon) {
  json::Writer out;
  const auto paused_by = daemon.docket().paused_by();
  const auto blocked = daemon.docket().blocked();
  if (paused_by.ok() && !paused_by->empty())
    return out.string("state", "paused").strings("paused_by", *paused_by);
  if (!blocked.ok())
    return out.string("state", "suspended").string("reason", message_of(blocked.status()));
  if (!blocked->empty()) return out.string("state", "suspended").string("reason", *blocked);
  return out.string("state", "on");
}

void add_house_operations(Daemon& daemon, control::Handlers& handlers) {
  handlers["status"] = [&daemon](Request&, const Reply& reply) { status(daemon, reply); };
}

control::Handlers household_operations(Daemon& daemon) {
  control::Handlers handlers;
  add_house_operations(daemon, handlers);
  add_rules_operations(daemon, handlers);
  add_camera_operations(daemon, handlers);
  add_request_operations(daemon, handlers);
  add_share_operations(daemon, handlers);
  add_agency_operations(daemon, handlers);
  add_resident_operations(daemon, handlers);
  add_log_operations(daemon, handlers);
  add_archive_operations(daemon, handlers);
  return handlers;
}

}  // namespace latchstring::daemon
