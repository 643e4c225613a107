// The rules as sentences that a household can read aloud. All that differs from what a reader would
// expect is said: a limit that is not heard is a limit that nobody notices to be missing.
#include <fmt/format.h>

#include <algorithm>

#include "policy/analysis/analysis.h"
#include "policy/engine/week.h"
#include "policy/engine/words.h"

namespace latchstring::policy {
namespace {

using Names = std::set<std::string>;

std::string names_or(const Names& names, std::string_view all) {
  return names.empty() ? std::string(all) : in_words(names);
}

std::string bases_text(const Rule& rule) {
  Names names;
  for (const Basis basis : rule.bases) names.insert(std::string(to_string(basis)));
  return names_or(names, "any basis");
}

std::string who_text(const Rule& rule, std::string_view all) {
  const std::string agencies = names_or(rule.who, all);
  if (rule.officers.empty()) return agencies;
  return fmt::format("{} of {}", in_words(rule.officers), agencies);
}

// The day on which the clock stands at this instant: `Mon 2026-05-04`.
std::string day_text(const Policy& policy, Instant instant) {
  const std::string text = wall_clock_text(policy, instant);
  return text.substr(0, text.rfind(' '));
}

std::string last_day_text(const Policy& policy, Instant end) {
  return day_text(policy, end - std::chrono::seconds(1));
}

// `, if one resident agrees within 48 hours (30 minutes in an emergency)`
std::string asked_text(const Rule& rule) {
  const auto asks = [&](Basis basis) { return rule.bases.empty() || rule.bases.count(basis) != 0; };
  const Duration quick = answer_within(rule, Basis::emergency);
  const Duration other = answer_within(rule, Basis::consent);
  const bool only_quick = asks(Basis::emergency) && rule.bases.size() == 1;
  if (rule.approval == Approval::automatic) {  // an emergency is never automatic
    const std::string one = fmt::format("if one resident agrees within {}", in_words(quick));
    if (only_quick) return one;
    return "without asking anybody" +
           (asks(Basis::emergency) ? fmt::format(" (in an emergency, {})", one) : "");
  }
  std::string within = in_words(only_quick ? quick : other);
  if (asks(Basis::emergency) && !only_quick && quick != other)
    within += fmt::format(" ({} in an emergency)", in_words(quick));
  return fmt::format(
      "if {} within {}",
      rule.approval == Approval::ask_one ? "one resident agrees" : "all residents agree", within);
}

// When a rule counts, as far as it is not always.
std::string when_text(const Policy& policy, const Rule& rule) {
  std::string out;
  if (!week_of(rule.requests).all())
    out += fmt::format("; only if they ask {}", in_words(rule.requests));
  if (rule.starts) out += fmt::format("; from {} on", day_text(policy, *rule.starts));
  if (rule.ends) out += fmt::format("; until {} ends", last_day_text(policy, *rule.ends));
  return out;
}

std::string picture_text(int height_at_most, Duration one_frame_per, bool watermark) {
  std::string out;
  if (height_at_most != 0)
    out += fmt::format("; the picture at most {} lines high", height_at_most);
  if (one_frame_per > Duration::zero())
    out += fmt::format("; single pictures, one in {}, instead of film", in_words(one_frame_per));
  if (watermark) out += "; the request's number and the agency drawn into the picture";
  return out;
}

// Why all that a rule permits is refused today; empty where some of it is not.
bool gives_nothing_today(const Rule& rule) {
  return std::all_of(kAllBases.begin(), kAllBases.end(), [&](Basis basis) {
    const bool named = rule.bases.empty() || rule.bases.count(basis) != 0;
    return !named || !refused_today(basis).empty();
  });
}

std::string never_sentence(const Policy& policy, const Rule& rule) {
  std::string out = fmt::format("{}: nothing", rule.name);
  if (!rule.cameras.empty()) out += fmt::format(" of {}", in_words(rule.cameras));
  if (!rule.who.empty()) out += fmt::format(" to {}", who_text(rule, ""));
  if (!week_of(rule.footage).all()) out += fmt::format(", {}", in_words(rule.footage));
  if (!rule.bases.empty()) out += fmt::format(", on {}", bases_text(rule));
  if (!rule.purposes.empty()) out += fmt::format(", for {}", in_words(rule.purposes));
  std::string when = when_text(policy, rule);
  if (out.ends_with(": nothing") && when.empty()) out += " at all";
  if (rule.ends) when += ", and then not even footage of before is kept back by it";
  return out + when + ".";
}

void say_hidden(const Policy& policy, std::vector<std::string>& out) {
  out.push_back(fmt::format("Hidden: {}.", hidden_in_words(policy, policy.always.redact)));
  for (const auto& [id, camera] : policy.cameras) {
    if (camera.sharing == Sharing::never || camera.always_redact.empty()) continue;
    out.push_back(fmt::format("Hidden in {} besides: {}.", id,
                              hidden_in_words(policy, camera.always_redact)));
  }
  const std::string picture = picture_text(policy.always.height_at_most,
                                           policy.always.one_frame_per, policy.always.watermark);
  if (!picture.empty()) out.push_back(fmt::format("Everywhere: {}.", picture.substr(2)));
}

void say_clock_errors(const Policy& policy, std::vector<std::string>& out) {
  std::map<Duration, Names> cameras;
  for (const auto& [id, camera] : policy.cameras)
    if (camera.sharing != Sharing::never) cameras[camera.clock_error].insert(id);
  for (const auto& [error, ids] : cameras) {
    if (error == Duration::zero()) continue;
    out.push_back(
        fmt::format("Nearer than {} to the edge of a window nothing of {} is given: its "
                    "clock may be that wrong.",
                    in_words(error), in_words(ids)));
  }
}

}  // namespace

std::string hidden_in_words(const Policy& policy, const std::set<std::string>& redact) {
  Names names;
  for (const std::string& name : redact) {
    const auto zone = policy.zones.find(name);
    const bool keeps = zone != policy.zones.end() && zone->second.keep_only;
    names.insert(keeps ? fmt::format("all outside {}", name) : name);
  }
  return in_words(names);
}

std::string allow_sentence(const Policy& policy, const Rule& rule) {
  const bool only_holds = rule.bases == std::set<Basis>{Basis::preservation};
  std::string out = fmt::format(
      "{}: {} may {} {}, {}, on {} for {}, {}", rule.name, who_text(rule, "every agency"),
      only_holds ? "have you hold, and not get," : "get", names_or(rule.cameras, "every camera"),
      in_words(rule.footage), bases_text(rule), names_or(rule.purposes, "any purpose"),
      asked_text(rule));
  if (!rule.redact.empty()) out += fmt::format(", {} hidden", hidden_in_words(policy, rule.redact));
  if (rule.release_unreviewed) out += "; nobody looks whether the detectors missed somebody";
  out += picture_text(rule.height_at_most, rule.one_frame_per, rule.watermark);
  if (rule.clip_at_most < policy.always.clip_at_most)
    out += fmt::format("; at most {} long", in_words(rule.clip_at_most));
  if (rule.part_outside_trim) out += "; of a longer request, the part that fits";
  if (!only_holds && (rule.bases.empty() || rule.bases.count(Basis::preservation) != 0))
    out += "; on preservation it is held, and not released";
  out += when_text(policy, rule) + ".";
  if (gives_nothing_today(rule)) out += " NOT TODAY: see the note.";
  return out;
}

std::vector<std::string> never_given(const Policy& policy, Instant now) {
  std::vector<std::string> out;
  Names closed;
  Names by_warrant;
  for (const auto& [id, camera] : policy.cameras) {
    if (camera.sharing == Sharing::never) closed.insert(id);
    if (camera.sharing == Sharing::warrant_only) by_warrant.insert(id);
  }
  if (!closed.empty()) out.push_back(fmt::format("Nothing of {}.", in_words(closed)));
  if (!by_warrant.empty())
    out.push_back(fmt::format("Nothing of {} without a warrant.", in_words(by_warrant)));
  for (const Rule& rule : policy.rules) {
    if (!rule.is_never || (rule.ends && now >= *rule.ends)) continue;
    out.push_back(never_sentence(policy, rule));
  }
  return out;
}

std::vector<std::string> always_true(const Policy& policy) {
  const Always& always = policy.always;
  std::vector<std::string> out;
  say_hidden(policy, out);
  out.push_back(
      fmt::format("A clip is at most {} long, of footage at most {} old when it is asked for.",
                  in_words(always.clip_at_most), in_words(always.footage_no_older_than)));
  say_clock_errors(policy, out);
  out.push_back(fmt::format(
      "An agency gets at most {} clip{} and {} in a month; at most {} of its requests wait at "
      "once.",
      always.clips_per_month, always.clips_per_month == 1 ? "" : "s",
      in_words(std::chrono::minutes(always.minutes_per_month)), always.open_requests_per_agency));
  out.push_back(
      fmt::format("An agency must delete what it got after {}.", in_words(always.delete_after)));
  out.emplace_back(always.case_number_required ? "A request must name a case number."
                                               : "A request need not name a case number.");
  out.emplace_back(always.say_reason ? "An agency is told why it is refused."
                                     : "An agency cannot tell a refusal from no footage.");
  out.push_back(fmt::format("A request that got nothing is closed after {}.",
                            in_words(always.answers_after)));
  out.emplace_back(always.if_unsure == IfUnsure::refuse
                       ? "Where a detector cannot be trusted, the clip is refused."
                       : "Where a detector cannot be trusted, the picture is filled.");
  out.push_back(always.area_within_metres == 0
                    ? std::string("A request about a place, not about this house, is refused.")
                    : fmt::format("A request about a place is judged by these rules if this house "
                                  "stands in it, at most {} metres from its middle.",
                                  always.area_within_metres));
  out.push_back(fmt::format(
      "You give footage of your own accord if {}.",
      always.gifts == Approval::ask_one ? "one resident agrees" : "all residents agree"));
  out.push_back(fmt::format("All of this ends after {}.", last_day_text(policy, policy.ends)));
  return out;
}

}  // namespace latchstring::policy
