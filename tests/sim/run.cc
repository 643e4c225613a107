#include "tests/sim/run.h"

#include "gateway/base/ensure.h"
#include "gateway/crypto/encoding.h"
#include "tests/sim/run_parts.h"

namespace latchstring::sim {

Run::Run(std::uint64_t seed, const Path& folder, Tally& tally, bool verbose)
    : random_(seed * 2 + 1),
      verbose_(verbose),
      faults_(tally, Random(random_.next())),
      truth_(world(), clock_),
      network_(schedule_, faults_, Random(random_.next())) {
  truth_.rules = world().rules;
  gateway_ = std::make_unique<Gateway>(Gateway::Outside{
      world(), clock_, schedule_, faults_, truth_, Random(random_.next()), folder,
      [this](const wire::Peer& peer, bool is_data, Bytes bytes) {
        if (is_data && schedule_.now() < kTrouble && random_.chance(0.02)) {
          faults_.count("chunk altered on the way");
          bytes.back() ^= 1;
        }
        to_officer(peer, std::move(bytes));
      },
      [this](std::string_view effect, const std::string& id) { meddle(effect, id); },
      [this](std::string_view line) { note(line); }});
  giver_ = std::make_unique<Giver>(Giver::Outside{clock_, faults_, truth_, *gateway_,
                                                  Random(random_.next()),
                                                  [this](std::string_view line) { note(line); }});
  for (const auto& keys : world().officers) add_officer(*keys);
}

Result Run::run() {
  Result result;
  try {
    play();
  } catch (const Violation& violation) {
    result.invariant = violation.invariant;
    result.what = fmt::format("{} (after {})", violation.what(), when());
  }
  for (const auto& officer : officers_) result.delivered += officer->completed();
  result.trace_sha256 = crypto::to_hex(trace_.finish());
  return result;
}

std::string Run::when() const {
  const auto past = std::chrono::duration_cast<milliseconds>(schedule_.now()).count();
  return fmt::format("{:.3f} h", static_cast<double>(past) / 3'600'000);
}

void Run::note(std::string_view line) {
  const std::string stamped = fmt::format("{} {}\n", schedule_.now().count(), line);
  trace_.update(as_bytes(stamped));
  if (verbose_) fmt::print("{:>14} {}\n", when(), line);
}

void Run::add_officer(const OfficerKeys& keys) {
  officers_.push_back(std::make_unique<Officer>(Officer::Outside{
      world(), keys, clock_, schedule_, faults_, truth_, Random(random_.next()),
      random_.chance(0.25),
      [this, peer = keys.peer](Bytes bytes) { to_gateway(peer, std::move(bytes)); },
      [this](const std::string& sha256) -> const Bytes& { return gateway_->plain_of(sha256); }}));
}

void Run::to_gateway(const wire::Peer& peer, Bytes bytes) {
  if (random_.chance(0.02)) overheard_.emplace_back(peer, bytes);
  network_.carry(std::move(bytes), [this, peer](const Bytes& arrived) {
    note("in " + crypto::to_hex(crypto::sha256(arrived)).substr(0, 16));
    for (const auto& [id, asked] : truth_.asked) {
      if (asked.officer->peer == peer && gateway_->up()) truth_.came(id);
    }
    gateway_->on_message(peer, arrived);
  });
}

void Run::to_officer(const wire::Peer& peer, Bytes bytes) {
  network_.carry(std::move(bytes), [this, peer](const Bytes& arrived) {
    note("out " + crypto::to_hex(crypto::sha256(arrived)).substr(0, 16));
    for (const auto& officer : officers_) {
      if (officer->keys().peer == peer) officer->on_message(arrived);
    }
  });
}

void Run::residents_hear_of(const std::string& id) {
  for (const char* resident : {"alex", "sam"}) {
    const Duration patience =
        random_.between(minutes{1}, random_.chance(0.2) ? hours{60} : hours{8});
    schedule_.after(patience, [this, id, resident] { resident_answers(id, resident); });
  }
}

void Run::resident_answers(const std::string& id, const std::string& resident) {
  if (!gateway_->up()) return;
  Truth::Agreed& residents = truth_.agreed(id);
  if (random_.chance(0.2)) return faults_.count("resident silent");
  const bool yes = !random_.chance(0.1);
  note(fmt::format("{} says {} to {}", resident, yes ? "yes" : "no", id));
  // Before it is acknowledged: the power may go after it counts.
  if (yes) ++residents.said_yes[resident];
  const bool taken = gateway_->answer(id, resident, yes);
  if (yes && taken && random_.chance(0.3)) {
    faults_.count("resident answers twice");
    gateway_->answer(id, resident, true);
  }
  if (yes || !taken) return;
  faults_.count("resident says no");
  residents.taken_back = true;
}

// Whoever missed the question sees it in the list.
void Run::look_at_requests() {
  if (gateway_->up()) {
    const auto newest = gateway_->docket().newest(100);
    ensure(newest.ok());
    for (const state::StoredRequest& stored : *newest) {
      if (stored.state.phase != release::Phase::asking || !random_.chance(0.3)) continue;
      residents_hear_of(stored.state.subject.id);
    }
  }
  schedule_.after(hours{11}, [this] { look_at_requests(); });
}

void Run::play() {
  gateway_->start();
  for (const auto& officer : officers_) {
    schedule_.after(random_.between(Duration{0}, hours{10}),
                    [&officer] { officer->set_online(true); });
  }
  plan_requests();
  plan_household();
  plan_rules();
  plan_time();
  plan_machines();
  plan_strangers();
  schedule_.at(kTrouble, [this] { quiet(); });
  look_at_requests();
  while (schedule_.run_next(kEnd, clock_.at)) {
  }
  check_end();
}

void Run::check_end() {
  ensure(gateway_->up());
  truth_.check_end(gateway_->database(), gateway_->docket());
  if (!gateway_->idle()) throw Violation("everything ends", "a release is still worked on");
  for (const auto& [id, asked] : truth_.asked) {
    for (const auto& officer : officers_) {
      if (&officer->keys() != asked.officer) continue;
      // A request that only ever met a gateway that could not know it may stay unanswered.
      if (!gateway_->docket().find(id).ok()) continue;
      if (!officer->has_notice(id, "received") || !officer->has_notice(id, "closed")) {
        throw Violation("everybody hears `received` and `closed`", id);
      }
    }
  }
}

Result run(std::uint64_t seed, const Path& folder, Tally& tally, bool verbose) {
  world();
  seed_library(seed);
  return Run(seed, folder, tally, verbose).run();
}

}  // namespace latchstring::sim
