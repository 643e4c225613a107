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

void list(Daemon& daemon, const Reply& reply) {
  const auto residents = daemon.residents().list();
  if (!residents.ok()) return reply.fail(residents.status());
  std::set<std::string> named;
  if (const auto& rules = daemon.rules().current(); rules != nullptr) {
    named = {rules->residents.begin(), rules->residents.end()};
  }
  std::vector<json::Writer> rows;
  const auto row = [&](const std::string& name, bool has_pin, bool locked, Instant pin_set) {
    json::Writer out;
    out.string("resident", name)
        .boolean("in_rules", named.erase(name) != 0)
        .boolean("has_pin", has_pin)
        .boolean("locked", locked);
    if (pin_set != Instant{}) out.string("pin_set", to_rfc3339(pin_set));
    rows.push_back(std::move(out));
  };
  for (const trust::Resident& resident : *residents) {
    row(resident.name, resident.has_pin, resident.locked, resident.pin_set);
  }
  for (const std::string& name : std::set<std::string>(named)) row(name, false, false, Instant{});
  reply.ok(json::Writer().objects("residents", rows));
}

// Hashes the new PIN on the chores thread, then stores it.
void with_new_pin(Daemon& daemon, const control::Pin& pin, const Reply& reply,
                  std::function<absl::Status(const std::string& hash)> store,
                  const std::string& resident) {
  struct Hashing {
    crypto::Secret pin;
    absl::StatusOr<std::string> hash = absl::UnknownError("not hashed");
  };
  auto hashing = std::make_shared<Hashing>();  // shared with the chore
  hashing->pin = crypto::Secret::copy_of(as_bytes(pin.view()));
  if (const absl::Status fits = trust::check_pin_rules(hashing->pin); !fits.ok()) {
    return reply.fail(fits);
  }
  const bool queued =
      daemon.chores().run([hashing] { hashing->hash = trust::hash_pin(hashing->pin); },
                          [&daemon, hashing, reply, store = std::move(store), resident] {
                            if (!hashing->hash.ok()) return reply.fail(hashing->hash.status());
                            const auto stored = [&]() -> absl::Status {
                              LS_ASSIGN(store::Transaction transaction, daemon.database().begin());
                              LS_RETURN_IF_ERROR(store(*hashing->hash));
                              LS_RETURN_IF_ERROR(said(daemon, "pin_set", resident));
                              return transaction.commit();
                            }();
                            if (!stored.ok()) return reply.fail(stored);
                            reply.ok(json::Writer().string("resident", resident));
                          });
  if (!queued) reply.fail(unavailable("too much is waiting; try again"));
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
          return exists ? daemon.residents().set_pin(name, hash)
                        : daemon.residents().add(name, hash);
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
                     [&daemon, name](const std::string& hash) {
                       return daemon.residents().set_pin(name, hash);
                     },
                     name);
               });
}

// Whom the rules name goes by their own PIN only: else one resident could put themselves in the
// other's place, and answer for both.
void remove(Daemon& daemon, Request& asked, const Reply& reply) {
  const std::string name = asked.arguments.text("resident");
  authenticate(
      daemon, std::move(asked.pins), reply,
      [&daemon, name, reply](const std::vector<std::string>& agreed) {
        const release::Household household = state::household_of(daemon.docket().house());
        if (!is_among(agreed, name) && (household.residents.empty() || household.has(name))) {
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
        tell_docket(daemon.rules(), daemon.config(), daemon.docket().house());
        daemon.reconsider();
        reply.ok(json::Writer().string("resident", name));
      });
}

}  // namespace

void add_resident_operations(Daemon& daemon, control::Handlers& handlers) {
  handlers["resident.list"] = [&daemon](Request&, const Reply& reply) { list(daemon, reply); };
  handlers["resident.add"] = [&daemon](Request& asked, const Reply& reply) {
    add(daemon, asked, reply);
  };
  handlers["resident.pin"] = [&daemon](Request& asked, const Reply& reply) {
    change_pin(daemon, asked, reply);
  };
  handlers["resident.remove"] = [&daemon](Request& asked, const Reply& reply) {
    remove(daemon, asked, reply);
  };
}

}  // namespace latchstring::daemon
