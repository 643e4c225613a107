#include "tests/sim/giver.h"

#include <fmt/format.h>

#include <vector>

#include "gateway/base/status.h"
#include "gateway/crypto/encoding.h"

namespace latchstring::sim {

release::Subject Giver::some_gift() {
  const std::vector<std::string> receivers{"", "", "", "police", "police", "fire"};
  const std::vector<std::string> cameras{"front", "front", "front", "front", "front",
                                         "drive", "drive", "drive", "drive", "nursery"};
  const Instant from = out_.clock.true_now() - out_.random.between(hours{1}, days{3});
  release::Subject gift;
  gift.id = crypto::random_id();
  gift.is_gift = true;
  gift.agency = out_.random.pick(receivers);
  gift.cameras = {out_.random.pick(cameras)};
  gift.purpose = "burglary";
  gift.footage = {from, from + out_.random.between(minutes{1}, minutes{15})};
  gift.received = out_.clock.now();
  return gift;
}

std::string Giver::give() {
  if (!out_.gateway.up()) return "";
  Truth::Gift gift;
  gift.subject = some_gift();
  std::vector<std::string> residents{"alex", "sam"};
  if (out_.random.chance(0.1)) residents.pop_back();
  for (const std::string& resident : residents) gift.said_yes[resident] = 1;
  const std::string id = gift.subject.id;
  out_.trace(fmt::format("{} give {} of {} to `{}`", fmt::join(residents, ", "), id,
                         gift.subject.cameras.front(), gift.subject.agency));
  const bool might = out_.truth.may_be_given(gift);
  // Before it is acknowledged: the power may go after it counts.
  out_.truth.gifts[id] = gift;
  const auto said = out_.gateway.give(gift.subject, residents);
  if (!said) return gift.subject.agency;  // nobody knows
  judge(gift, might, *said);
  if (!said->ok()) {
    out_.faults.count("gift refused");
    out_.truth.gifts.erase(id);
    return "";
  }
  out_.faults.count("gift given");
  out_.truth.gifts.at(id).acknowledged = true;
  return gift.subject.agency;
}

void Giver::judge(const Truth::Gift& gift, bool might, const absl::Status& said) const {
  if (said.ok() && !might) {
    throw Violation("nothing is given without the rules and the residents", gift.subject.id);
  }
  // An agency has a quota, and a full database takes nothing.
  if (might && gift.subject.agency.empty() && absl::IsPermissionDenied(said)) {
    throw Violation("what may be given is given", std::string(message_of(said)));
  }
}

}  // namespace latchstring::sim
