// What happens in a run beside messages: what residents, officers, clocks and machines do, and what
// strangers send.
#include "gateway/base/ensure.h"
#include "gateway/crypto/encoding.h"
#include "gateway/wire/envelope.h"
#include "tests/sim/run_parts.h"

namespace latchstring::sim {

void Run::plan_requests() {
  const std::uint64_t count = 1 + random_.below(5);
  for (std::uint64_t i = 0; i < count; ++i) {
    schedule_.at(random_.between(hours{1}, days{6}), [this] { submit(); });
  }
}

void Run::submit() {
  Officer& officer = *random_.pick(officers_);
  const std::vector<std::string> purposes{"burglary", "burglary", "vehicle_theft", "arson",
                                          "protest"};
  const Instant now = clock_.true_now();
  Instant from = now - random_.between(hours{1}, days{3});
  if (random_.chance(0.3)) {  // around the hour that is trimmed off
    from = std::chrono::floor<days>(now) - days{random_.below(3)} + kTrimmedFrom -
           random_.between(minutes{1}, minutes{20});
    if (from + hours{1} > now) from -= days{1};
  }
  const Interval footage{from, from + random_.between(minutes{1}, minutes{25})};
  wire::Request request = world().request(officer.keys(), random_.pick(purposes), footage, now);
  if (random_.chance(0.3)) request.cameras = {"front", "drive"};
  if (random_.chance(0.1)) request.revocation_list.clear();
  note(fmt::format("{} asks {} for {}", officer.keys().peer.device, request.id, request.purpose));
  officer.submit(request);
  if (!random_.chance(0.12)) return;
  schedule_.after(random_.between(seconds{1}, days{2}), [this, id = request.id] { cancel(id); });
}

// An agency's gift is made when one of its officers says HELLO; often several come at once.
void Run::give() {
  const std::string agency = giver_->give();
  for (const auto& officer : officers_) {
    if (officer->keys().agency->id != agency) continue;
    const Duration soon = random_.between(seconds{1}, random_.chance(0.7) ? minutes{1} : days{1});
    schedule_.after(soon, [&officer] {
      officer->set_online(false);
      officer->set_online(true);
    });
  }
}

void Run::plan_household() {
  if (random_.chance(0.3)) schedule_.at(some_time(), [this] { pause(); });
  for (std::uint64_t gifts = random_.below(6); gifts > 0; --gifts) {
    schedule_.at(some_time(), [this] { give(); });
  }
}

void Run::pause() {
  if (truth_.paused || !gateway_->pause("alex")) return;
  truth_.paused = true;
  faults_.count("sharing paused");
  note("pause");
  follow_truth();
  schedule_.after(random_.between(minutes{1}, days{3}), [this] {
    note("resume");
    gateway_->resume();  // where the power is off: at the latest when all is quiet
    follow_truth();
  });
}

void Run::revoke(const std::string& id) {
  if (!gateway_->up() || !gateway_->revoke(id, "sam")) return;
  faults_.count("resident revokes");
  note("sam revokes " + id);
  truth_.agreed(id).taken_back = true;
}

void Run::cancel(const std::string& id) {
  if (!truth_.asked.contains(id)) return;  // nobody asked for a gift
  for (const auto& officer : officers_) {
    if (&officer->keys() != truth_.asked.at(id).officer) continue;
    faults_.count("request cancelled");
    officer->cancel(id);
  }
}

void Run::meddle(std::string_view effect, const std::string& id) {
  if (effect == "AskResidents") return residents_hear_of(id);
  if (schedule_.now() > kTrouble || (effect != "Offer" && effect != "Cut")) return;
  const Duration soon = random_.between(Duration{0}, random_.chance(0.7) ? seconds{3} : hours{3});
  const auto maybe = [&](double probability, std::function<void()> what) {
    if (random_.chance(probability)) schedule_.after(soon, std::move(what));
  };
  maybe(0.12, [this, id] { revoke(id); });
  maybe(0.06, [this] { change_rules(); });
  maybe(0.05, [this] { pause(); });
  maybe(0.03, [this] { lose_clock(); });
  maybe(0.03, [this, id] { resident_answers(id, "alex"); });
  maybe(0.05, [this, id] { cancel(id); });
  maybe(0.05, [this] { gateway_->restart(); });
}

void Run::set_rules(Rules rules, std::string_view fault) {
  truth_.rules = std::move(rules);
  follow_truth();
  note(fmt::format("rules: {}", fault));
  if (!fault.empty()) faults_.count(fault);
  gateway_->rules_changed();
}

void Run::plan_rules() {
  if (random_.chance(0.3)) schedule_.at(some_time(), [this] { change_rules(); });
}

void Run::change_rules() {
  switch (random_.below(4)) {
    case 0:
      set_rules(nullptr, "rules broken");
      break;
    case 1:
      set_rules(world().strict, "rules tightened");
      break;
    case 2:
      set_rules(world().closed, "rules tightened");
      break;
    default:
      set_rules(world().one_gone, "agency removed");
  }
  schedule_.after(random_.between(minutes{1}, days{2}), [this] { set_rules(world().rules, ""); });
}

void Run::set_clock(bool right) {
  clock_.right = right;
  clock_.wrong_by = random_.between(-days{400}, days{3});
  follow_truth();
  if (right) truth_.clock_became_right();
  if (!right) faults_.count("clock not right");
  gateway_->run([this] { gateway_->clock_changed(); });
}

void Run::plan_time() {
  if (random_.chance(0.25)) schedule_.at(some_time(), [this] { lose_clock(); });
}

// Often just when somebody asks, and sometimes while sharing is paused as well.
void Run::lose_clock() {
  if (!clock_.right) return;
  set_clock(false);
  const Duration lost = random_.between(minutes{1}, days{1});
  if (random_.chance(0.6)) {
    schedule_.after(random_.between(Duration{0}, lost), [this] { submit(); });
  }
  if (random_.chance(0.3)) {
    schedule_.after(random_.between(Duration{0}, lost), [this] { pause(); });
  }
  schedule_.after(lost, [this] { set_clock(true); });
}

void Run::plan_machines() {
  const auto sometimes = [this](double probability, std::function<void()> what) {
    if (random_.chance(probability)) schedule_.at(some_time(), std::move(what));
  };
  sometimes(0.3, [this] {
    faults_.count("gateway restarted in order");
    gateway_->restart();
  });
  sometimes(0.4, [this] {
    faults_.count("gateway's link down");
    gateway_->set_link_up(false);
    schedule_.after(random_.between(seconds{1}, hours{9}), [this] { gateway_->set_link_up(true); });
  });
  sometimes(0.15, [this] {
    faults_.count("database full");
    gateway_->set_database_full(true);
    schedule_.after(random_.between(seconds{1}, hours{3}),
                    [this] { gateway_->set_database_full(false); });
  });
  for (const auto& officer : officers_) {
    sometimes(0.4, [this, &officer] {
      faults_.count("officer away");
      officer->set_online(false);
      schedule_.after(random_.between(seconds{1}, days{4}),
                      [&officer] { officer->set_online(true); });
    });
    sometimes(0.4, [this, &officer] {
      faults_.count("officer's computer crashed");
      officer->crash();
    });
  }
}

void Run::plan_strangers() {
  for (int i = 0; i < 6; ++i) {
    schedule_.at(some_time(), [this] {
      if (overheard_.empty()) return;
      const auto [peer, bytes] = random_.pick(overheard_);  // a copy: the list grows
      faults_.count("request replayed");
      to_gateway(peer, bytes);
    });
  }
  schedule_.at(some_time(), [this] {
    faults_.count("stranger's message");
    const auto garbage = wire::seal_jws("not.a.jws", {world().inbox.recipient()});
    ensure(garbage.ok());
    to_gateway(random_.pick(officers_)->keys().peer, *garbage);
    to_gateway(random_.pick(officers_)->keys().peer, crypto::random_bytes(1024));
  });
  // Receipts for what was never offered to their signer.
  for (int i = 0; i < 4; ++i) {
    schedule_.at(some_time(), [this] {
      Officer& thief = *random_.pick(officers_);
      Officer& owner = *random_.pick(officers_);
      if (owner.seen_deliveries().empty()) {
        faults_.count("forged receipt");
        return to_gateway(thief.keys().peer, thief.sealed_done(std::string(64, 'a')));
      }
      if (&owner == &thief) return;
      faults_.count("receipt of another officer");
      to_gateway(thief.keys().peer, thief.sealed_done(*owner.seen_deliveries().begin()));
    });
  }
}

// From here on nothing goes wrong any more.
void Run::quiet() {
  note("quiet");
  faults_.stop();
  network_.calm_down();
  gateway_->start();
  gateway_->set_database_full(false);
  gateway_->set_link_up(true);
  if (!clock_.right) set_clock(true);
  gateway_->resume();
  if (truth_.rules != world().rules) set_rules(world().rules, "");
  follow_truth();
  for (const auto& officer : officers_) {
    officer->stop_lying();
    officer->set_online(true);
  }
}

}  // namespace latchstring::sim
