#include <algorithm>

#include "gateway/base/status.h"
#include "gateway/crypto/encoding.h"
#include "gateway/requester/commands.h"
#include "gateway/requester/program.h"
#include "gateway/requester/request_fault.h"
#include "gateway/wire/envelope.h"

namespace latchstring::requester {
namespace {

// A gateway takes no request that is valid for more than 30 days.
constexpr Duration kRequestLifetime = std::chrono::days{28};
constexpr Duration kReceivedPatience = std::chrono::seconds{20};
constexpr Duration kTurn = std::chrono::seconds{1};

struct Options {
  DeskOptions desk;
  std::vector<std::string> cameras;
  std::string from, to, basis, purpose, case_number, description;
  bool native = false;
  bool audio = false;
  bool wait = false;
};

absl::StatusOr<Instant> time_of(std::string_view option, std::string_view text) {
  auto time = from_rfc3339(text);
  if (time.ok()) return time;
  return within(fmt::format("`{}`", option), time.status());
}

absl::StatusOr<wire::Request> request_of(const Options& options, const Desk& desk) {
  wire::Request request;
  request.common =
      wire::new_common(desk.officer.key, desk.ticket.gateway, desk.clock.now(), kRequestLifetime);
  request.id = crypto::random_id();
  request.case_number = options.case_number;
  LS_ASSIGN(request.basis, wire::basis_from(options.basis));
  request.purpose = options.purpose;
  request.description = options.description;
  request.cameras = options.cameras;
  LS_ASSIGN(request.footage.from, time_of("--from", options.from));
  LS_ASSIGN(request.footage.to, time_of("--to", options.to));
  request.recipients = desk.officer.credential.recipients;
  request.want_audio = options.audio;
  request.want_native = options.native;
  request.credential = desk.officer.papers.credential;
  // What a gateway would refuse is told before anything is sent.
  LS_RETURN_IF_ERROR(wire::decode_request(wire::encode(request)).status());
  return request;
}

// It may still be right: cameras have ids too, and the household may have published more since.
void warn_of_unknown_cameras(const Options& options, const wire::Ticket& ticket) {
  if (ticket.cameras.empty()) return;
  for (const std::string& camera : options.cameras) {
    if (std::find(ticket.cameras.begin(), ticket.cameras.end(), camera) != ticket.cameras.end()) {
      continue;
    }
    warn(fmt::format("`{}` is not a camera that the household published; those are: {}",
                     shown(camera), shown(fmt::format("{}", fmt::join(ticket.cameras, ", ")))));
  }
}

// Until the gateway said `received`; with --wait, until it released something or closed it.
absl::StatusOr<int> wait_for_answer(Dialogue& dialogue, const Desk& desk, const std::string& id,
                                    bool for_release) {
  const Duration until = desk.clock.steady() + kReceivedPatience;
  for (;;) {
    LS_RETURN_IF_ERROR(dialogue.turn(kTurn).status());
    LS_ASSIGN(const Outcome outcome, outcome_of(desk, id));
    if (outcome.request.state == "sent") {
      if (!for_release && desk.clock.steady() > until) return kNoAnswer;
      continue;
    }
    if (!for_release) return outcome.closed() ? kRefused : kDone;
    if (outcome.exit_code() != kNoAnswer) return outcome.exit_code();
  }
}

// A gateway refuses footage that has not ended, and does not say so. Its own clock counts: where
// only the end is ahead, ours may be the one that is wrong.
absl::Status check_is_past(const Interval& footage, Instant now) {
  if (footage.from >= now) {
    return invalid(
        "the footage asked for begins at {}, which is still to come: ask when it is over",
        to_rfc3339(footage.from));
  }
  if (footage.to > now) {
    warn(
        fmt::format("the footage asked for ends at {}, and by this computer's clock it is {}: a "
                    "household refuses what is not over yet",
                    to_rfc3339(footage.to), to_rfc3339(now)));
  }
  return absl::OkStatus();
}

int submit(const Options& options) {
  const auto desk = open_desk(options.desk);
  if (!desk.ok()) return fail(desk.status(), hint_for(desk.status()));
  auto request = request_of(options, **desk);
  if (!request.ok()) {
    const RequestFault fault = request_fault(request.status());
    return usage(fault.error, fault.hint);
  }
  const absl::Status past = check_is_past(request->footage, (*desk)->clock.now());
  if (!past.ok()) return usage(message_of(past));
  warn_of_unknown_cameras(options, (*desk)->ticket);
  const auto dialogue = Dialogue::connect((*desk)->parts());
  if (!dialogue.ok()) return fail(dialogue.status(), hint_for(dialogue.status()));
  const std::string id = request->id;
  const absl::Status sent = (*dialogue)->submit(*std::move(request));
  if (!sent.ok()) return fail(sent);
  say(id + "\n");
  const auto code = wait_for_answer(**dialogue, **desk, id, options.wait);
  if (!code.ok()) return fail(code.status());
  if (*code == kNoAnswer) {
    tell_error(
        "the gateway has not confirmed the request yet",
        fmt::format("it is kept: `latchstring-request status` or `receive` sends it again; {}",
                    kLookAtTheClock));
  }
  if (*code == kRefused) tell_error("the request is closed, and nothing was released");
  return *code;
}

void add_scope(CLI::App& command, Options& options) {
  command
      .add_option("--camera", options.cameras,
                  "camera, by an id or label that the household published; repeated for "
                  "several; left out: any that the household's rules allow")
      ->type_name("CAMERA");
  command.add_option("--from", options.from, "beginning of the footage, like 2026-05-04T21:50:00Z")
      ->type_name("TIME")
      ->required();
  command.add_option("--to", options.to, "its end")->type_name("TIME")->required();
  command.add_flag("--native", options.native, "the camera's own pictures, not encoded anew");
  command.add_flag("--audio", options.audio, "with sound");
}

void add_reason(CLI::App& command, Options& options) {
  command
      .add_option("--basis", options.basis,
                  "on what ground; this version's gateways refuse warrant and preservation")
      ->check(CLI::IsMember({"consent", "warrant", "emergency", "preservation"}))
      ->required();
  command.add_option("--purpose", options.purpose, "a word, like traffic_collision")
      ->type_name("WORD")
      ->required();
  command.add_option("--case", options.case_number, "case number")
      ->type_name("NUMBER")
      ->required()
      ->check([](const std::string& text) {
        return text.find_first_not_of(' ') == std::string::npos ? "give the number of your case"
                                                                : "";
      });
  command.add_option("--description", options.description,
                     "for the residents to read, at most 2,000 characters");
}

}  // namespace

void add_submit_command(CLI::App& app, Run& run) {
  auto options = std::make_shared<Options>();
  CLI::App* command =
      add_command(app, "submit", "ask a household for footage; prints the request's id",
                  "latchstring-request submit --ticket maple.ticket --officer ~/officer --camera "
                  "front_door \\\n"
                  "    --from 2026-05-04T21:50:00Z --to 2026-05-04T22:00:00Z --basis consent \\\n"
                  "    --purpose traffic_collision --case 26-001234");
  options->desk.add_to(*command);
  add_scope(*command, *options);
  add_reason(*command, *options);
  command->add_flag("--wait", options->wait, "until something is released, or it is closed");
  command->callback([&run, options] { run = [options] { return submit(*options); }; });
}

}  // namespace latchstring::requester
