#include "policy/analysis/outcome_words.h"

#include <fmt/format.h>

#include <algorithm>

#include "policy/analysis/analysis.h"
#include "policy/analysis/week_times.h"
#include "policy/engine/words.h"

namespace latchstring::policy {
namespace {

constexpr std::size_t kSpansTold = 2;  // of dates; more of them are hours that come again

std::string frames_words(const Outcome& outcome) {
  return outcome.one_frame_per == Duration::zero()
             ? "film"
             : fmt::format("one picture per {}", in_words(outcome.one_frame_per));
}

std::string height_words(const Outcome& outcome) {
  return outcome.height_at_most == 0 ? "any" : std::to_string(outcome.height_at_most);
}

std::string clip_words(const Outcome& outcome) {
  return in_words(outcome.clip_at_most) + (outcome.clip_of_always ? " (always)" : "");
}

std::string minute_text(const Policy& policy, Instant instant) {
  const std::string text = wall_clock_text(policy, instant);
  return text.substr(0, text.size() - 3);
}

// When requests of these classes arrive.
Intervals spans_of(const Timeline& timeline, const std::set<std::size_t>& arrivals) {
  Intervals out;
  const auto& moments = timeline.moments();
  for (std::size_t i = 0; i < moments.size(); ++i) {
    if (arrivals.count(moments[i].arrival) == 0) continue;
    const Instant to = i + 1 < moments.size() ? moments[i + 1].now : timeline.end();
    if (!out.empty() && out.back().to == moments[i].now) {
      out.back().to = to;
    } else {
      out.push_back({moments[i].now, to});
    }
  }
  return out;
}

std::string span_words(const Policy& policy, const Timeline& timeline, const Interval& span) {
  const bool from_now = span.from == timeline.moments().front().now;
  const bool to_end = span.to >= timeline.end() - std::chrono::seconds(1);
  if (from_now) return fmt::format("before {}", minute_text(policy, span.to));
  if (to_end) return fmt::format("from {} on", minute_text(policy, span.from));
  return fmt::format("from {} to {}", minute_text(policy, span.from), minute_text(policy, span.to));
}

// Hours that come again every week, as the first week shows them.
std::string weekly_words(const Policy& policy, const Timeline& timeline, const Intervals& spans) {
  const WallClock& clock = policy.index->clock;
  const Instant first = spans.front().from;
  const Interval week{first, first + kWeek};
  Intervals times;
  for (const Interval& span : spans) {
    const Interval seen = intersection(span, week);
    if (seen.empty()) continue;
    const Instant monday = monday_of(clock, seen.from);
    for (Interval each : shown_times(clock, monday, seen)) {
      const Instant end{kWeek};
      times = both(std::move(times), {{each.from, std::min(each.to, end)}});
      if (each.to > end) times = both(std::move(times), {{Instant{}, Instant{each.to - end}}});
    }
  }
  std::string out = in_words(times);
  if (first > timeline.moments().front().now + kWeek) {
    out += fmt::format(", from {} on", minute_text(policy, first));
  }
  if (spans.back().to + kWeek < timeline.end()) {
    out += fmt::format(", until {}", minute_text(policy, spans.back().to));
  }
  return out;
}

std::string shell_word(const std::string& word) {
  const bool plain = !word.empty() && std::all_of(word.begin(), word.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("_-./+:@%,").find(c) != std::string_view::npos;
  });
  if (plain) return word;
  std::string out = "'";
  for (const char c : word) out += c == '\'' ? "'\\''" : std::string(1, c);
  return out + "'";
}

}  // namespace

std::string approval_words(const Outcome& outcome) {
  if (outcome.approval == Approval::refuse) return "refused";
  if (outcome.approval == Approval::automatic) return "released without asking";
  return fmt::format("{} must agree within {}",
                     outcome.approval == Approval::ask_one ? "one resident" : "all residents",
                     in_words(outcome.answer_within));
}

std::string in_words(const Policy& policy, const Outcome& outcome) {
  std::string out = approval_words(outcome);
  if (outcome.approval == Approval::refuse) return out;
  out += fmt::format("; {} hidden", hidden_in_words(policy, outcome.redact));
  if (outcome.height_at_most != 0) {
    out += fmt::format("; picture at most {} lines high", outcome.height_at_most);
  }
  if (outcome.one_frame_per != Duration::zero()) out += "; " + frames_words(outcome);
  if (outcome.watermark) out += "; with a watermark";
  if (outcome.clip_at_most != Duration::zero() && !outcome.clip_of_always) {
    out += fmt::format("; at most {} long", in_words(outcome.clip_at_most));
  }
  if (outcome.trims) out += "; of a longer request, the part that fits";
  return out;
}

std::string difference_words(const Policy& before, const Outcome& was, const Policy& after,
                             const Outcome& is) {
  if (was.approval == Approval::refuse || is.approval == Approval::refuse) {
    return fmt::format("{} -> {}", in_words(before, was), in_words(after, is));
  }
  std::string out;
  const auto add = [&](std::string_view what, const std::string& a, const std::string& b) {
    if (a != b) out += fmt::format("{}{}{} -> {}", out.empty() ? "" : ", ", what, a, b);
  };
  if (was.approval != is.approval || was.answer_within != is.answer_within) {
    add("", approval_words(was), approval_words(is));
  }
  add("hidden: ", hidden_in_words(before, was.redact), hidden_in_words(after, is.redact));
  add("lines of the picture at most: ", height_words(was), height_words(is));
  add("", frames_words(was), frames_words(is));
  add("watermark: ", was.watermark ? "yes" : "no", is.watermark ? "yes" : "no");
  if (!was.clip_of_always || !is.clip_of_always) {
    add("clip at most: ", clip_words(was), clip_words(is));
  }
  add("part_outside: ", was.trims ? "trim" : "refuse", is.trims ? "trim" : "refuse");
  return out;
}

json::Writer to_json(const Outcome& outcome) {
  const auto seconds = [](Duration duration) {
    return std::chrono::duration_cast<std::chrono::seconds>(duration).count();
  };
  json::Writer out;
  out.string("decision", to_string(outcome.approval));
  if (outcome.approval == Approval::refuse) return out;
  out.strings("redact", {outcome.redact.begin(), outcome.redact.end()});
  if (outcome.height_at_most == 0) {
    out.json("height_at_most", "null");
  } else {
    out.integer("height_at_most", outcome.height_at_most);
  }
  return out.integer("one_frame_per_seconds", seconds(outcome.one_frame_per))
      .boolean("watermark", outcome.watermark)
      .integer("answer_within_seconds", seconds(outcome.answer_within))
      .integer("clip_at_most_seconds", seconds(outcome.clip_at_most))
      .string("part_outside", outcome.trims ? "trim" : "refuse");
}

std::string purpose_words(const Fields& fields, const std::set<std::string>& purposes) {
  if (purposes.size() == fields.purposes.size()) return "any purpose";
  std::vector<std::string> named;
  std::vector<std::string> left_out;
  for (const std::string& each : fields.purposes) {
    if (each != fields.other_purpose)
      (purposes.count(each) != 0 ? named : left_out).push_back(each);
  }
  if (purposes.count(fields.other_purpose) == 0) return fmt::format("{}", fmt::join(named, ", "));
  if (named.empty()) return "any other purpose";
  if (left_out.size() < named.size()) {
    return fmt::format("any purpose but {}", fmt::join(left_out, ", "));
  }
  return fmt::format("{}, any other purpose", fmt::join(named, ", "));
}

std::string officer_words(const Fields& fields, const std::set<std::string>& officers) {
  if (officers.size() == fields.officers.size()) return "";
  std::string out;
  for (const std::string& each : officers) {
    if (each != fields.other_officer) out += (out.empty() ? "officer " : ", ") + each;
  }
  if (officers.count(fields.other_officer) == 0) return out;
  return out + (out.empty() ? "any other officer" : ", any other");
}

std::string bases_words(const std::set<Basis>& bases) {
  std::string out;
  for (const Basis basis : bases) {
    out += (out.empty() ? "" : ", ") + std::string(to_string(basis));
  }
  return out;
}

std::string asked_words(const Policy& policy, const Timeline& timeline,
                        const std::set<std::size_t>& arrivals) {
  if (arrivals.size() == timeline.arrivals().size()) return "";
  const Intervals spans = spans_of(timeline, arrivals);
  if (spans.empty()) return "";
  if (spans.size() > kSpansTold) return "asked " + weekly_words(policy, timeline, spans);
  std::string out = "asked " + span_words(policy, timeline, spans.front());
  if (spans.size() > 1) out += " or " + span_words(policy, timeline, spans.back());
  return out;
}

std::string explain_command(const Policy& policy, const std::string& file, const Case& one,
                            const Interval& footage, Instant now) {
  const std::string officer = one.officer.empty() ? "" : " --officer " + shell_word(one.officer);
  return fmt::format(
      "latchstring policy explain {} --who {}{} --camera {} --basis {} --purpose {} --footage "
      "\"{} to {}\" --now {}",
      shell_word(file), one.agency, officer, one.camera, to_string(one.basis), one.purpose,
      to_local_rfc3339(policy, footage.from), to_local_rfc3339(policy, footage.to),
      to_local_rfc3339(policy, now));
}

}  // namespace latchstring::policy
