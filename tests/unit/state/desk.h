// A house's docket over a real database, and officers who ask: the people of the simulation.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "gateway/base/status.h"
#include "gateway/crypto/encoding.h"
#include "gateway/crypto/hash.h"
#include "gateway/crypto/jws.h"
#include "gateway/state/docket.h"
#include "gateway/wire/envelope.h"
#include "tests/sim/makers.h"
#include "tests/sim/world.h"
#include "tests/support/catch.h"
#include "tests/support/temporary_folder.h"

namespace latchstring::state {

inline wire::Decision decision_in(const Letter& letter, const sim::OfficerKeys& officer);

class Desk {
 public:
  Desk() { open(); }

  // As after a crash.
  void open() {
    docket.reset();
    ledger.reset();
    database.reset();
    auto opened = open_database(path());
    INFO(message_of(opened.status()));
    REQUIRE(opened.ok());
    database = *std::move(opened);
    auto key = crypto::SigningKey::from_seed(world.ledger.seed().view());
    ledger = *ledger::Ledger::open(*database, sim::kGateway, *std::move(key), "");
    docket = std::make_unique<Docket>(
        Docket::Parts{*database, *ledger, clock, world.gateway, sim::kGateway});
    use(world.rules);
    docket->house().in_work = [this](const std::string& id) {
      return in_work.contains(id) ? std::set<int>{1} : std::set<int>{};
    };
  }
  Path path() const { return folder.path() / "state.db"; }
  void use(sim::Rules rules) {
    docket->house().rules = rules;
    if (rules != nullptr) docket->house().last_valid = std::move(rules);
  }

  wire::Request request(const std::string& purpose) const {
    return world.request(
        officer(), purpose,
        {clock.now() - sim::hours{2}, clock.now() - sim::hours{2} + sim::minutes{10}}, clock.now());
  }
  absl::StatusOr<Step> receive(const wire::Request& request) { return receive(request, officer()); }
  absl::StatusOr<Step> receive(const wire::Request& request, const sim::OfficerKeys& from) {
    const std::string compact = world.sign(from, request);
    const trust::Verifier verifier(*database);
    LS_ASSIGN(
        const trust::Verified verified,
        verifier.verify_request(compact, docket->agencies(),
                                {sim::kGateway, from.agency->id, clock.now(), clock.is_right()}));
    return docket->receive(verified, from.peer);
  }
  // A colleague's request, which brings this revocation list.
  absl::StatusOr<Step> receive_with(std::string list) {
    const sim::OfficerKeys& colleague = *world.officers[1];
    wire::Request asked = world.request(
        colleague, "burglary",
        {clock.now() - sim::hours{2}, clock.now() - sim::hours{2} + sim::minutes{10}}, clock.now());
    asked.revocation_list = std::move(list);
    return receive(asked, colleague);
  }
  // The agency's list, with the officer's credential on it.
  std::string list_that_revokes(const sim::OfficerKeys& revoked) const {
    const crypto::SigningKey& key = revoked.agency->key;
    wire::RevocationList list;
    list.common = world.common(key, "any", clock.now(), sim::days{30});
    list.seq = 2;
    list.next_update = clock.now() + sim::days{7};
    list.revoked = {
        wire::decode_credential(crypto::peek_jws(revoked.credential)->payload)->common.jti};
    return crypto::sign_jws(key, wire::kTypRevocation, wire::encode(list));
  }
  // As if its agency had sent as many as are taken in a day: rows like this request's.
  void fill_the_day(const std::string& id) {
    auto transaction = database->begin();
    REQUIRE(transaction.ok());
    REQUIRE(database->run("CREATE TEMP TABLE copied AS SELECT * FROM requests WHERE id = ?", {id})
                .ok());
    for (int i = 1; i < kRequestsPerDayMax; ++i) {
      REQUIRE(database->run("UPDATE copied SET id = ?", {fmt::format("copy{}", i)}).ok());
      REQUIRE(database->run("INSERT INTO requests SELECT * FROM copied").ok());
    }
    REQUIRE(transaction->commit().ok());
  }
  // Received, not judged yet: its id.
  std::string ask(const std::string& purpose) {
    const wire::Request asked = request(purpose);
    REQUIRE(receive(asked).ok());
    return asked.id;
  }
  std::string judged(const std::string& purpose) {
    const std::string id = ask(purpose);
    REQUIRE(docket->reconsider().ok());
    return id;
  }
  release::State state(const std::string& id) const { return docket->find(id)->state; }

  // What the worker makes of a grant; `whole`: as the sealer would.
  SealedClip sealed(const Grant& grant, bool whole = true) const {
    const SealedFile file{"clip-1.mp4.age", folder.path() / "clip-1.mp4.age", 100,
                          std::string(64, 'a'), std::string(64, 'b')};
    wire::Delivery delivery;
    delivery.common =
        wire::new_common(world.gateway, officer().thumbprint, clock.now(), release::kOfferLifetime);
    delivery.release_id = grant.terms().release_id;
    delivery.piece = *docket->next_clip(grant.terms().release_id);
    delivery.part = 1;
    delivery.files = {{file.size_bytes, file.sha256, file.merkle_root}};
    delivery.manifest_sha256 = crypto::sha256_hex(delivery.common.jti);
    std::string jws = crypto::sign_jws(world.gateway, wire::kTypDelivery, wire::encode(delivery));
    return sim::sealed_clip(grant, 1, {file}, whole ? std::move(jws) : "not a delivery");
  }
  // Asked, cut and offered.
  std::string offered(const std::string& purpose) {
    const std::string id = ask(purpose);
    auto step = docket->reconsider();
    REQUIRE(step.ok());
    for (Effect& effect : step->effects) {
      if (auto* cut = std::get_if<release::effect::Cut>(&effect.effect)) {
        REQUIRE(docket->sealed({sealed(cut->grant)}).ok());
      }
    }
    return id;
  }

  std::vector<Letter> letters() const { return *docket->mail().pending(officer().peer); }
  // The states and reasons that the officer was told of a request, in order.
  std::vector<std::string> told(const std::string& id) const {
    std::vector<std::string> words;
    for (const Letter& letter : letters()) {
      const wire::Decision decision = decision_in(letter, officer());
      if (decision.request_id != id) continue;
      words.push_back(decision.reason.empty() ? decision.state
                                              : decision.state + " " + decision.reason);
    }
    return words;
  }
  const sim::OfficerKeys& officer() const { return *world.officers.front(); }

  const sim::World& world = sim::world();
  const test::TemporaryFolder folder;
  sim::SimClock clock;
  std::set<std::string> in_work;
  std::unique_ptr<store::Database> database;
  std::unique_ptr<ledger::Ledger> ledger;
  std::unique_ptr<Docket> docket;
};

// Empty where the letter is not one.
inline wire::Decision decision_in(const Letter& letter, const sim::OfficerKeys& officer) {
  const auto opened = wire::open_message(letter.sealed, officer.identity);
  REQUIRE(opened.ok());
  const auto control = wire::decode_control(crypto::peek_jws(*opened)->payload);
  REQUIRE(control.ok());
  const auto* notice = std::get_if<wire::Notice>(&control->command);
  if (notice == nullptr) return {};
  return *wire::decode_decision(crypto::peek_jws(notice->decision)->payload);
}

template <class Wanted>
int count(const Step& step) {
  int found = 0;
  for (const Effect& effect : step.effects) {
    found += std::holds_alternative<Wanted>(effect.effect) ? 1 : 0;
  }
  return found;
}

}  // namespace latchstring::state
