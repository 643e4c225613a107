// What an agency may get in an ordinary week by choosing its words, its officer and when it asks:
// the most, for each camera, basis and purpose. Pure; any thread.
#pragma once

#include "policy/analysis/cases.h"
#include "policy/analysis/timeline.h"
#include "policy/analysis/week_times.h"

namespace latchstring::policy {

// From `from` to `to` of the week, by the household's clock.
struct WeekRun {
  Interval times;
  Outcome outcome;
  friend bool operator==(const WeekRun&, const WeekRun&) = default;
};

// What one choice of words gets; equal ones are joined.
struct Choice {
  std::string camera;
  std::set<Basis> bases;
  std::set<std::string> purposes;
  std::set<std::string> officers;     // who must ask for so much
  std::set<std::size_t> arrivals;     // and when
  std::vector<WeekRun> week;          // all of it
  std::array<Duration, 4> time_of{};  // in the week, by Approval
  bool gives_nothing() const { return time_of[0] >= kWeek; }
};

class Simulation {
 public:
  // `camera` empty: every camera.
  Simulation(const Policy& policy, const std::string& agency, const std::string& camera,
             Instant now);

  const Policy& policy() const { return policy_; }
  const std::string& agency() const { return agency_; }
  const Fields& fields() const { return fields_; }
  const Timeline& timeline() const { return timeline_; }
  bool has_ended() const { return has_ended_; }
  // Those that give most first.
  const std::vector<std::string>& cameras() const { return cameras_; }
  // Of a camera, the one that gives most first.
  const std::vector<Choice>& choices(const std::string& camera) const {
    return choices_.at(camera);
  }
  // Of all cameras; nullptr where nothing is given for any words.
  const Choice* most() const;

 private:
  std::vector<Choice> choices_of(const std::string& camera, Instant now) const;
  Choice best(const Case& one, const std::set<std::size_t>& arrivals, const Lifted& lifted) const;
  std::vector<WeekRun> week_of_case(const Case& one, std::size_t arrival,
                                    const Lifted& lifted) const;

  const Policy& policy_;
  const std::string agency_;
  const bool has_ended_;
  const Fields fields_;
  const Timeline timeline_;
  std::vector<std::string> cameras_;
  std::map<std::string, std::vector<Choice>> choices_;
};

// Whether the first gives more: more hours without asking, then more for one resident's yes, then
// for that of all.
bool gives_more(const Choice& a, const Choice& b);

// What a chart of the week shows, from Monday: the laxest approval in each half-hour for the words
// that give most then.
inline constexpr std::size_t kHalfHours = 48;
using WeekChart = std::array<std::array<Approval, kHalfHours>, 7>;
WeekChart chart_of(const std::vector<Choice>& choices, Basis basis);

// The page of `--html`: it stands alone, without scripts and without any other host.
std::string week_page(const Simulation& simulation);

// Words that both the terminal and the page use.
std::string most_sentence(const Simulation& simulation);
std::string choice_words(const Simulation& simulation, const Choice& choice);
std::vector<std::string> choice_lines(const Simulation& simulation, const Choice& choice);
std::string hours_text(Duration time);
// The bases whose charts are equal, with one of them.
std::vector<std::pair<std::set<Basis>, WeekChart>> charts_of(const std::vector<Choice>& choices);

}  // namespace latchstring::policy
