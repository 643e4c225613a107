// `latchstring policy diff`: what it prints.
#include <fmt/format.h>

#include <algorithm>

#include "policy/analysis/analysis.h"
#include "policy/analysis/differences.h"
#include "policy/analysis/outcome_words.h"
#include "policy/analysis/settings.h"
#include "policy/engine/words.h"

namespace latchstring::policy {
namespace {

constexpr int kLooser = 3;  // the exit code

struct Files {
  std::string before_name;
  std::string after_name;
  std::shared_ptr<const Policy> before;
  std::shared_ptr<const Policy> after;
};

class Report {
 public:
  Report(Files files, Instant now)
      : files_(std::move(files)),
        now_(now),
        fields_(fields_of({files_.before.get(), files_.after.get()})),
        timeline_(*files_.before, *files_.after, now),
        changes_(differences(*files_.before, *files_.after, fields_, timeline_)),
        settings_(changed_settings(*files_.before, *files_.after)) {
    for (Change& change : changes_) {
      change.witness = find_witness(*files_.before, *files_.after, timeline_, change);
    }
  }

  int exit_code() const { return count(Order::looser) + count(Order::changed) == 0 ? 0 : kLooser; }

  std::string text() const {
    if (changes_.empty() && settings_.empty()) return "nothing changes\n";
    std::string out = fmt::format("{} looser, {} tighter, {} changed\n", count(Order::looser),
                                  count(Order::tighter), count(Order::changed));
    for (const Order order : {Order::looser, Order::tighter, Order::changed}) {
      out += section(order);
    }
    return out;
  }

  std::string document() const {
    std::vector<json::Writer> changes;
    for (const Change& change : changes_) changes.push_back(to_json(change));
    std::vector<json::Writer> settings;
    for (const Setting& setting : settings_) {
      settings.emplace_back()
          .string("order", to_string(setting.order))
          .string("what", setting.what)
          .string("before", setting.before)
          .string("after", setting.after);
    }
    return json::Writer()
               .boolean("ok", true)
               .string("old", files_.before_name)
               .string("new", files_.after_name)
               .string("now", to_rfc3339(now_))
               .integer("looser", count(Order::looser))
               .integer("tighter", count(Order::tighter))
               .integer("changed", count(Order::changed))
               .objects("changes", changes)
               .objects("settings", settings)
               .text() +
           "\n";
  }

 private:
  int count(Order order) const {
    const auto is = [order](const auto& each) { return each.order == order; };
    return static_cast<int>(std::count_if(changes_.begin(), changes_.end(), is) +
                            std::count_if(settings_.begin(), settings_.end(), is));
  }

  std::string section(Order order) const {
    if (count(order) == 0) return "";
    std::string out = order == Order::looser    ? "LOOSER\n"
                      : order == Order::tighter ? "TIGHTER\n"
                                                : "CHANGED: neither looser nor tighter\n";
    for (const Change& change : changes_) {
      if (change.order != order) continue;
      out += fmt::format("  {}\n", sentence(change));
      if (!change.witness) continue;
      out += fmt::format("      ask: {}\n",
                         explain_command(*files_.after, files_.after_name, change.witness->one,
                                         change.witness->footage, change.witness->now));
    }
    for (const Setting& setting : settings_) {
      if (setting.order != order) continue;
      out += fmt::format("  {}: {} -> {}\n", setting.what, setting.before, setting.after);
    }
    return out;
  }

  // `springfield_pd / driveway / consent / burglary: every day 22:00 to 06:00: refused -> ...`
  std::string sentence(const Change& change) const {
    std::string who = fmt::format("{}", fmt::join(change.agencies, ", "));
    const std::string officer = officer_words(fields_, change.officers);
    if (!officer.empty()) who += fmt::format(" ({})", officer);
    return fmt::format(
        "{} / {} / {} / {}: {}: {}", who, fmt::join(change.cameras, ", "),
        bases_words(change.bases), purpose_words(fields_, change.purposes), when(change),
        difference_words(*files_.before, change.before, *files_.after, change.after));
  }

  std::string when(const Change& change) const {
    std::string out = in_words(change.times);
    if (change.over_edges) out = "requests that reach over " + out;
    if (change.week) {
      out += fmt::format(" in weeks like that of {}, when a clock changes",
                         wall_clock_text(*files_.after, *change.week).substr(0, 14));
    }
    const std::string asked = asked_words(*files_.after, timeline_, change.arrivals);
    return asked.empty() ? out : out + ", " + asked;
  }

  static std::vector<std::string> listed(const std::set<std::string>& names,
                                         const std::string& other) {
    std::vector<std::string> out;
    for (const std::string& name : names) {
      if (name != other) out.push_back(name);
    }
    return out;
  }

  json::Writer to_json(const Change& change) const {
    std::vector<std::string> bases;
    for (const Basis basis : change.bases) bases.emplace_back(to_string(basis));
    std::vector<json::Writer> times;
    for (const Interval& each : change.times) {
      times.emplace_back()
          .integer("from_second", to_unix_seconds(each.from))
          .integer("to_second", to_unix_seconds(each.to));
    }
    json::Writer out;
    out.string("order", to_string(change.order))
        .strings("agencies", {change.agencies.begin(), change.agencies.end()})
        .strings("officers", listed(change.officers, fields_.other_officer))
        .boolean("any_other_officer", change.officers.count(fields_.other_officer) != 0)
        .strings("cameras", {change.cameras.begin(), change.cameras.end()})
        .strings("bases", bases)
        .strings("purposes", listed(change.purposes, fields_.other_purpose))
        .boolean("any_other_purpose", change.purposes.count(fields_.other_purpose) != 0)
        .objects("times", times)
        .boolean("over_edges", change.over_edges)
        .string("when", when(change))
        .object("before", policy::to_json(change.before))
        .object("after", policy::to_json(change.after))
        .string("text", sentence(change));
    if (!change.witness) return out.json("witness", "null");
    return out.object("witness", to_json(*change.witness));
  }

  static json::Writer to_json(const Witness& witness) {
    json::Writer out;
    out.string("who", witness.one.agency)
        .optional_string("officer", witness.one.officer)
        .string("camera", witness.one.camera)
        .string("basis", to_string(witness.one.basis))
        .string("purpose", witness.one.purpose)
        .string("footage", fmt::format("{} to {}", to_rfc3339(witness.footage.from),
                                       to_rfc3339(witness.footage.to)))
        .string("now", to_rfc3339(witness.now));
    return out;
  }

  const Files files_;
  const Instant now_;
  const Fields fields_;
  const Timeline timeline_;
  std::vector<Change> changes_;
  const std::vector<Setting> settings_;
};

Output broken(const absl::Status& status, bool json) {
  const std::string message(status.message());
  std::string out;
  if (json) {
    out = json::Writer().boolean("ok", false).strings("errors", {message}).text() + "\n";
  }
  return {1, out, message + "\n"};
}

}  // namespace

Output diff(const Path& before, const Path& after, Instant now, bool json) {
  const auto old_policy = load_and_test(before);
  if (!old_policy.ok()) return broken(old_policy.status(), json);
  const auto new_policy = load_and_test(after);
  if (!new_policy.ok()) return broken(new_policy.status(), json);
  const Report report({before.string(), after.string(), *old_policy, *new_policy},
                      std::chrono::ceil<std::chrono::seconds>(now));
  return {report.exit_code(), json ? report.document() : report.text(), ""};
}

}  // namespace latchstring::policy
