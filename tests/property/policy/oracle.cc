#include <fmt/format.h>

#include "gateway/base/ensure.h"
#include "tests/property/policy/model.h"

namespace latchstring::test {
namespace {

using policy::Approval;
using policy::Basis;

std::int64_t seconds_of(Instant t) {
  return std::chrono::duration_cast<std::chrono::seconds>(t.time_since_epoch()).count();
}

std::string list(const std::set<std::string>& names) {
  return names.empty() ? "none" : fmt::format("[{}]", fmt::join(names, ", "));
}

std::string numbered(std::string_view prefix, const std::set<int>& numbers) {
  if (numbers.empty()) return "any";
  std::vector<std::string> out;
  for (const int number : numbers) out.push_back(fmt::format("{}{}", prefix, number));
  return fmt::format("[{}]", fmt::join(out, ", "));
}

std::string time_text(const ModelRule& rule) {
  if (rule.from_minute == 0 && rule.to_minute == 24 * 60) return "all_day";
  return fmt::format("\"{:02}:{:02} to {:02}:{:02}\"", rule.from_minute / 60, rule.from_minute % 60,
                     rule.to_minute / 60, rule.to_minute % 60);
}

std::string rule_text(const Model& model, const ModelRule& rule, std::size_t number) {
  constexpr const char* kDays[] = {"mon", "tue", "wed", "thu", "fri", "sat", "sun"};
  std::vector<std::string> days;
  for (std::size_t i = 0; i < 7; ++i) {
    if (rule.days[i]) days.emplace_back(kDays[i]);
  }
  std::set<std::string> bases;
  for (const int basis : rule.bases) bases.emplace(to_string(static_cast<Basis>(basis)));
  std::string out = fmt::format(
      "  - {{name: r{}, who: {}, camera: {}, basis: {}, purpose: {}, footage_days: [{}], "
      "footage_time: {}",
      number, numbered("agency", rule.agencies), numbered("camera", rule.cameras),
      bases.empty() ? "any" : list(bases), rule.purpose.empty() ? "any" : rule.purpose,
      fmt::join(days, ", "), time_text(rule));
  if (rule.has_ended) out += ", rule_ends_on: 2020-01-01";
  for (const ModelTerms& terms : model.terms) {
    if (rule.is_never || terms.purpose != rule.purpose) continue;
    out += fmt::format(", approval: {}, redact: {}, clip_at_most: {} minutes, part_outside: {}",
                       to_string(terms.approval), list(terms.redact), terms.clip_minutes,
                       rule.trim ? "trim" : "refuse");
    if (terms.height != 0) out += fmt::format(", picture_height_at_most: {}", terms.height);
    out += ", release_unreviewed: yes";
  }
  return out + "}\n";
}

// What a household would read off its clock, second by second.
class Oracle {
 public:
  Oracle(const Model& model, const policy::Question& question, const policy::Facts& facts)
      : model_(model), question_(question), facts_(facts) {
    ensure(absl::LoadTimeZone(model.zone, &zone_));
    from_ = seconds_of(question.footage.from);
    to_ = seconds_of(question.footage.to);
    now_ = seconds_of(facts.now);
  }

  std::vector<Verdict> judge() {
    std::vector<Verdict> out(static_cast<std::size_t>(to_ - from_));
    if (!passes_gate()) return out;
    error_ = camera().error_seconds;
    note_clock();
    for (std::int64_t t = from_; t < to_; ++t) {
      out[static_cast<std::size_t>(t - from_)] = verdict_at(t);
    }
    return out;
  }

 private:
  static std::optional<int> number(std::string_view name, std::string_view prefix, int count) {
    for (int i = 0; i < count; ++i) {
      if (name == fmt::format("{}{}", prefix, i)) return i;
    }
    return std::nullopt;
  }

  const ModelCamera& camera() const { return model_.cameras[static_cast<std::size_t>(camera_)]; }

  bool passes_gate() {
    const auto agency = number(question_.agency, "agency", 3);
    const auto named = number(question_.camera, "camera", static_cast<int>(model_.cameras.size()));
    if (!agency || !named || !question_.has_case_number || to_ > now_) return false;
    agency_ = *agency;
    camera_ = *named;
    if (to_ - from_ > model_.clip_minutes * 60) return false;
    const auto given =
        std::chrono::duration_cast<std::chrono::seconds>(facts_.time_given_this_month).count();
    if (given + (to_ - from_) > 600 * 60 || facts_.clips_given_this_month >= 50) return false;
    if (question_.basis == Basis::preservation || camera().sharing == 2) return false;
    if (camera().sharing == 1 && question_.basis != Basis::warrant) return false;
    if (question_.basis != Basis::warrant) return true;
    return facts_.warrant && (facts_.warrant->cameras.empty() ||
                              facts_.warrant->cameras.count(question_.camera) != 0);
  }

  // For each rule, whether the clock stands inside its window, for every second within the error.
  void note_clock() {
    shows_.assign(model_.rules.size(), {});
    for (std::int64_t t = from_ - error_; t <= to_ + error_; ++t) {
      const absl::TimeZone::CivilInfo info = zone_.At(absl::FromUnixSeconds(t));
      for (std::size_t r = 0; r < model_.rules.size(); ++r) {
        shows_[r].push_back(stands_inside(model_.rules[r], info.cs));
      }
    }
  }

  static bool stands_inside(const ModelRule& rule, absl::CivilSecond shown) {
    const int minute = shown.hour() * 60 + shown.minute();
    const auto on = [&](absl::CivilDay day) {
      return rule.days[static_cast<std::size_t>(absl::GetWeekday(day))];
    };
    const absl::CivilDay today(shown);
    if (rule.from_minute < rule.to_minute) {
      return on(today) && rule.from_minute <= minute && minute < rule.to_minute;
    }
    if (minute >= rule.from_minute) return on(today);
    return minute < rule.to_minute && on(today - 1);
  }

  bool in_scope(const ModelRule& rule) const {
    const auto has = [](const std::set<int>& set, int value) {
      return set.empty() || set.count(value) != 0;
    };
    return !rule.has_ended && has(rule.agencies, agency_) && has(rule.cameras, camera_) &&
           has(rule.bases, static_cast<int>(question_.basis)) &&
           (rule.purpose.empty() || rule.purpose == question_.purpose);
  }

  bool possibly(std::size_t r, std::int64_t t) const {
    if (!in_scope(model_.rules[r])) return false;
    for (std::int64_t s = t - error_; s <= t + error_; ++s) {
      if (shows_[r][static_cast<std::size_t>(s - (from_ - error_))]) return true;
    }
    return false;
  }

  bool surely(std::size_t r, std::int64_t t) const {
    if (!in_scope(model_.rules[r])) return false;
    for (std::int64_t s = t - error_; s <= t + error_; ++s) {
      if (!shows_[r][static_cast<std::size_t>(s - (from_ - error_))]) return false;
    }
    return true;
  }

  bool some_never(std::int64_t t) const {
    if (facts_.override_never && question_.basis == Basis::warrant) return false;
    for (std::size_t r = 0; r < model_.rules.size(); ++r) {
      if (model_.rules[r].is_never && possibly(r, t)) return true;
    }
    return false;
  }

  bool young_enough(std::int64_t t) const {
    return t - error_ >= now_ - std::int64_t{model_.age_days} * 86'400;
  }

  const ModelTerms& terms(const ModelRule& rule) const {
    for (const ModelTerms& each : model_.terms) {
      if (each.purpose == rule.purpose) return each;
    }
    return model_.terms.front();
  }

  bool permits(std::size_t r, std::int64_t t) {
    const ModelRule& rule = model_.rules[r];
    if (rule.is_never || !surely(r, t)) return false;
    if (to_ - from_ > terms(rule).clip_minutes * 60) return false;
    if (rule.trim) return true;
    whole_.resize(model_.rules.size(), -1);
    if (whole_[r] < 0) {
      whole_[r] = 1;
      for (std::int64_t s = from_; s < to_; ++s) {
        if (!surely(r, s) || !young_enough(s) || some_never(s)) whole_[r] = 0;
      }
    }
    return whole_[r] == 1;
  }

  Verdict verdict_at(std::int64_t t) {
    Verdict out;
    const Instant instant = from_unix_seconds(t);
    if (question_.basis == Basis::warrant && !facts_.warrant->footage.contains(instant)) return out;
    if (some_never(t) || !young_enough(t)) return out;
    bool permitted = false;
    for (std::size_t r = 0; r < model_.rules.size(); ++r) permitted = permitted || permits(r, t);
    if (!permitted) return out;
    out.approval = Approval::automatic;
    out.height = model_.height;
    out.redact = model_.redact;
    out.redact.insert(camera().redact.begin(), camera().redact.end());
    for (std::size_t r = 0; r < model_.rules.size(); ++r) {
      if (model_.rules[r].is_never || !possibly(r, t)) continue;
      const ModelTerms& asks = terms(model_.rules[r]);
      if (asks.approval < out.approval) out.approval = asks.approval;
      out.redact.insert(asks.redact.begin(), asks.redact.end());
      if (asks.height != 0 && (out.height == 0 || asks.height < out.height))
        out.height = asks.height;
    }
    if (question_.basis == Basis::emergency && out.approval == Approval::automatic) {
      out.approval = Approval::ask_one;
    }
    const bool all_must_agree =
        question_.basis == Basis::warrant && (facts_.warrant->is_paper || facts_.override_never);
    if (all_must_agree) out.approval = Approval::ask_all;
    if (out.redact.count("people") != 0) out.redact.insert("faces");
    return out;
  }

  const Model& model_;
  const policy::Question& question_;
  const policy::Facts& facts_;
  absl::TimeZone zone_;
  std::int64_t from_ = 0;
  std::int64_t to_ = 0;
  std::int64_t now_ = 0;
  std::int64_t error_ = 0;
  int agency_ = 0;
  int camera_ = 0;
  std::vector<std::vector<bool>> shows_;
  std::vector<int> whole_;
};

}  // namespace

std::string Model::text() const {
  std::string out = fmt::format(
      "policy_version: 1\n"
      "household: {{timezone: {}, residents: [a, b], rules_end_on: 2027-12-31}}\n"
      "agencies:\n"
      "  agency0: {{name: A, key_file: keys/police.jwk}}\n"
      "  agency1: {{name: B, key_file: keys/fire.jwk}}\n"
      "  agency2: {{name: C, key_file: keys/court.jwk}}\n"
      "cameras:\n",
      zone);
  constexpr const char* kSharing[] = {"by_rule", "warrant_only", "never"};
  for (std::size_t i = 0; i < cameras.size(); ++i) {
    out += fmt::format("  camera{}: {{sharing: {}, always_redact: {}, clock_error: {} seconds}}\n",
                       i, kSharing[cameras[i].sharing], list(cameras[i].redact),
                       cameras[i].error_seconds);
  }
  out += fmt::format(
      "always:\n  redact: {}\n  clip_at_most: {} minutes\n  footage_no_older_than: {} days\n"
      "  per_agency_per_month: {{clips: 50, minutes: 600}}\n",
      list(redact), clip_minutes, age_days);
  if (height != 0) out += fmt::format("  picture_height_at_most: {}\n", height);
  for (const bool is_never : {true, false}) {
    std::string rules_text;
    for (std::size_t i = 0; i < rules.size(); ++i) {
      if (rules[i].is_never == is_never) rules_text += rule_text(*this, rules[i], i);
    }
    if (!rules_text.empty()) out += (is_never ? "never:\n" : "allow:\n") + rules_text;
  }
  return out;
}

std::vector<Verdict> oracle(const Model& model, const policy::Question& question,
                            const policy::Facts& facts) {
  return Oracle(model, question, facts).judge();
}

}  // namespace latchstring::test
