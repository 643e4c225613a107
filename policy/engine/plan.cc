#include "gateway/base/ensure.h"
#include "policy/engine/decide.h"
#include "policy/engine/pieces.h"

namespace latchstring::policy {

RedactionPlan redaction_plan(const Policy& policy, const std::string& camera, const Piece& piece,
                             bool want_audio, const std::string& watermark_text) {
  RedactionPlan plan;
  for (const std::string& name : piece.redact) {
    if (name == "audio") continue;
    if (is_redaction_class(name)) {
      plan.classes.push_back(name);
      continue;
    }
    // decide() names zones of the piece's own camera only; to skip one would show what it hides.
    ensure(policy.zone_camera.count(name) != 0 && policy.zone_camera.at(name) == camera);
    plan.zones.push_back(policy.zones.at(name));
  }
  plan.keep_audio = want_audio && piece.redact.count("audio") == 0;
  plan.height_at_most = piece.height_at_most;
  plan.one_frame_per = piece.one_frame_per;
  ensure(!piece.watermark || !watermark_text.empty());
  if (piece.watermark) plan.watermark = watermark_text;
  plan.if_unsure = policy.always.if_unsure;
  return plan;
}

RedactionPlan redaction_plan(const std::vector<const Policy*>& policies, const std::string& camera,
                             const Piece& piece, bool want_audio,
                             const std::string& watermark_text) {
  std::vector<RedactionPlan> plans;
  std::set<std::string> known;
  for (const Policy* policy : policies) {
    Piece own = piece;
    std::erase_if(own.redact, [&](const std::string& name) {
      const auto zone = policy->zone_camera.find(name);
      return !is_redaction_class(name) &&
             (zone == policy->zone_camera.end() || zone->second != camera);
    });
    known.insert(own.redact.begin(), own.redact.end());
    plans.push_back(redaction_plan(*policy, camera, own, want_audio, watermark_text));
  }
  ensure(known == piece.redact);  // to skip one would show what it hides
  return strictest(plans);
}

}  // namespace latchstring::policy
