#include "policy/analysis/settings.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <tuple>

#include "gateway/crypto/sign.h"
#include "policy/engine/words.h"

namespace latchstring::policy {
namespace {

using Names = std::set<std::string>;

constexpr std::string_view kNone = "-";

class Settings {
 public:
  Settings(const Policy& before, const Policy& after) : before_(before), after_(after) {}

  std::vector<Setting> all() {
    household();
    signers("agency", before_.agencies, after_.agencies);
    signers("court", before_.courts, after_.courts);
    gifts();
    clock_errors();
    zones();
    limits();
    picture();
    waiting();
    return std::move(out_);
  }

 private:
  void add(Order order, std::string what, std::string before, std::string after) {
    if (order == Order::same) return;
    out_.push_back({order, std::move(what), std::move(before), std::move(after)});
  }

  template <class T>
  static Order more_is_looser(const T& before, const T& after) {
    Balance balance;
    balance.more_is_looser(before, after);
    return balance.order();
  }

  // Both can widen: who is new may say yes, and who has gone is no longer asked.
  void household() {
    const Names before(before_.residents.begin(), before_.residents.end());
    const Names after(after_.residents.begin(), after_.residents.end());
    for (const std::string& name : after) {
      if (before.count(name) == 0) add(Order::looser, "resident " + name, std::string(kNone), name);
    }
    for (const std::string& name : before) {
      if (after.count(name) == 0) add(Order::looser, "resident " + name, name, std::string(kNone));
    }
    if (before_.timezone != after_.timezone) {
      add(Order::changed, "household: timezone", before_.timezone, after_.timezone);
    }
    add(more_is_looser(before_.ends, after_.ends), "household: rules_end_on", last_day(before_),
        last_day(after_));
  }

  static std::string last_day(const Policy& policy) {
    const std::string text = wall_clock_text(policy, policy.ends - std::chrono::seconds(1));
    return text.substr(0, text.rfind(' '));
  }

  void signers(std::string_view kind, const std::map<std::string, Agency>& before,
               const std::map<std::string, Agency>& after) {
    for (const auto& [id, signer] : before) {
      const auto now = after.find(id);
      const std::string what = fmt::format("{} {}", kind, id);
      if (now == after.end()) {
        add(Order::tighter, what, signer.name, std::string(kNone));
        continue;
      }
      if (signer.key != now->second.key) {
        add(Order::changed, "the key of " + what, crypto::spoken_fingerprint(signer.key),
            crypto::spoken_fingerprint(now->second.key));
      }
      if (signer.name != now->second.name) {
        add(Order::changed, "the name of " + what, signer.name, now->second.name);
      }
    }
    for (const auto& [id, signer] : after) {
      if (before.count(id) == 0) {
        add(Order::looser, fmt::format("{} {}", kind, id), std::string(kNone), signer.name);
      }
    }
  }

  // What the household gives of its own accord no hour above shows: it needs no allow rule, and is
  // held back by never rules and by cameras that are not shared by rule.
  void gifts() {
    for (const Rule& rule : before_.rules) {
      if (rule.is_never && !has_never(after_, rule)) {
        add(Order::looser, "gifts: held back by the never rule " + rule.name, "yes", "no");
      }
    }
    for (const Rule& rule : after_.rules) {
      if (rule.is_never && !has_never(before_, rule)) {
        add(Order::tighter, "gifts: held back by the never rule " + rule.name, "no", "yes");
      }
    }
    for (const Policy* policy : {&before_, &after_}) {
      for (const auto& each : policy->cameras) {
        if (policy == &after_ && before_.cameras.count(each.first) != 0) continue;
        add(more_is_looser(gives(before_, each.first), gives(after_, each.first)),
            "gifts: of the camera " + each.first, gives(before_, each.first) ? "yes" : "no",
            gives(after_, each.first) ? "yes" : "no");
      }
    }
  }

  static bool gives(const Policy& policy, const std::string& camera) {
    const auto found = policy.cameras.find(camera);
    return found != policy.cameras.end() && found->second.sharing == Sharing::by_rule;
  }

  // By any name: one that says the same.
  static bool has_never(const Policy& policy, const Rule& rule) {
    const auto scope = [](const Rule& each) {
      return std::tie(each.who, each.cameras, each.purposes, each.footage.days,
                      each.footage.from_minute, each.footage.to_minute, each.starts, each.ends);
    };
    return std::any_of(policy.rules.begin(), policy.rules.end(), [&](const Rule& each) {
      return each.is_never && scope(each) == scope(rule);
    });
  }

  void clock_errors() {
    for (const auto& [id, camera] : before_.cameras) {
      const auto now = after_.cameras.find(id);
      if (now == after_.cameras.end()) continue;
      add(more_is_looser(now->second.clock_error, camera.clock_error), id + ": clock_error",
          in_words(camera.clock_error), in_words(now->second.clock_error));
    }
  }

  // Which of two outlines hides more is not for a program to say.
  void zones() {
    for (const auto& [id, zone] : before_.zones) {
      const auto now = after_.zones.find(id);
      if (now == after_.zones.end()) continue;  // that it hides nothing any more, the hours show
      const bool moved = before_.zone_camera.at(id) != after_.zone_camera.at(id);
      if (zone == now->second && !moved) continue;
      add(Order::changed, "zone " + id, zone_text(before_, zone), zone_text(after_, now->second));
    }
  }

  static std::string zone_text(const Policy& policy, const Zone& zone) {
    std::string corners;
    for (const auto& [x, y] : zone.polygon) corners += fmt::format(" [{}, {}]", x, y);
    return fmt::format("{}{}:{}", policy.zone_camera.at(zone.name),
                       zone.keep_only ? " (keep_only)" : "", corners);
  }

  void limit(std::string_view key, Duration before, Duration after) {
    add(more_is_looser(before, after), fmt::format("always: {}", key), in_words(before),
        in_words(after));
  }

  void limit(std::string_view key, int before, int after) {
    add(more_is_looser(before, after), fmt::format("always: {}", key), std::to_string(before),
        std::to_string(after));
  }

  // What is either so or so: the second is the looser one.
  void choice(std::string_view key, bool before, bool after, std::string_view strict,
              std::string_view loose) {
    add(more_is_looser(before, after), fmt::format("always: {}", key),
        std::string(before ? loose : strict), std::string(after ? loose : strict));
  }

  void limits() {
    const Always& a = before_.always;
    const Always& b = after_.always;
    limit("clip_at_most", a.clip_at_most, b.clip_at_most);
    limit("footage_no_older_than", a.footage_no_older_than, b.footage_no_older_than);
    limit("per_agency_per_month: clips", a.clips_per_month, b.clips_per_month);
    limit("per_agency_per_month: minutes", a.minutes_per_month, b.minutes_per_month);
    limit("agency_must_delete_after", a.delete_after, b.delete_after);
    choice("case_number", !a.case_number_required, !b.case_number_required, "required", "optional");
    choice("when_refused_say", a.say_reason, b.say_reason, "nothing", "reason");
    choice("if_unsure", a.if_unsure == IfUnsure::fill, b.if_unsure == IfUnsure::fill, "refuse",
           "fill");
    choice("gifts", a.gifts == Approval::ask_one, b.gifts == Approval::ask_one, "ask_all",
           "ask_one");
    limit("open_requests_per_agency", a.open_requests_per_agency, b.open_requests_per_agency);
    const auto area = [](int metres) {
      return metres == 0 ? std::string("not listened to") : fmt::format("within {} metres", metres);
    };
    add(more_is_looser(a.area_within_metres, b.area_within_metres), "always: area_requests",
        area(a.area_within_metres), area(b.area_within_metres));
  }

  void picture() {
    const Always& a = before_.always;
    const Always& b = after_.always;
    Balance redact;
    redact.more_is_tighter(a.redact, b.redact);
    add(redact.order(), "always: redact", in_words(a.redact), in_words(b.redact));
    for (const auto& [id, camera] : before_.cameras) {
      const auto now = after_.cameras.find(id);
      if (now == after_.cameras.end()) continue;
      Balance of_camera;
      of_camera.more_is_tighter(camera.always_redact, now->second.always_redact);
      add(of_camera.order(), id + ": always_redact", in_words(camera.always_redact),
          in_words(now->second.always_redact));
    }
    const auto height = [](int lines) {
      return lines == 0 ? std::numeric_limits<int>::max() : lines;
    };
    const auto height_text = [](int lines) {
      return lines == 0 ? std::string(kNone) : std::to_string(lines);
    };
    add(more_is_looser(height(a.height_at_most), height(b.height_at_most)),
        "always: picture_height_at_most", height_text(a.height_at_most),
        height_text(b.height_at_most));
    const auto frame_text = [](Duration each) {
      return each == Duration::zero() ? std::string(kNone) : in_words(each);
    };
    add(more_is_looser(b.one_frame_per, a.one_frame_per), "always: slow_to_one_frame_per",
        frame_text(a.one_frame_per), frame_text(b.one_frame_per));
    choice("watermark", !a.watermark, !b.watermark, "yes", "no");
  }

  // Requests wait longer or shorter for an answer: which of both is wanted, the household knows.
  void waiting() {
    const Duration a = before_.always.answers_after;
    const Duration b = after_.always.answers_after;
    if (a != b) add(Order::changed, "always: answers_after", in_words(a), in_words(b));
  }

  const Policy& before_;
  const Policy& after_;
  std::vector<Setting> out_;
};

}  // namespace

std::vector<Setting> changed_settings(const Policy& before, const Policy& after) {
  return Settings(before, after).all();
}

}  // namespace latchstring::policy
