// The engine's answers second by second, and what it means that some are no looser than others.
#pragma once

#include <rapidcheck.h>

#include <algorithm>

#include "policy/engine/decide.h"
#include "tests/property/policy/model.h"
#include "tests/support/policy.h"

namespace latchstring::test {

inline constexpr int kQuestions = 12;  // of each household

inline std::shared_ptr<const policy::Policy> loaded(const Model& model) {
  const auto policy = policy::load(model.text(), "f.yaml", some_key);
  if (!policy.ok()) RC_FAIL(model.text() + std::string(policy.status().message()));
  return *policy;
}

// The decision second by second; also that its pieces cover the footage and differ.
inline std::vector<Verdict> verdicts(const policy::Policy& rules, const policy::Question& question,
                                     const policy::Facts& facts) {
  const policy::Decision decision = policy::decide(rules, question, facts);
  std::vector<Verdict> out;
  Instant at = question.footage.from;
  for (std::size_t i = 0; i < decision.pieces.size(); ++i) {
    const policy::Piece& piece = decision.pieces[i];
    RC_ASSERT(piece.footage.from == at);
    RC_ASSERT(piece.footage.to > at);
    if (i > 0) {
      const policy::Piece& before = decision.pieces[i - 1];
      RC_ASSERT(before.approval != piece.approval || before.redact != piece.redact ||
                before.height_at_most != piece.height_at_most || before.rules != piece.rules ||
                before.reasons != piece.reasons);
    }
    RC_ASSERT(!piece.reasons.empty());
    for (; at < piece.footage.to; at += std::chrono::seconds(1)) {
      out.push_back({piece.approval, piece.redact, piece.height_at_most});
    }
  }
  RC_ASSERT(at == question.footage.to);
  return out;
}

inline bool is_released(const Verdict& verdict) {
  return verdict.approval != policy::Approval::refuse;
}

// At least as strict: refused, or asked of as many, with as much hidden.
inline bool no_looser(const Verdict& a, const Verdict& than) {
  if (!is_released(a)) return true;
  const bool lower = than.height == 0 || (a.height != 0 && a.height <= than.height);
  return is_released(than) && a.approval <= than.approval && lower &&
         std::includes(a.redact.begin(), a.redact.end(), than.redact.begin(), than.redact.end());
}

inline bool all_no_looser(const std::vector<Verdict>& a, const std::vector<Verdict>& than) {
  return std::equal(a.begin(), a.end(), than.begin(), than.end(), no_looser);
}

struct Asked {
  policy::Question question;
  policy::Facts facts;
  std::vector<Verdict> verdicts;
};

inline std::vector<Asked> ask_all_sorts(const Model& model, const policy::Policy& rules,
                                        Aim aim = Aim::usual) {
  std::vector<Asked> out;
  for (int i = 0; i < kQuestions; ++i) {
    Asked asked;
    asked.question = draw_question(model, asked.facts, aim);
    asked.verdicts = verdicts(rules, asked.question, asked.facts);
    out.push_back(std::move(asked));
  }
  return out;
}

}  // namespace latchstring::test
