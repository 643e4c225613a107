// What must hold of what the household gives of its own accord.
#include <fmt/format.h>

#include "gateway/base/ensure.h"
#include "gateway/base/status.h"
#include "gateway/proof/tlog_proof.h"
#include "tests/sim/truth.h"
#include "tests/sim/truth_help.h"

namespace latchstring::sim {

Truth::Agreed& Truth::agreed(const std::string& id) {
  if (const auto gift = gifts.find(id); gift != gifts.end()) return gift->second;
  return asked.at(id);
}

policy::Decision Truth::judge_gift(const Gift& gift, const Interval& footage) const {
  const release::Subject& subject = gift.subject;
  policy::Facts facts;
  facts.now = clock_.true_now();
  return policy::decide_gift(
      *rules, {subject.agency, subject.cameras.front(), subject.purpose, footage, subject.received},
      facts);
}

bool Truth::may_be_given(const Gift& gift) const {
  if (paused || rules == nullptr || !clock_.right) return false;
  const policy::Approval asks = strictest_of(judge_gift(gift, gift.subject.footage));
  return gift.said_yes.size() >= needed_for(asks, *rules);
}

void Truth::check_file_commit(state::Docket& docket, const std::string& gift,
                              const std::vector<ledger::ProvenLeaf>& proofs,
                              const std::vector<std::string>& manifests) {
  const auto stored = docket.find(gift);
  ensure(stored.ok() && stored->state.pieces.size() == 1);
  check_release(*stored, stored->state.pieces.front());
  const auto key = proof::NoteKey::make(fmt::format("{}/latchstring/log1", kGateway),
                                        world_.ledger.verify_key());
  ensure(key.ok() && proofs.size() == manifests.size());
  for (std::size_t i = 0; i < proofs.size(); ++i) {
    const std::string& line = proofs[i].leaf.line;
    const auto proven =
        proof::verify_tlog_proof(proofs[i].tlog_proof, *key, proof::leaf_hash(as_bytes(line)));
    if (!proven.ok() || line.find(manifests[i]) == std::string::npos) {
      throw Violation("the ledger's proof of a release verifies", gift);
    }
  }
}

void Truth::check_file_bytes(store::Database& database, const std::string& gift) {
  if (suspended_since_ && clock_.true_now() > *suspended_since_ + kSuspendedWithin) {
    throw Violation("nothing leaves while sharing is suspended", gift);
  }
  check_permitted(gift, 1, "a gift's file");
  const auto offered = count_rows(
      database, "SELECT count(*) FROM pieces WHERE request = ? AND state = 'offered'", {gift});
  if (offered != 1 || leaves_about(database, gift, "release_commit", "") == 0) {
    throw Violation("every answer is in the ledger before it is sent", "a file of " + gift);
  }
}

// What the household was told of a gift is what became of it; nobody else hears of one.
void Truth::check_gifts(store::Database& database, state::Docket& docket) {
  for (const auto& [id, gift] : gifts) {
    const auto stored = docket.find(id);
    if (gift.acknowledged && !stored.ok()) {
      throw Violation("what was given is not forgotten", id);
    }
    if (gift.handed_over && stored->state.outcome != "delivered") {
      throw Violation("what was given is not forgotten",
                      fmt::format("{} was handed over, and is {}", id, stored->state.outcome));
    }
    if (leaves_about(database, id, "request", "") != 0) {
      throw Violation("nobody is answered who did not ask", id);
    }
  }
}

}  // namespace latchstring::sim
