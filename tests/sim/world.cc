#include "tests/sim/world.h"

#include <fmt/format.h>

#include "gateway/base/ensure.h"
#include "gateway/base/status.h"
#include "gateway/crypto/encoding.h"
#include "gateway/crypto/jws.h"
#include "tests/sim/random.h"

namespace latchstring::sim {
namespace {

constexpr std::string_view kHead = R"(policy_version: 1
household: {{timezone: America/Denver, residents: [alex, sam], rules_end_on: 2027-09-30}}
agencies:
  police: {{name: "Town Police", key_file: police}}
{}
cameras:
  front: {{sharing: by_rule, clock_error: 5 seconds}}
  drive: {{sharing: by_rule, clock_error: 0 seconds}}
  nursery: {{sharing: never}}
zones:
  hedge: {{camera: front, polygon: [[0, 0], [0.5, 0], [0.5, 1], [0, 1]]}}
always:
  per_agency_per_month: {{clips: {}, minutes: {}}}
  case_number: optional
  footage_no_older_than: 60 days
  answers_after: 8 days
  open_requests_per_agency: 8
{}allow:
)";

constexpr std::string_view kFire = "  fire: {name: \"County Fire\", key_file: fire}\n";
constexpr std::string_view kNever = "never:\n  - {name: nothing, camera: [front, drive]}\n";

// Who asks for a car may have any hour but one: what reaches into it is trimmed.
std::string_view hours_of(std::string_view purpose) {
  return purpose == "vehicle_theft" ? "\"21:00 to 20:00\"" : "all_day";
}

std::string rule(std::string_view purpose, std::string_view approval, std::string_view who,
                 std::string_view redact = "none") {
  return fmt::format(
      "  - {{name: {}, who: {}, camera: [front, drive], basis: consent, purpose: {},\n"
      "     footage_days: every_day, footage_time: {}, approval: {}, redact: {},\n"
      "     answer_within: 48 hours, part_outside: trim}}\n",
      purpose, who, purpose, hours_of(purpose), approval, redact);
}

}  // namespace

World::World() {
  for (const auto& [id, mailbox] : {std::pair{"police", "policepoli"}, {"fire", "firefirefi"}}) {
    auto agency = std::make_unique<Agency>();
    agency->id = id;
    agency->mailbox = mailbox;
    wire::RevocationList list;
    list.common = common(agency->key, "any", kStart - days{1}, days{40});
    list.seq = 1;
    list.next_update = kStart + days{25};
    agency->fresh_list = crypto::sign_jws(agency->key, wire::kTypRevocation, wire::encode(list));
    agencies.push_back(std::move(agency));
  }
  add_officer(*agencies[0], "patpatpatp");
  add_officer(*agencies[0], "quinnquinn");
  add_officer(*agencies[1], "robinrobin");
  const std::string fire{kFire};
  const std::string both = "[police, fire]";
  rules = load(rule("burglary", "automatic", both) + rule("vehicle_theft", "ask_one", both) +
                   rule("arson", "ask_all", both),
               fire);
  const std::string hedge = "[hedge]";
  strict = load(rule("burglary", "ask_one", both, hedge) +
                    rule("vehicle_theft", "ask_all", both, hedge) +
                    rule("arson", "ask_all", both, hedge),
                fire, "  redact: [hedge]\n");
  closed = load(rule("littering", "ask_one", both), fire, kNever);
  one_gone =
      load(rule("burglary", "automatic", "police") + rule("vehicle_theft", "ask_one", "police") +
               rule("arson", "ask_all", "police"),
           "");
}

OfficerKeys& World::add_officer(const Agency& agency, std::string device) {
  auto officer = std::make_unique<OfficerKeys>();
  officer->agency = &agency;
  officer->peer = {agency.mailbox, std::move(device)};
  wire::Credential credential;
  credential.common = common(agency.key, "any", kStart - days{1}, days{70});
  credential.sub = officer->peer.device;
  credential.officer_jwk = officer->key.verify_key().to_jwk();
  credential.recipients = {officer->identity.recipient().text()};
  credential.nbf = kStart - days{1};
  officer->credential =
      crypto::sign_jws(agency.key, wire::kTypCredential, wire::encode(credential));
  officer->thumbprint = officer->key.verify_key().thumbprint();
  officers.push_back(std::move(officer));
  return *officers.back();
}

Rules World::load(const std::string& allow, const std::string& more_agencies,
                  std::string_view more) const {
  const std::string text =
      fmt::format(kHead, more_agencies, kClipsPerMonth,
                  std::chrono::duration_cast<minutes>(kTimePerMonth).count(), more) +
      allow;
  const auto read = [this](std::string_view path) -> absl::StatusOr<std::string> {
    return agencies[path == "police" ? 0 : 1]->key.verify_key().to_jwk();
  };
  auto loaded = policy::load(text, "rules.yaml", read);
  if (!loaded.ok()) fmt::print("{}\n", message_of(loaded.status()));
  ensure(loaded.ok());
  return *loaded;
}

wire::Common World::common(const crypto::SigningKey& key, std::string aud, Instant now,
                           Duration lifetime) const {
  return {key.verify_key().thumbprint(), std::move(aud),
          crypto::to_base64url(crypto::random_bytes(16)), now, now + lifetime};
}

wire::Request World::request(const OfficerKeys& officer, std::string purpose, Interval footage,
                             Instant now) const {
  wire::Request request;
  request.common = common(officer.key, kGateway, now, days{7});
  request.id = crypto::random_id();
  request.purpose = std::move(purpose);
  request.cameras = {"front"};
  request.footage = footage;
  request.recipients = {officer.identity.recipient().text()};
  request.credential = officer.credential;
  request.revocation_list = officer.agency->fresh_list;
  return request;
}

std::string World::sign(const OfficerKeys& officer, const wire::Request& request) const {
  return crypto::sign_jws(officer.key, wire::kTypRequest, wire::encode(request));
}

const World& world() {
  static const World the_world = [] {
    seed_library(4711);  // before the first key is drawn: a seed goes one way in every process
    return World();
  }();
  return the_world;
}

}  // namespace latchstring::sim
