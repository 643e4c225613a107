#include "policy/engine/language.h"

#include <fmt/format.h>

#include <algorithm>

#include "gateway/base/ensure.h"

namespace latchstring::policy {
namespace {

using yaml::KeyRow;
using yaml::Need;
using yaml::Type;

constexpr std::int64_t kDay = 86'400;
constexpr std::string_view kBases = "consent warrant emergency preservation";
constexpr std::string_view kApprovals = "automatic ask_one ask_all";

constexpr KeyRow kFile[] = {
    {.name = "policy_version",
     .type = Type::integer,
     .need = Need::mandatory,
     .sentence = "the version of this language: 1",
     .least = 1,
     .most = 1},
    {.name = "household",
     .type = Type::map,
     .need = Need::mandatory,
     .sentence = "who lives here, by which clock, and until when these rules hold"},
    {.name = "agencies",
     .type = Type::map,
     .sentence = "who may ask, by name; everybody not listed is refused"},
    {.name = "courts", .type = Type::map, .sentence = "whose warrants count, by name"},
    {.name = "cameras",
     .type = Type::map,
     .sentence = "the cameras that these rules know, by name"},
    {.name = "zones", .type = Type::map, .sentence = "parts of a camera's picture, by name"},
    {.name = "always",
     .type = Type::map,
     .sentence = "true for every clip, whatever rule let it out"},
    {.name = "never",
     .type = Type::list,
     .sentence = "rules that refuse; they beat every allow rule"},
    {.name = "allow",
     .type = Type::list,
     .sentence = "rules that permit; what none permits is refused"},
    {.name = "tests",
     .type = Type::list,
     .sentence = "questions with the answers you expect, tried at every load; one failure and "
                 "nothing is shared"},
};

constexpr KeyRow kHousehold[] = {
    {.name = "name", .type = Type::text, .sentence = "what this home is called"},
    {.name = "timezone",
     .type = Type::text,
     .need = Need::mandatory,
     .sentence = "all times are what the clock in this zone shows, like America/Chicago"},
    {.name = "residents",
     .type = Type::identifiers,
     .need = Need::mandatory,
     .sentence = "who may answer requests; at least one"},
    {.name = "rules_end_on",
     .type = Type::date,
     .need = Need::mandatory,
     .sentence = "after this day nothing is shared until you renew"},
};

constexpr KeyRow kSigner[] = {
    {.name = "name", .type = Type::text, .need = Need::mandatory, .sentence = "the full name"},
    {.name = "key_file",
     .type = Type::text,
     .need = Need::mandatory,
     .sentence = "the public key (JWK), as a path from the folder of this file"},
};

constexpr KeyRow kCamera[] = {
    {.name = "sharing",
     .type = Type::word,
     .fallback = "never",
     .sentence =
         "by_rule: as the rules say; warrant_only: nothing until warrants can be checked; never",
     .words = "by_rule warrant_only never"},
    {.name = "always_redact",
     .type = Type::list,
     .fallback = "none",
     .sentence = "hidden in every clip of this camera"},
    {.name = "clock_error",
     .type = Type::duration,
     .fallback = "60 seconds",
     .sentence =
         "how wrong this camera's times may be; footage that near a window's edge is refused",
     .most = 3600},
};

constexpr KeyRow kZone[] = {
    {.name = "camera",
     .type = Type::identifier,
     .need = Need::mandatory,
     .sentence = "whose picture this is a part of"},
    {.name = "keep_only",
     .type = Type::yes_no,
     .fallback = "no",
     .sentence = "yes: everything outside is hidden; no: the inside is hidden"},
    {.name = "polygon",
     .type = Type::list,
     .need = Need::mandatory,
     .sentence = "three or more corners [x, y], each from 0 to 1, from the top left"},
};

constexpr KeyRow kAlways[] = {
    {.name = "redact",
     .type = Type::list,
     .fallback = "none",
     .sentence = "hidden in every clip: audio, faces, people, plates, vehicles, moving, or a zone"},
    {.name = "picture_height_at_most",
     .type = Type::integer,
     .sentence = "larger pictures are made smaller, in pixels",
     .least = 64,
     .most = 4320},
    {.name = "clip_at_most",
     .type = Type::duration,
     .fallback = "30 minutes",
     .sentence = "a request for more is refused whole",
     .least = 1,
     .most = 31 * kDay},
    {.name = "footage_no_older_than",
     .type = Type::duration,
     .fallback = "14 days",
     .sentence = "footage that was older when it was asked for is not given",
     .least = 1,
     .most = 3650 * kDay},
    {.name = "per_agency_per_month",
     .type = Type::map,
     .sentence = "how much one agency may get in a calendar month"},
    {.name = "agency_must_delete_after",
     .type = Type::duration,
     .fallback = "90 days",
     .sentence = "printed in the manifest and on the receipt that the agency signs",
     .least = kDay,
     .most = 3650 * kDay},
    {.name = "case_number",
     .type = Type::word,
     .fallback = "required",
     .sentence = "whether a request must name a case",
     .words = "required optional"},
    {.name = "when_refused_say",
     .type = Type::word,
     .fallback = "nothing",
     .sentence = "nothing: refused, no answer and no footage all look the same; reason: say why",
     .words = "nothing reason"},
    {.name = "answers_after",
     .type = Type::duration,
     .fallback = "8 days",
     .sentence =
         "when every request that got nothing is closed; 24 hours more than any answer_within",
     .least = kDay,
     .most = 90 * kDay},
    {.name = "if_unsure",
     .type = Type::word,
     .fallback = "fill",
     .sentence = "where a detector cannot be trusted: fill the picture, or refuse the clip",
     .words = "fill refuse"},
    {.name = "open_requests_per_agency",
     .type = Type::integer,
     .fallback = "20",
     .sentence = "how many requests of an agency may be neither released nor closed at once",
     .least = 1,
     .most = 1000},
    {.name = "slow_to_one_frame_per",
     .type = Type::duration,
     .sentence = "give single pictures, one in this time, instead of film",
     .least = 1,
     .most = 3600},
    {.name = "watermark",
     .type = Type::yes_no,
     .fallback = "no",
     .sentence = "draw the request's number and the agency into the picture"},
    {.name = "gifts",
     .type = Type::word,
     .fallback = "ask_all",
     .sentence = "who must agree before you give footage of your own accord",
     .words = "ask_all ask_one"},
    {.name = "area_requests",
     .type = Type::map,
     .sentence = "requests that name a place instead of you; refused unless you listen to them"},
};

constexpr KeyRow kArea[] = {
    {.name = "listen",
     .type = Type::yes_no,
     .fallback = "no",
     .sentence = "yes: your rules judge a request about a place where your house stands in it"},
    {.name = "within",
     .type = Type::distance,
     .fallback = "400 metres",
     .sentence = "how far the middle of that place may be from your house (gateway.yaml: location)",
     .least = 1,
     .most = 10'000},
};

constexpr KeyRow kQuota[] = {
    {.name = "clips",
     .type = Type::integer,
     .fallback = "6",
     .sentence = "how many clips",
     .most = 100'000},
    {.name = "minutes",
     .type = Type::integer,
     .fallback = "60",
     .sentence = "how many minutes in all; a request for more than is left is refused whole",
     .most = 100'000},
};

constexpr KeyRow kWho[] = {
    {.name = "agency",
     .type = Type::identifiers,
     .need = Need::mandatory,
     .sentence = "one agency or several"},
    {.name = "officer",
     .type = Type::texts,
     .need = Need::mandatory,
     .sentence = "their badges; the rule is about these officers only"},
};

// The scope lines that both kinds of rules have; only their need differs.
constexpr KeyRow scope_row(std::string_view name, Need need) {
  KeyRow row{.name = name, .type = Type::any, .need = need};
  if (name == "name") {
    row = {.name = name, .type = Type::identifier, .need = Need::mandatory};
    row.sentence = "what you call this rule; no other has this name";
  } else if (name == "who") {
    row.sentence = "agencies, any, or {agency: ..., officer: [...]}";
  } else if (name == "camera") {
    row.sentence = "cameras, or any";
  } else if (name == "basis") {
    row.sentence =
        "consent, emergency, warrant, preservation (footage is held, and not released), or any; "
        "warrant and preservation are refused until the gateway can check and hold";
    row.words = kBases;
  } else if (name == "purpose") {
    row.sentence = "what it is for, in the officer's own word, or any";
  } else if (name == "footage_days" || name == "request_days") {
    row.type = Type::days;
    row.fallback = "every_day";
    row.sentence = name == "footage_days" ? "days on which the footage's window begins"
                                          : "days on which the request may arrive";
  } else if (name == "footage_time" || name == "request_time") {
    row.type = Type::time_window;
    row.fallback = "all_day";
    row.sentence = name == "footage_time" ? "the footage's window of the day; may run over midnight"
                                          : "when in the day the request may arrive";
  } else if (name == "rule_starts_on") {
    row.type = Type::date;
    row.sentence = "the first day on which this rule counts";
  } else if (name == "rule_ends_on") {
    row.type = Type::date;
    row.sentence = "the last day on which this rule counts";
  }
  if (need == Need::mandatory) row.fallback = "";
  return row;
}

constexpr KeyRow kNever[] = {
    scope_row("name", Need::mandatory),        scope_row("who", Need::optional),
    scope_row("camera", Need::optional),       scope_row("basis", Need::optional),
    scope_row("purpose", Need::optional),      scope_row("footage_days", Need::optional),
    scope_row("footage_time", Need::optional), scope_row("request_days", Need::optional),
    scope_row("request_time", Need::optional), scope_row("rule_starts_on", Need::optional),
    scope_row("rule_ends_on", Need::optional),
};

constexpr KeyRow kAllow[] = {
    scope_row("name", Need::mandatory),
    scope_row("who", Need::mandatory),
    scope_row("camera", Need::mandatory),
    scope_row("basis", Need::mandatory),
    scope_row("purpose", Need::mandatory),
    scope_row("footage_days", Need::mandatory),
    scope_row("footage_time", Need::mandatory),
    {.name = "approval",
     .type = Type::word,
     .need = Need::mandatory,
     .sentence = "automatic: nobody is asked; ask_one or ask_all residents must say yes",
     .words = kApprovals},
    {.name = "redact",
     .type = Type::list,
     .need = Need::mandatory,
     .sentence = "hidden besides what `always` and the camera hide: none, or a list"},
    {.name = "answer_within",
     .type = Type::duration,
     .sentence = "no answer until then refuses; 48 hours where left out, 30 minutes for emergency",
     .least = 60,
     .most = 60 * kDay},
    {.name = "part_outside",
     .type = Type::word,
     .fallback = "refuse",
     .sentence = "a request that reaches outside this rule: refuse, or trim to the part inside",
     .words = "refuse trim"},
    {.name = "clip_at_most",
     .type = Type::duration,
     .sentence = "this rule permits nothing in a longer request; that of `always` where left out",
     .least = 1,
     .most = 31 * kDay},
    {.name = "picture_height_at_most",
     .type = Type::integer,
     .sentence = "larger pictures are made smaller, in pixels",
     .least = 64,
     .most = 4320},
    {.name = "slow_to_one_frame_per",
     .type = Type::duration,
     .sentence = "give single pictures, one in this time, instead of film",
     .least = 1,
     .most = 3600},
    {.name = "watermark",
     .type = Type::yes_no,
     .fallback = "no",
     .sentence = "draw the request's number and the agency into the picture"},
    {.name = "release_unreviewed",
     .type = Type::yes_no,
     .fallback = "no",
     .sentence = "yes: automatic although a detector may miss and nobody would have looked"},
    scope_row("request_days", Need::optional),
    scope_row("request_time", Need::optional),
    scope_row("rule_starts_on", Need::optional),
    scope_row("rule_ends_on", Need::optional),
};

constexpr KeyRow kTest[] = {
    {.name = "name",
     .type = Type::identifier,
     .need = Need::mandatory,
     .sentence = "what you call this test"},
    {.name = "who", .type = Type::identifier, .need = Need::mandatory, .sentence = "the agency"},
    {.name = "officer", .type = Type::text, .sentence = "the officer's badge"},
    {.name = "camera", .type = Type::identifier, .need = Need::mandatory, .sentence = "the camera"},
    {.name = "basis",
     .type = Type::word,
     .need = Need::mandatory,
     .sentence = "the basis; a warrant is taken as verified and fitting",
     .words = kBases},
    {.name = "purpose",
     .type = Type::identifier,
     .need = Need::mandatory,
     .sentence = "the officer's word"},
    {.name = "footage",
     .type = Type::text,
     .need = Need::mandatory,
     .sentence = "by your clock: \"2026-05-04 21:50 to 22:10\""},
    {.name = "expect",
     .type = Type::word,
     .need = Need::mandatory,
     .sentence = "the answer, the strictest of what is not refused",
     .words = "refuse ask_all ask_one automatic"},
    {.name = "expect_footage",
     .type = Type::texts,
     .sentence = "exactly what may be given: \"22:00:05 to 22:10:00\", or a list of such"},
    {.name = "expect_redact",
     .type = Type::list,
     .sentence = "exactly what is hidden in it: none, or a list"},
};

constexpr std::string_view kLines = "write its lines below, indented";
constexpr std::string_view kNameFirst = "begin with \"name: ...\"";
constexpr std::string_view kLikeSigner = "write it like {name: \"...\", key_file: keys/....jwk}";
constexpr std::string_view kLikeZone =
    "write it like {camera: porch, polygon: [[0.7, 0.1], [0.9, 0.1], [0.9, 0.4]]}";

constexpr Table kTables[] = {
    {Part::file, "The file", "a rules file", kLines, kFile},
    {Part::household, "household", "the household", kLines, kHousehold},
    {Part::agency, "agencies, each", "an agency", kLikeSigner, kSigner},
    {Part::court, "courts, each", "a court", kLikeSigner, kSigner},
    {Part::camera, "cameras, each", "a camera", "write it like {sharing: by_rule}", kCamera},
    {Part::zone, "zones, each", "a zone", kLikeZone, kZone},
    {Part::always, "always", "\"always\"", kLines, kAlways},
    {Part::quota, "always: per_agency_per_month", "a monthly limit",
     "write it like {clips: 6, minutes: 60}", kQuota},
    {Part::area, "always: area_requests", "\"area_requests\"",
     "write it like {listen: yes, within: 400 metres}", kArea},
    {Part::who, "who, with officers", "\"who\"", "write it like {agency: ..., officer: [...]}",
     kWho},
    {Part::never, "never, each", "a never rule", kNameFirst, kNever},
    {Part::allow, "allow, each", "an allow rule", kNameFirst, kAllow},
    {Part::test, "tests, each", "a test", kNameFirst, kTest},
};

}  // namespace

std::span<const Table> language() {
  return kTables;
}

const Table& table(Part part) {
  const Table& found = kTables[static_cast<std::size_t>(part)];
  ensure(found.part == part);
  return found;
}

std::string belongs(std::string_view key) {
  const Table* home = nullptr;
  for (const Table& each : kTables) {
    const bool has = std::any_of(each.rows.begin(), each.rows.end(),
                                 [key](const KeyRow& row) { return row.name == key; });
    if (!has || each.part == Part::test) continue;
    if (home != nullptr) return "";
    home = &each;
  }
  return home == nullptr ? "" : fmt::format("\"{}\" belongs in {}", key, home->what);
}

}  // namespace latchstring::policy
