#include "policy/engine/pieces.h"

#include "tests/support/catch.h"
#include "tests/support/policy.h"

namespace latchstring::policy {
namespace {

using namespace std::chrono_literals;

constexpr Instant kStart{std::chrono::hours{490'000}};
constexpr Interval kHour{kStart, kStart + 1h};

Piece piece(Duration from, Duration to, Approval approval) {
  Piece out;
  out.footage = {kStart + from, kStart + to};
  out.approval = approval;
  out.answer_within = 48h;
  return out;
}

// Policies that answer as they are told to.
struct Answers {
  std::vector<Decision> decisions;
  std::vector<Policy> policies;

  Decision together(int clips_given = 0) {
    policies.resize(decisions.size());
    std::vector<Version> versions;
    for (std::size_t i = 0; i < policies.size(); ++i) {
      Version version;
      version.policy = &policies[i];
      version.facts.clips_given_this_month = clips_given;
      version.says = i == 0 ? "" : "before: ";
      versions.push_back(version);
    }
    return strictest(versions, kHour, [&](const Policy& policy, const Facts&) {
      return decisions[static_cast<std::size_t>(&policy - policies.data())];
    });
  }
};

TEST_CASE("an instant gets the strictest answer of all versions") {
  Piece now = piece(0h, 1h, Approval::automatic);
  now.redact = {"faces"};
  now.height_at_most = 720;
  Piece before = piece(20min, 1h, Approval::ask_all);
  before.redact = {"audio"};
  before.one_frame_per = 1s;
  before.watermark = true;
  before.answer_within = 30min;
  Piece refused = piece(0h, 20min, Approval::refuse);
  refused.reasons = {"no rule"};
  Answers answers{{Decision{{now}}, Decision{{refused, before}}}, {}};
  const Decision decision = answers.together();
  REQUIRE(decision.pieces.size() == 2);
  CHECK(decision.pieces[0].footage == Interval{kStart, kStart + 20min});
  CHECK(decision.pieces[0].approval == Approval::refuse);
  CHECK(decision.pieces[0].reasons == std::vector<std::string>{"before: no rule"});
  const Piece& rest = decision.pieces[1];
  CHECK(rest.footage == Interval{kStart + 20min, kStart + 1h});
  CHECK(rest.approval == Approval::ask_all);
  CHECK(rest.redact == std::set<std::string>{"audio", "faces"});
  CHECK(rest.height_at_most == 720);
  CHECK(rest.one_frame_per == 1s);
  CHECK(rest.watermark);
  CHECK(rest.answer_within == 30min);
  REQUIRE(!rest.reasons.empty());
  CHECK(rest.reasons.front() == "all residents must agree within 30 minutes");
}

TEST_CASE("one version's answer is given as it is, and the present one's too") {
  Piece refused = piece(0h, 1h, Approval::refuse);
  refused.reasons = {"never"};
  Answers one{{Decision{{refused}}}, {}};
  CHECK(one.together().pieces.front().reasons == refused.reasons);
  Answers both{{Decision{{refused}}, Decision{{piece(0h, 1h, Approval::automatic)}}}, {}};
  CHECK(both.together().pieces.front().reasons == refused.reasons);
}

TEST_CASE("more clips than each version gives by itself count for the month's limit of each") {
  Piece hidden = piece(30min, 1h, Approval::ask_one);
  hidden.redact = {"audio"};
  Answers answers{{Decision{{piece(0h, 1h, Approval::ask_one)}},
                   Decision{{piece(0h, 30min, Approval::ask_one), hidden}}},
                  {}};
  CHECK(answers.together(4).pieces.size() == 2);
  const Decision refused = answers.together(5);  // of six
  REQUIRE(refused.pieces.size() == 1);
  CHECK(refused.overall() == Approval::refuse);
  CHECK(refused.pieces.front().footage == kHour);
}

TEST_CASE("a version that cannot be read, or does not know what is asked, refuses") {
  const Policy present{};
  const auto automatic = [](const Policy&, const Facts&) {
    return Decision{{piece(0h, 1h, Approval::automatic)}};
  };
  Version now;
  now.policy = &present;
  CHECK(strictest({now}, kHour, automatic).overall() == Approval::automatic);
  Version gone;
  gone.says = "before: ";
  gone.stranger = "unreadable";
  const Decision refused = strictest({now, gone}, kHour, automatic);
  CHECK(refused.overall() == Approval::refuse);
  CHECK(refused.pieces.front().reasons == std::vector<std::string>{"before: unreadable"});
  Version stranger = gone;
  stranger.policy = &present;
  CHECK(strictest({now, stranger}, kHour, automatic).overall() == Approval::refuse);
}

TEST_CASE("a plan of several policies hides what any of them hides") {
  const auto policy_with = [](const std::string& x, const std::string& unsure) {
    return test::load("  hedge: {camera: front, polygon: [[" + x +
                      ", 0.1], [0.9, 0.1], [0.9, 0.9]]}\n"
                      "always:\n  redact: [hedge]\n  if_unsure: " +
                      unsure + "\n");
  };
  const auto now = policy_with("0.1", "fill");
  const auto before = policy_with("0.3", "refuse");
  Piece decided = piece(0h, 1h, Approval::ask_one);
  decided.redact = {"hedge", "audio"};
  const RedactionPlan plan = redaction_plan(std::vector<const Policy*>{now.get(), before.get()},
                                            "front", decided, true, "");
  REQUIRE(plan.zones.size() == 2);  // as each of them draws it
  CHECK(plan.zones[0].name == "hedge");
  CHECK(plan.zones[1].name == "hedge");
  CHECK(plan.zones[0].polygon != plan.zones[1].polygon);
  CHECK(!plan.keep_audio);
  CHECK(plan.if_unsure == IfUnsure::refuse);
  const RedactionPlan same =
      redaction_plan(std::vector<const Policy*>{now.get(), now.get()}, "front", decided, true, "");
  CHECK(same.zones.size() == 1);
}

}  // namespace
}  // namespace latchstring::policy
