// resident.*: who may answer, and their PINs.
#include <algorithm>
#include <memory>

#include "gateway/base/status.h"
#include "gateway/daemon/operations.h"

namespace latchstring::daemon {
namespace {

using control::Reply;
using control::Request;

absl::Status said(Daemon& daemon, std::string_view change, const std::string& resident) {
  return daemon.ledger()
      .append({daemon.clock().now(), ledger::TrustChange{std::string(change), ""}, "", resident})
      .status();
}

// Without their times while the clock is not right.
void write_waits(const trust::Resident& resident, json::Writer& out) {
  const auto wait = [&](std::string_view flag, std::string_view name,
                        const std::optional<Instant>& end) {
    out.boolean(flag, end.has_value());
    if (end && *end != Instant{}) out.string(name, to_rfc3339(*end));
  };
  wait("yes_waits", "yes_counts_from", resident.yes_from);
  wait("reset_waits", "reset_at", resident.reset_at);
}

void list(Daemon& daemon, const Reply& reply) {
  const auto residents = daemon.residents().list();
  if (!residents.ok()) return reply.fail(residents.status());
  std::set<std::string> named;
  if (const auto& rules = daemon.rules().current(); rules != nullptr) {
    named = {rules->residents.begin(), rules->residents.end()};
  }
  std::vector<json::Writer> rows;
  const auto row = [&](const trust::Resident& resident) {
    json::Writer out;
    out.string("resident", resident.name)
        .boolean("in_rules", named.erase(resident.name) != 0)
        .boolean("has_pin", resident.has_pin)
        .boolean("locked", resident.locked);
    if (resident.pin_set != Instant{}) out.string("pin_set", to_rfc3339(resident.pin_set));
    write_waits(resident, out);
    rows.push_back(std::move(out));
  };
  for (const trust::Resident& resident : *residents) row(resident);
  for (const std::string& name : std::set<std::string>(named)) {
    trust::Resident without_pin;
    without_pin.name = name;
    row(without_pin);
  }
  reply.ok(json::Writer().objects("residents", rows));
}

const trust::Resident* find(const std::vector<trust::Resident>& residents,
                            const std::string& name) {
  for (const trust::Resident& resident : residents) {
    if (resident.name == name) return &resident;
  }
  return nullptr;
}

bool is_among(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

// Whose yes waits from now on has an effect on what is open.
void follow_new_pin(Daemon& daemon, const std::string& name, const Reply& reply) {
  tell_docket(daemon.rules(), daemon.residents(), daemon.config(), daemon.docket().house());
  daemon.reconsider();
  json::Writer out;
  out.string("resident", name);
  const auto residents = daemon.residents().list();
  const trust::Resident* found = residents.ok() ? find(*residents, name) : nullptr;
  if (found != nullptr) write_waits(*found, out);
  reply.ok(out);
}

// Hashes the new PIN on the chores thread, then stores it, in one transaction with its entries in
// the ledger. `news`: for everybody, once it is.
void with_new_pin(Daemon& daemon, const control::Pin& pin, const Reply& reply,
                  std::function<absl::Status(const std::string& hash)> store,
                  const std::string& resident, std::string news = {}) {
  struct Hashing {
    crypto::Secret pin;
    absl::StatusOr<std::string> hash = absl::UnknownError("not hashed");
  };
  auto hashing = std::make_shared<Hashing>();  // shared with the chore
  hashing->pin = crypto::Secret::copy_of(as_bytes(pin.view()));
  if (const absl::Status fits = trust::check_pin_rules(hashing->pin); !fits.ok()) {
    return reply.fail(fits);
  }
  const bool queued = daemon.chores().run(
      [hashing] { hashing->hash = trust::hash_pin(hashing->pin); },
      [&daemon, hashing, reply, store = std::move(store), resident, news = std::move(news)] {
        if (!hashing->hash.ok()) return reply.fail(hashing->hash.status());
        const auto stored = [&]() -> absl::Status {
          LS_ASSIGN(store::Transaction transaction, daemon.database().begin());
          LS_RETURN_IF_ERROR(store(*hashing->hash));
          return transaction.commit();
        }();
        if (!stored.ok()) return reply.fail(stored);
        if (!news.empty()) daemon.tell(news);
        follow_new_pin(daemon, resident, reply);
      });
  if (!queued) reply.fail(unavailable("too much is waiting; try again"));
}

// Whom the rules that count name, or whom nothing is known of: their yes could be needed already.
bool may_be_asked(Daemon& daemon, const std::string& name) {
  const release::Household household = state::household_of(daemon.docket().house());
  return household.residents.empty() || household.has(name);
}

// Whoever is not in the rules yet waits by them: the rules of before do not know them.
absl::Status store_first_pin(Daemon& daemon, const std::string& name, bool exists,
                             const std::string& hash) {
  LS_RETURN_IF_ERROR(exists ? daemon.residents().set_pin(name, hash)
                            : daemon.residents().add(name, hash));
  if (may_be_asked(daemon, name)) LS_RETURN_IF_ERROR(daemon.residents().let_wait(name));
  return said(daemon, "pin_set", name);
}

// Stores a first PIN. Who enrols somebody can choose their PIN, and answer for them: so everybody
// who has one must agree.
void add(Daemon& daemon, Request& asked, const Reply& reply) {
  const std::string name = asked.arguments.text("resident");
  const auto residents = daemon.residents().list();
  if (!residents.ok()) return reply.fail(residents.status());
  const bool anybody = std::any_of(residents->begin(), residents->end(),
                                   [](const trust::Resident& r) { return r.has_pin; });
  const trust::Resident* known = find(*residents, name);
  const bool exists = known != nullptr;
  if (exists && known->has_pin) {
    return reply.fail(not_now("`{}` has a PIN already", name), "change it with `resident pin`");
  }
  auto pin = std::make_shared<control::Pin>(std::move(asked.new_pin));  // outlives this call
  const auto enrol = [&daemon, name, exists, pin, reply] {
    with_new_pin(
        daemon, *pin, reply,
        [&daemon, name, exists](const std::string& hash) {
          return store_first_pin(daemon, name, exists, hash);
        },
        name);
  };
  if (!anybody) return enrol();
  if (asked.pins.empty()) {
    return reply.fail(denied("every resident who has a PIN must agree"),
                      "give each with --as RESIDENT");
  }
  authenticate(daemon, std::move(asked.pins), reply,
               [enrol, reply, known = *residents](const std::vector<std::string>& agreed) {
                 for (const trust::Resident& resident : known) {
                   if (!resident.has_pin || is_among(agreed, resident.name)) continue;
                   return reply.fail(denied("`{}` must agree too", resident.name),
                                     "give each resident who has a PIN with --as RESIDENT");
                 }
                 enrol();
               });
}

void change_pin(Daemon& daemon, Request& asked, const Reply& reply) {
  const std::string name = asked.arguments.text("resident");
  auto pin = std::make_shared<control::Pin>(std::move(asked.new_pin));
  authenticate(daemon, std::move(asked.pins), reply,
               [&daemon, name, pin, reply](const std::vector<std::string>& residents) {
                 if (!is_among(residents, name)) {
                   return reply.fail(denied("only `{}` may change their own PIN", name));
                 }
                 with_new_pin(
                     daemon, *pin, reply,
                     [&daemon, name](const std::string& hash) -> absl::Status {
                       LS_RETURN_IF_ERROR(daemon.residents().set_pin(name, hash));
                       return said(daemon, "pin_set", name);
                     },
                     name);
               });
}

constexpr std::string_view kResetAlone =
    "without any --as it takes effect in seven days, unless somebody stops it";

// All others stand in for who forgot their PIN. Where there are none, or their own PIN is as new,
// nobody does.
absl::Status check_all_others(Daemon& daemon, const std::string& name,
                              const std::vector<std::string>& agreed) {
  const state::House& house = daemon.docket().house();
  const release::Household household = state::household_of(house);
  std::set<std::string> others = household.all();
  others.erase(name);
  for (const std::string& other : others) {
    if (!is_among(agreed, other)) return denied("`{}` must agree too: all but `{}`", other, name);
  }
  LS_RETURN_IF_ERROR(state::check_yes_counts(house, {others.begin(), others.end()}));
  if (release::any_counts(others, household)) return absl::OkStatus();
  return denied("nobody but `{}` lives here whose yes counts already", name);
}

absl::Status store_reset(Daemon& daemon, const std::string& name,
                         const std::vector<std::string>& agreed, const std::string& hash) {
  LS_RETURN_IF_ERROR(check_all_others(daemon, name, agreed));  // the rules may be others by now
  LS_RETURN_IF_ERROR(daemon.residents().set_pin(name, hash));
  LS_RETURN_IF_ERROR(daemon.residents().let_wait(name));
  return said(daemon, "pin_reset", fmt::format("{}, by {}", name, fmt::join(agreed, ", ")));
}

absl::Status begin_reset(Daemon& daemon, const std::string& name, const std::string& hash) {
  LS_RETURN_IF_ERROR(daemon.residents().begin_reset(name, hash));
  return said(daemon, "pin_reset_begun", name);
}

absl::Status check_resettable(Daemon& daemon, const std::string& name) {
  LS_ASSIGN(const std::vector<trust::Resident> residents, daemon.residents().list());
  const trust::Resident* known = find(residents, name);
  if (known == nullptr || !known->has_pin) {
    return not_now("`{}` has no PIN that could be reset; `resident add` gives a first one", name);
  }
  if (!known->reset_at) return absl::OkStatus();
  return not_now("the PIN of `{}` is being reset already; `resident reset {} --stop` ends that",
                 name, name);
}

void reset(Daemon& daemon, Request& asked, const Reply& reply) {
  const std::string name = asked.arguments.text("resident");
  if (const absl::Status fits = check_resettable(daemon, name); !fits.ok()) {
    return reply.fail(fits);
  }
  auto pin = std::make_shared<control::Pin>(std::move(asked.new_pin));  // outlives this call
  if (asked.pins.empty()) {
    return with_new_pin(
        daemon, *pin, reply,
        [&daemon, name](const std::string& hash) { return begin_reset(daemon, name, hash); }, name,
        fmt::format("somebody resets the PIN of `{}`: in seven days another one takes its place. "
                    "`latchstring resident reset {} --stop --as RESIDENT` stops it",
                    name, name));
  }
  authenticate(daemon, std::move(asked.pins), reply,
               [&daemon, name, pin, reply](const std::vector<std::string>& agreed) {
                 const absl::Status all = check_all_others(daemon, name, agreed);
                 if (!all.ok()) return reply.fail(all, kResetAlone);
                 with_new_pin(
                     daemon, *pin, reply,
                     [&daemon, name, agreed](const std::string& hash) {
                       return store_reset(daemon, name, agreed, hash);
                     },
                     name,
                     fmt::format("the PIN of `{}` was reset by {}: they may say no at once, and "
                                 "yes in 24 hours",
                                 name, fmt::join(agreed, ", ")));
               });
}

void stop_reset(Daemon& daemon, Request& asked, const Reply& reply) {
  const std::string name = asked.arguments.text("resident");
  authenticate(daemon, std::move(asked.pins), reply,
               [&daemon, name, reply](const std::vector<std::string>& by) {
                 const auto stopped = [&]() -> absl::Status {
                   LS_ASSIGN(store::Transaction transaction, daemon.database().begin());
                   LS_RETURN_IF_ERROR(daemon.residents().stop_reset(name));
                   LS_RETURN_IF_ERROR(said(daemon, "pin_reset_stopped",
                                           fmt::format("{}, by {}", name, fmt::join(by, ", "))));
                   return transaction.commit();
                 }();
                 if (!stopped.ok()) return reply.fail(stopped);
                 daemon.tell(fmt::format("the reset of the PIN of `{}` was stopped by {}", name,
                                         fmt::join(by, ", ")));
                 reply.ok(json::Writer().string("resident", name));
               });
}

// Whom the rules name goes by their own PIN only: else one resident could put themselves in the
// other's place, and answer for both.
void remove(Daemon& daemon, Request& asked, const Reply& reply) {
  const std::string name = asked.arguments.text("resident");
  authenticate(
      daemon, std::move(asked.pins), reply,
      [&daemon, name, reply](const std::vector<std::string>& agreed) {
        const bool counts = may_be_asked(daemon, name);
        // To be gone is a yes as well.
        const absl::Status waits = state::check_yes_counts(daemon.docket().house(), {name});
        if (counts && is_among(agreed, name) && !waits.ok()) return reply.fail(waits);
        if (counts && !is_among(agreed, name)) {
          return reply.fail(
              denied("the rules name `{}`, or did: only they may remove themselves", name),
              "give --as with their name, or take it out of the rules file and wait "
              "seven days");
        }
        const auto removed = [&]() -> absl::Status {
          LS_ASSIGN(store::Transaction transaction, daemon.database().begin());
          LS_RETURN_IF_ERROR(daemon.residents().remove(name));
          LS_RETURN_IF_ERROR(state::forget_yes_of(daemon.database(), name));
          if (is_among(agreed, name)) {
            LS_RETURN_IF_ERROR(daemon.rules().agree_to_leave(name));
          }
          LS_RETURN_IF_ERROR(said(daemon, "resident_removed", name));
          return transaction.commit();
        }();
        if (!removed.ok()) return reply.fail(removed);
        daemon.rules().recount();
        tell_docket(daemon.rules(), daemon.residents(), daemon.config(), daemon.docket().house());
        daemon.reconsider();
        reply.ok(json::Writer().string("resident", name));
      });
}

}  // namespace

absl::StatusOr<bool> pass_new_pins(Daemon& daemon) {
  LS_ASSIGN(const bool due, daemon.residents().is_due());
  if (!due) return false;
  LS_ASSIGN(store::Transaction transaction, daemon.database().begin());
  LS_ASSIGN(const std::vector<std::string> reset, daemon.residents().pass());
  for (const std::string& name : reset) LS_RETURN_IF_ERROR(said(daemon, "pin_reset", name));
  LS_RETURN_IF_ERROR(transaction.commit());
  for (const std::string& name : reset) {
    daemon.tell(
        fmt::format("`{}` has another PIN now, of the reset seven days ago: they may say no "
                    "at once, and yes in 24 hours",
                    name),
        LogLevel::warning);
  }
  return true;
}

void add_resident_operations(Daemon& daemon, control::Handlers& handlers) {
  handlers["resident.list"] = [&daemon](Request&, const Reply& reply) { list(daemon, reply); };
  handlers["resident.add"] = [&daemon](Request& asked, const Reply& reply) {
    add(daemon, asked, reply);
  };
  handlers["resident.pin"] = [&daemon](Request& asked, const Reply& reply) {
    change_pin(daemon, asked, reply);
  };
  handlers["resident.reset"] = [&daemon](Request& asked, const Reply& reply) {
    reset(daemon, asked, reply);
  };
  handlers["resident.reset_stop"] = [&daemon](Request& asked, const Reply& reply) {
    stop_reset(daemon, asked, reply);
  };
  handlers["resident.remove"] = [&daemon](Request& asked, const Reply& reply) {
    remove(daemon, asked, reply);
  };
}

}  // namespace latchstring::daemon
