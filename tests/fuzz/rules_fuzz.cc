// Any bytes as a rules file: faults or a policy, and whatever it says, a stranger gets nothing.
#include "gateway/base/ensure.h"
#include "policy/engine/decide.h"
#include "tests/support/policy.h"

using namespace latchstring;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto policy = policy::load(text, "f.yaml", test::some_key);
  if (!policy.ok()) {
    ensure(!policy.status().message().empty());
    return 0;
  }
  policy::Facts facts;
  facts.now = from_unix_seconds(1'780'000'000);
  policy::Question question;
  question.footage = {facts.now - std::chrono::minutes(20), facts.now - std::chrono::minutes(10)};
  question.received = facts.now;
  question.purpose = "burglary";
  question.agency = "no agency of any file";  // no identifier
  for (const auto& camera : (*policy)->cameras) {
    question.camera = camera.first;
    ensure(policy::decide(**policy, question, facts).overall() == policy::Approval::refuse);
  }
  for (const auto& agency : (*policy)->agencies) {
    question.agency = agency.first;
    const auto decision = policy::decide(**policy, question, facts);
    ensure(decision.pieces.front().footage.from == question.footage.from);
    ensure(decision.pieces.back().footage.to == question.footage.to);
    const bool shares = !(*policy)->cameras.empty() &&
                        (*policy)->cameras.at(question.camera).sharing == policy::Sharing::by_rule;
    ensure(shares || decision.overall() == policy::Approval::refuse);
  }
  return 0;
}
