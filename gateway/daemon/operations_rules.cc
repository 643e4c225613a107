// policy.*: the rules are read again, and act at once where all agree.
#include <algorithm>

#include "gateway/base/status.h"
#include "gateway/daemon/operations.h"

namespace latchstring::daemon {
namespace {

using control::Reply;
using control::Request;

void reload(Daemon& daemon, const Reply& reply) {
  const Daemon::Reloaded reloaded = daemon.reload();
  json::Writer config;
  config.boolean("ok", reloaded.config.ok()).strings("restart", reloaded.restart);
  if (!reloaded.config.ok()) config.string("fault", message_of(reloaded.config));
  reply.ok(json::Writer()
               .object("config", config)
               .object("rules", rules_json(daemon.rules()))
               .strings("cameras_started", reloaded.cameras.started)
               .strings("cameras_stopped", reloaded.cameras.stopped));
}

// Who must agree that what was replaced counts no more: everybody whom it would have asked.
absl::StatusOr<std::set<std::string>> everybody_before(const Rules& rules) {
  std::set<std::string> names = rules.leaving();
  for (const state::Earlier& earlier : rules.earlier()) {
    if (earlier.rules == nullptr) {
      return not_now("rules that were replaced, and still count, cannot be read any more: wait");
    }
    names.insert(earlier.rules->residents.begin(), earlier.rules->residents.end());
  }
  for (const std::string& name : rules.left()) names.erase(name);
  return names;
}

// Whose PIN is new agrees to nothing yet: who chose it could end a wait with it.
absl::Status check_agreed(Daemon& daemon, const std::vector<std::string>& agreed) {
  LS_RETURN_IF_ERROR(state::check_yes_counts(daemon.docket().house(), agreed));
  LS_ASSIGN(const std::set<std::string> needed, everybody_before(daemon.rules()));
  for (const std::string& name : needed) {
    if (std::find(agreed.begin(), agreed.end(), name) != agreed.end()) continue;
    return denied("`{}` must agree too: rules that still count name them as a resident", name);
  }
  return absl::OkStatus();
}

// `sha256`: of the file that they agree to.
absl::Status check_same(const Rules& rules, const std::string& sha256) {
  if (rules.current() == nullptr) return not_now("the rules file is broken: mend it first");
  if (rules.current()->sha256 == sha256) return absl::OkStatus();
  return not_now("the rules were read again meanwhile, and are others than you agreed to");
}

absl::Status act_at_once(Daemon& daemon, const std::vector<std::string>& agreed) {
  Rules& rules = daemon.rules();
  LS_RETURN_IF_ERROR(check_agreed(daemon, agreed));
  LS_ASSIGN(store::Transaction transaction, daemon.database().begin());
  LS_RETURN_IF_ERROR(rules.forget_replaced());
  LS_RETURN_IF_ERROR(daemon.ledger()
                         .append({daemon.clock().now(),
                                  ledger::PolicyChange{"applied_now", rules.current()->sha256}, "",
                                  fmt::format("{}", fmt::join(agreed, " "))})
                         .status());
  LS_RETURN_IF_ERROR(transaction.commit());
  rules.recount();
  tell_docket(rules, daemon.residents(), daemon.config(), daemon.docket().house());
  daemon.tell("the rules as they are now act at once: all residents agreed");
  daemon.reconsider();
  return absl::OkStatus();
}

void apply_now(Daemon& daemon, Request& asked, const Reply& reply) {
  const std::string sha256 = asked.arguments.text("sha256");
  if (const absl::Status same = check_same(daemon.rules(), sha256); !same.ok()) {
    return reply.fail(same);
  }
  authenticate(daemon, std::move(asked.pins), reply,
               [&daemon, reply, sha256](const std::vector<std::string>& agreed) {
                 absl::Status done = check_same(daemon.rules(), sha256);
                 if (done.ok()) done = act_at_once(daemon, agreed);
                 if (absl::IsPermissionDenied(done)) {
                   return reply.fail(done, "give each resident with --as RESIDENT");
                 }
                 if (!done.ok()) return reply.fail(done);
                 reply.ok(json::Writer().object("rules", rules_json(daemon.rules())));
               });
}

}  // namespace

json::Writer rules_json(const Rules& rules) {
  json::Writer out;
  out.string("file", rules.file().string()).boolean("ok", rules.current() != nullptr);
  out.optional_string("fault", rules.fault());
  if (rules.last_valid() != nullptr) out.string("timezone", rules.last_valid()->timezone);
  if (rules.current() != nullptr) {
    out.string("sha256", rules.current()->sha256).string("ends", to_rfc3339(rules.current()->ends));
  }
  Instant until{};
  bool is_known = true;
  for (const state::Earlier& earlier : rules.earlier()) {
    until = std::max(until, earlier.until);
    is_known = is_known && earlier.until != Instant{};
  }
  out.natural("earlier", rules.earlier().size());
  if (is_known && until != Instant{}) out.string("earlier_until", to_rfc3339(until));
  return out.strings("leaving", {rules.leaving().begin(), rules.leaving().end()});
}

void add_rules_operations(Daemon& daemon, control::Handlers& handlers) {
  handlers["policy.reload"] = [&daemon](Request&, const Reply& reply) { reload(daemon, reply); };
  handlers["policy.apply_now"] = [&daemon](Request& asked, const Reply& reply) {
    apply_now(daemon, asked, reply);
  };
}

}  // namespace latchstring::daemon
