#include <algorithm>

#include "gateway/base/status.h"
#include "gateway/requester/commands.h"
#include "gateway/requester/program.h"

namespace latchstring::requester {
namespace {

constexpr Duration kListen = std::chrono::seconds{10};  // for the gateway's first words
constexpr Duration kQuiet = std::chrono::seconds{1};    // nothing more comes

struct Options {
  DeskOptions desk;
  std::string id;
  bool json = false;
};

// Hears what the gateway has to say now.
absl::Status refresh(const Desk& desk) {
  LS_ASSIGN(const auto dialogue, Dialogue::connect(desk.parts()));
  const Duration until = desk.clock.steady() + kListen;
  while (!dialogue->heard()) {
    if (desk.clock.steady() > until) {
      return unavailable("the gateway does not answer; {}", kLookAtTheClock);
    }
    LS_RETURN_IF_ERROR(dialogue->turn(kQuiet).status());
  }
  for (;;) {
    LS_ASSIGN(const bool came, dialogue->turn(kQuiet));
    if (!came || desk.clock.steady() > until) return absl::OkStatus();
  }
}

json::Writer json_of(const KeptOffer& kept) {
  std::uint64_t bytes = 0;
  for (const auto& transfer : kept.offer.transfers) bytes += transfer.size;
  json::Writer w;
  w.integer("piece", kept.offer.piece).integer("part", kept.offer.part);
  w.string("state", to_string(kept.state)).natural("bytes", bytes);
  w.string("expires", to_rfc3339(kept.offer.expires)).optional_string("folder", kept.folder);
  return w;
}

json::Writer json_of(const Outcome& outcome) {
  const KeptRequest& kept = outcome.request;
  json::Writer w;
  w.string("id", kept.id).string("state", kept.state).optional_string("reason", kept.reason);
  if (!kept.jws.empty()) {
    const wire::Request& request = kept.request;
    w.string("case", request.case_number).string("basis", wire::to_string(request.basis));
    w.string("purpose", request.purpose).strings("cameras", request.cameras);
    w.string("from", to_rfc3339(request.footage.from)).string("to", to_rfc3339(request.footage.to));
    w.string("sent", to_rfc3339(request.common.iat));
  }
  std::vector<json::Writer> offers;
  for (const KeptOffer& offer : outcome.offers) offers.push_back(json_of(offer));
  w.objects("offers", offers);
  return w;
}

std::string text_of(const Outcome& outcome) {
  const KeptRequest& kept = outcome.request;
  std::string text = fmt::format("{}  {}", kept.id, kept.state);
  if (!kept.reason.empty()) text += fmt::format(" ({})", shown(kept.reason));
  if (!kept.jws.empty()) {
    text += fmt::format("  case {}  {} to {}", shown(kept.request.case_number),
                        to_rfc3339(kept.request.footage.from), to_rfc3339(kept.request.footage.to));
  }
  text += "\n";
  for (const KeptOffer& offer : outcome.offers) {
    text += fmt::format("    piece {} part {}: {}", offer.offer.piece, offer.offer.part,
                        to_string(offer.state));
    if (offer.state == OfferState::offered) {
      text += fmt::format(", until {}", to_rfc3339(offer.offer.expires));
    }
    if (!offer.folder.empty()) text += fmt::format(", in {}", offer.folder);
    text += "\n";
  }
  return text;
}

absl::StatusOr<std::vector<Outcome>> outcomes(const Desk& desk, const std::string& id) {
  std::vector<std::string> ids;
  if (id.empty()) {
    LS_ASSIGN(const auto requests, desk.book->requests(desk.ticket.gateway));
    for (const KeptRequest& kept : requests) ids.push_back(kept.id);
    // Gifts answer no request.
    LS_ASSIGN(const auto offers, desk.book->offers(desk.ticket.gateway, ""));
    for (const KeptOffer& kept : offers) {
      if (std::find(ids.begin(), ids.end(), kept.offer.request_id) == ids.end()) {
        ids.push_back(kept.offer.request_id);
      }
    }
  } else {
    ids.push_back(id);
  }
  std::vector<Outcome> all;
  for (const std::string& one : ids) {
    LS_ASSIGN(all.emplace_back(), outcome_of(desk, one));
  }
  return all;
}

int status(const Options& options) {
  const auto desk = open_desk(options.desk);
  if (!desk.ok()) return fail(desk.status(), hint_for(desk.status()));
  const absl::Status fresh = refresh(**desk);
  if (absl::IsPermissionDenied(fresh) || absl::IsDataLoss(fresh)) {
    return fail(fresh, hint_for(fresh));
  }
  if (!fresh.ok()) warn(fmt::format("as it was last known: {}", message_of(fresh)));
  const auto all = outcomes(**desk, options.id);
  if (!all.ok()) return fail(all.status());
  std::string text;
  for (const Outcome& outcome : *all) {
    if (options.json && !text.empty()) text += ",";
    text += options.json ? json_of(outcome).text() : text_of(outcome);
  }
  if (options.json && options.id.empty()) text = "[" + text + "]";
  if (options.json) text += "\n";
  if (text.empty()) text = "No requests were sent with this ticket from here.\n";
  say(text);
  return options.id.empty() ? kDone : all->front().exit_code();
}

}  // namespace

void add_status_command(CLI::App& app, Run& run) {
  auto options = std::make_shared<Options>();
  CLI::App* command = add_command(
      app, "status", "what became of one request, or of all sent with this ticket",
      "latchstring-request status abcdefgh23 --ticket maple.ticket --officer ~/officer");
  command->add_option("ID", options->id, "of the request; left out: all");
  options->desk.add_to(*command);
  command->add_flag("--json", options->json, "as JSON");
  command->callback([&run, options] { run = [options] { return status(*options); }; });
}

}  // namespace latchstring::requester
