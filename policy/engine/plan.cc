#include "gateway/base/ensure.h"
#include "policy/engine/decide.h"

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

}  // namespace latchstring::policy
