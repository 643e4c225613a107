#include "policy/analysis/simulation.h"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>

#include "policy/analysis/analysis.h"
#include "policy/analysis/outcome_words.h"

namespace latchstring::policy {
namespace {

constexpr Duration kHalfHour = std::chrono::minutes(30);

void add_times(Choice& choice) {
  for (const WeekRun& run : choice.week) {
    choice.time_of[static_cast<std::size_t>(run.outcome.approval)] += run.times.length();
  }
}

Duration time_of(const Choice& choice, Approval approval) {
  return choice.time_of[static_cast<std::size_t>(approval)];
}

auto rank(const Choice& choice) {
  return std::tuple(time_of(choice, Approval::automatic), time_of(choice, Approval::ask_one),
                    time_of(choice, Approval::ask_all));
}

// What is asked to be held is not got.
Fields fields_that_give(const Policy& policy) {
  Fields fields = fields_of({&policy});
  std::erase(fields.bases, Basis::preservation);
  return fields;
}

// Joins what differs in one set only.
template <class T>
void join(std::vector<Choice>& choices, std::set<T> Choice::*side) {
  std::vector<Choice> out;
  for (Choice& choice : choices) {
    const auto same = [&](const Choice& other) {
      const auto all = [side](Choice each) {
        (each.*side).clear();
        return std::tuple(each.bases, each.purposes, each.officers, each.arrivals, each.week);
      };
      return all(choice) == all(other);
    };
    const auto known = std::find_if(out.begin(), out.end(), same);
    if (known == out.end()) {
      out.push_back(std::move(choice));
    } else {
      (*known.*side).insert((choice.*side).begin(), (choice.*side).end());
    }
  }
  choices = std::move(out);
}

}  // namespace

bool gives_more(const Choice& a, const Choice& b) {
  return rank(a) > rank(b);
}

Simulation::Simulation(const Policy& policy, const std::string& agency, const std::string& camera,
                       Instant now)
    : policy_(policy),
      agency_(agency),
      has_ended_(now >= policy.ends),
      fields_(fields_that_give(policy)),
      timeline_(policy, policy, now) {
  for (const std::string& each : fields_.cameras) {
    if (!camera.empty() && each != camera) continue;
    cameras_.push_back(each);
    choices_[each] = choices_of(each, now);
  }
  std::stable_sort(cameras_.begin(), cameras_.end(),
                   [this](const std::string& a, const std::string& b) {
                     return gives_more(choices_.at(a).front(), choices_.at(b).front());
                   });
}

std::vector<Choice> Simulation::choices_of(const std::string& camera, Instant now) const {
  // The classes of arrivals that come within a week: what begins later is of another day.
  std::set<std::size_t> arrivals;
  for (const Moment& moment : timeline_.moments()) {
    if (moment.now < now + kWeek) arrivals.insert(moment.arrival);
  }
  const Lifted lifted(policy_);
  std::vector<Choice> out;
  for (const Basis basis : fields_.bases) {
    for (const std::string& purpose : fields_.purposes) {
      out.push_back(best({agency_, "", camera, basis, purpose}, arrivals, lifted));
    }
  }
  join(out, &Choice::purposes);
  join(out, &Choice::bases);
  std::stable_sort(out.begin(), out.end(), gives_more);
  return out;
}

Choice Simulation::best(const Case& one, const std::set<std::size_t>& arrivals,
                        const Lifted& lifted) const {
  Choice best;
  for (const std::string& officer : fields_.officers) {
    for (const std::size_t arrival : arrivals) {
      Case asked = one;
      asked.officer = officer;
      Choice choice{one.camera, {one.basis}, {one.purpose}, {officer}, {arrival}, {}, {}};
      choice.week = week_of_case(asked, arrival, lifted);
      add_times(choice);
      if (choice.week == best.week) {
        best.officers.insert(officer);
        best.arrivals.insert(arrival);
      } else if (best.week.empty() || gives_more(choice, best)) {
        best = std::move(choice);
      }
    }
  }
  return best;
}

std::vector<WeekRun> Simulation::week_of_case(const Case& one, std::size_t arrival,
                                              const Lifted& lifted) const {
  const Interval all{Instant{}, Instant{kWeek}};
  if (has_ended_) return {{all, Outcome{}}};
  for (const FootageWeek& week : timeline_.weeks()) {
    if (week.kind != timeline_.ordinary_kind()) continue;
    for (const Moment& moment : timeline_.moments()) {
      if (moment.arrival != arrival || moment.now < week.utc.to) continue;
      std::vector<WeekRun> out;
      for (Run& run : lifted.runs(one, moment.now, week.utc)) {
        const Intervals times = shown_times(policy_.index->clock, week.utc.from, run.footage);
        out.push_back({times.front(), std::move(run.outcome)});
      }
      return out;
    }
    break;
  }
  return {{all, Outcome{}}};  // nobody can ask then for a week that is over
}

const Choice* Simulation::most() const {
  if (cameras_.empty()) return nullptr;
  const Choice& first = choices_.at(cameras_.front()).front();
  return first.gives_nothing() ? nullptr : &first;
}

WeekChart chart_of(const std::vector<Choice>& choices, Basis basis) {
  WeekChart chart{};
  for (const Choice& choice : choices) {
    if (choice.bases.count(basis) == 0) continue;
    for (const WeekRun& run : choice.week) {
      const auto first = static_cast<std::size_t>(run.times.from.time_since_epoch() / kHalfHour);
      const auto end = (run.times.to.time_since_epoch() + kHalfHour - Duration(1)) / kHalfHour;
      for (std::size_t i = first; i < static_cast<std::size_t>(end); ++i) {
        Approval& shown = chart.at(i / kHalfHours).at(i % kHalfHours);
        shown = std::max(shown, run.outcome.approval);
      }
    }
  }
  return chart;
}

std::vector<std::pair<std::set<Basis>, WeekChart>> charts_of(const std::vector<Choice>& choices) {
  std::vector<std::pair<std::set<Basis>, WeekChart>> out;
  for (const Basis basis : {Basis::consent, Basis::emergency, Basis::warrant}) {
    const WeekChart chart = chart_of(choices, basis);
    if (chart == WeekChart{}) continue;
    const auto known = std::find_if(out.begin(), out.end(),
                                    [&](const auto& each) { return each.second == chart; });
    if (known == out.end()) {
      out.push_back({{basis}, chart});
    } else {
      known->first.insert(basis);
    }
  }
  return out;
}

std::string hours_text(Duration time) {
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(time).count();
  return seconds % 3600 == 0 ? fmt::format("{}", seconds / 3600)
                             : fmt::format("{:.1f}", static_cast<double>(seconds) / 3600);
}

// `vehicle_theft (consent)`, `any word (warrant), asked Mon 08:00 to 18:00`.
std::string choice_words(const Simulation& simulation, const Choice& choice) {
  const Fields& fields = simulation.fields();
  std::string purposes = purpose_words(fields, choice.purposes);
  const std::size_t other = purposes.rfind("any other purpose");
  if (other != std::string::npos) purposes.replace(other, std::string::npos, "any other word");
  if (purposes == "any purpose") purposes = "any word";
  std::string out = fmt::format("{} ({})", purposes, bases_words(choice.bases));
  const std::string officer = officer_words(fields, choice.officers);
  if (!officer.empty()) out += ", " + officer;
  std::set<std::size_t> soon;  // what does not come within a week is no choice
  const auto& moments = simulation.timeline().moments();
  for (const Moment& moment : moments) {
    if (moment.now < moments.front().now + kWeek) soon.insert(moment.arrival);
  }
  if (soon == choice.arrivals) return out;
  return out + ", " + asked_words(simulation.policy(), simulation.timeline(), choice.arrivals);
}

std::string most_sentence(const Simulation& simulation) {
  const auto& agencies = simulation.policy().agencies;
  const auto agency = agencies.find(simulation.agency());
  const std::string name = agency == agencies.end() ? simulation.agency() : agency->second.name;
  if (simulation.has_ended()) return "These rules have ended: nothing is shared.";
  const Choice* most = simulation.most();
  if (most == nullptr) return fmt::format("Whatever {} writes, it gets nothing.", name);
  const std::string& word = *most->purposes.begin();
  const std::string by = most->purposes.count(simulation.fields().other_purpose) != 0
                             ? "any word at all"
                             : fmt::format("\"{}\"", word);
  Approval approval = Approval::automatic;
  while (time_of(*most, approval) == Duration::zero()) {
    approval = static_cast<Approval>(static_cast<int>(approval) - 1);
  }
  constexpr std::string_view kHow[] = {"", "if all residents agree", "if one resident agrees",
                                       "without asking anybody"};
  return fmt::format("By writing {} {} gets most: {} hours a week of {}, {} (basis {}).", by, name,
                     hours_text(time_of(*most, approval)), most->camera,
                     kHow[static_cast<std::size_t>(approval)], bases_words(most->bases));
}

std::vector<std::string> choice_lines(const Simulation& simulation, const Choice& choice) {
  std::vector<std::pair<Outcome, Intervals>> given;
  for (const WeekRun& run : choice.week) {
    if (run.outcome.approval == Approval::refuse) continue;
    const auto known = std::find_if(given.begin(), given.end(),
                                    [&](const auto& each) { return each.first == run.outcome; });
    if (known == given.end()) {
      given.push_back({run.outcome, {run.times}});
    } else {
      known->second.push_back(run.times);
    }
  }
  std::vector<std::string> out;
  for (const auto& [outcome, times] : given) {
    out.push_back(fmt::format("{}: {}", in_words(times), in_words(simulation.policy(), outcome)));
  }
  return out;
}

}  // namespace latchstring::policy
