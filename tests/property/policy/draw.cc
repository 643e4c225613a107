// Random households and questions. Questions are steered at a rule and at the edges of its window:
// blind ones would nearly all be refused, and the properties would hold of nothing.
#include <rapidcheck.h>

#include <fmt/format.h>

#include <algorithm>
#include <random>

#include "gateway/base/ensure.h"
#include "tests/property/policy/model.h"

namespace latchstring::test {
namespace {

constexpr int kTerms = 3;

// RapidCheck draws one number per household; all else follows from it, which is far faster.
std::mt19937& generator() {
  static std::mt19937 it;
  return it;
}

int below(int count) {
  return std::uniform_int_distribution<int>(0, count - 1)(generator());
}
bool one_in(int count) {
  return below(count) == 0;
}

template <class T>
T pick(std::initializer_list<T> values) {
  return *(values.begin() + below(static_cast<int>(values.size())));
}

std::set<std::string> draw_redactions() {
  std::set<std::string> out;
  while (one_in(2) && out.size() < 3) {
    out.insert(pick<std::string>({"audio", "faces", "people", "plates", "moving"}));
  }
  return out;
}

std::set<int> draw_numbers(int count, int any_in) {
  std::set<int> out;
  if (one_in(any_in)) return out;
  out.insert(below(count));
  if (one_in(2)) out.insert(below(count));
  return out;
}

ModelRule draw_rule(const Model& model, bool is_never) {
  ModelRule rule;
  rule.is_never = is_never;
  rule.agencies = draw_numbers(3, 3);
  rule.cameras = draw_numbers(static_cast<int>(model.cameras.size()), 3);
  rule.bases = draw_numbers(3, 3);
  rule.purpose = fmt::format("purpose{}", below(kTerms));
  if (is_never && one_in(3)) rule.purpose.clear();
  if (is_never || !one_in(3)) {
    for (std::size_t day = 0; day < 7; ++day) rule.days[day] = !one_in(is_never ? 2 : 4);
    rule.days[static_cast<std::size_t>(below(7))] = true;
  }
  if (is_never || !one_in(4)) {
    rule.from_minute = below(24 * 4) * 15;
    rule.to_minute = (rule.from_minute + 15 * (1 + below(is_never ? 3 : 70))) % (24 * 60);
    if (rule.to_minute == 0) rule.to_minute = 24 * 60;
    if (rule.to_minute == rule.from_minute) rule.to_minute = rule.from_minute + 1;
  }
  rule.trim = !one_in(6);
  rule.has_ended = one_in(20);
  return rule;
}

// Days on which some clock changes, and common ones.
absl::CivilDay draw_day() {
  const int choice = below(6);
  if (choice == 0) return absl::CivilDay(2026, 3, 8);
  if (choice == 1) return absl::CivilDay(2026, 3, 29);
  if (choice == 2) return absl::CivilDay(2026, 10, 25);
  if (choice == 3) return absl::CivilDay(2026, 11, 1);
  if (choice == 4) return absl::CivilDay(2026, 4, 5);
  return absl::CivilDay(2026, 6, 1) + below(14);
}

// A little before the zone's next change of the clock.
std::int64_t draw_before_a_change(const absl::TimeZone& zone) {
  absl::TimeZone::CivilTransition change;
  const absl::Time day = absl::FromCivil(draw_day(), zone);
  if (!zone.NextTransition(day, &change)) return absl::ToUnixSeconds(day);  // no seasons there
  return absl::ToUnixSeconds(absl::FromCivil(change.from - 1, zone)) + 1 - below(120);
}

// Where the footage begins: near an edge of the rule's window, inside it, or anywhere.
std::int64_t draw_start(const Model& model, const ModelRule& rule) {
  absl::TimeZone zone;
  ensure(absl::LoadTimeZone(model.zone, &zone));
  const int kind = below(10);
  int minute = below(24 * 60);
  if (kind < 3) minute = rule.from_minute;
  if (kind == 3) minute = rule.to_minute;
  if (kind > 4) {
    const int length = (rule.to_minute - rule.from_minute + 24 * 60 - 1) % (24 * 60) + 1;
    minute = rule.from_minute + below(length);
  }
  absl::CivilDay day = draw_day();
  if (kind < 9) {  // mostly on a day that the rule names
    while (!rule.days[static_cast<std::size_t>(absl::GetWeekday(day))]) ++day;
  }
  const absl::CivilSecond shown = absl::CivilSecond(day) + minute * 60;
  const int shift = kind == 4 ? 0 : below(180) - 90;
  return absl::ToUnixSeconds(absl::FromCivil(shown, zone)) + shift;
}

std::int64_t draw_start_at_an_edge(const Model& model) {
  absl::TimeZone zone;
  ensure(absl::LoadTimeZone(model.zone, &zone));
  return one_in(2) ? draw_before_a_change(zone) : draw_start(model, model.rules.back());
}

// The first rule permits around the night's changes of the clock, whole or not at all for half of
// the households; the last one is a never rule of the same hours.
void move_to_the_edges(Model& model) {
  ModelRule& first = model.rules.front();
  first.from_minute = below(8) * 15;
  first.to_minute = 60 + first.from_minute + below(16) * 15;
  first.days.assign(7, true);
  const bool trim = one_in(2);
  for (ModelRule& rule : model.rules) {
    if (rule.purpose == first.purpose) rule.trim = trim;
  }
  ModelRule never = draw_rule(model, true);
  never.agencies = never.cameras = never.bases = {};
  never.from_minute = first.from_minute + below(4) * 15;
  never.to_minute = never.from_minute + 15;
  model.rules.push_back(never);
}

void draw_facts(const Model& model, const policy::Question& question, policy::Facts& facts) {
  facts = {};
  facts.now = question.footage.to + std::chrono::seconds(pick({0, 3600, 86'400}));
  if (one_in(30)) facts.now = question.footage.to - std::chrono::seconds(1);
  if (one_in(10)) {  // the age limit falls into the footage
    facts.now = question.footage.from + std::chrono::hours(24 * model.age_days) +
                std::chrono::seconds(below(120));
  }
  if (one_in(20)) facts.time_given_this_month = std::chrono::minutes(600 - below(10));
  if (one_in(20)) facts.clips_given_this_month = 50;
  if (question.basis != policy::Basis::warrant || one_in(8)) return;
  facts.warrant = policy::Facts::Warrant{{}, question.footage, one_in(4)};
  if (one_in(3)) facts.warrant->cameras = {pick<std::string>({"camera0", "camera1"})};
  if (one_in(3)) facts.warrant->footage.to -= std::chrono::seconds(30);
  facts.override_never = one_in(4);
}

}  // namespace

Model draw_model(Aim aim) {
  generator().seed(*rc::gen::noShrink(rc::gen::arbitrary<std::uint32_t>()));
  Model model;
  model.zone = pick<std::string>({"America/Chicago", "Europe/Berlin", "Australia/Lord_Howe",
                                  "America/St_Johns", "Asia/Kathmandu", "Africa/Cairo"});
  const int cameras = 1 + below(3);
  for (int i = 0; i < cameras; ++i) {
    model.cameras.push_back(
        {pick({0, 0, 0, 0, 0, 0, 0, 0, 1, 2}), draw_redactions(), pick({0, 1, 5, 20})});
  }
  model.redact = draw_redactions();
  model.height = pick({0, 0, 720});
  model.clip_minutes = pick({10, 30, 30});
  model.age_days = pick({7, 14});
  for (int i = 0; i < kTerms; ++i) {
    // `automatic` needs cameras that all go by rules; see the loader.
    bool only_by_rule = true;
    for (const ModelCamera& camera : model.cameras) only_by_rule &= camera.sharing != 1;
    const auto approval = only_by_rule
                              ? pick({policy::Approval::ask_all, policy::Approval::ask_one,
                                      policy::Approval::automatic})
                              : pick({policy::Approval::ask_all, policy::Approval::ask_one});
    model.terms.push_back({fmt::format("purpose{}", i), approval, draw_redactions(),
                           pick({2, 30, 30, 30}), pick({0, 0, 480, 1080})});
  }
  const int allows = 1 + below(4);
  for (int i = 0; i < allows; ++i) model.rules.push_back(draw_rule(model, false));
  // Rules of one purpose overlap; part_outside is one of the conditions they must share.
  for (ModelRule& rule : model.rules) {
    for (const ModelRule& first : model.rules) {
      if (first.purpose == rule.purpose) {
        rule.trim = first.trim;
        break;
      }
    }
  }
  const int nevers = pick({0, 0, 1, 2});
  for (int i = 0; i < nevers; ++i) model.rules.push_back(draw_rule(model, true));
  if (aim == Aim::edges) move_to_the_edges(model);
  return model;
}

policy::Question draw_question(const Model& model, policy::Facts& facts, Aim aim) {
  const int cameras = static_cast<int>(model.cameras.size());
  // Allow rules stand first; mostly one of them.
  const auto allows = std::count_if(model.rules.begin(), model.rules.end(),
                                    [](const ModelRule& each) { return !each.is_never; });
  const auto among =
      allows == 0 || one_in(6) ? model.rules.size() : static_cast<std::size_t>(allows);
  const int number = aim == Aim::edges ? 0 : below(static_cast<int>(among));
  const ModelRule& rule = model.rules[static_cast<std::size_t>(number)];
  const auto from = [](const std::set<int>& set, int count) {
    if (set.empty() || one_in(15)) return below(count);
    return *std::next(set.begin(), below(static_cast<int>(set.size())));
  };
  policy::Question question;
  question.agency = one_in(40) ? "stranger" : fmt::format("agency{}", from(rule.agencies, 3));
  question.officer = "4711";
  question.camera = fmt::format("camera{}", from(rule.cameras, cameras));
  question.basis = static_cast<policy::Basis>(from(rule.bases, one_in(10) ? 4 : 3));
  question.purpose = rule.purpose.empty() || one_in(20)
                         ? fmt::format("purpose{}", below(kTerms + 1))
                         : rule.purpose;
  question.has_case_number = !one_in(30);
  const std::int64_t start =
      aim == Aim::edges ? draw_start_at_an_edge(model) : draw_start(model, rule);
  const int length = one_in(40) ? 1801 : 1 + below(pick({30, 120, 120, 300}));
  question.footage = {from_unix_seconds(start), from_unix_seconds(start + length)};
  draw_facts(model, question, facts);
  question.received = facts.now;
  return question;
}

}  // namespace latchstring::test
