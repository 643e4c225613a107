#include "gateway/requester/commands.h"

#include <algorithm>
#include <charconv>

#include "gateway/base/status.h"
#include "gateway/proof/note.h"
#include "gateway/requester/program.h"

namespace latchstring::requester {

void DeskOptions::add_to(CLI::App& command) {
  command.add_option("--ticket", ticket, "the file that the household gave to the agency")
      ->type_name("FILE")
      ->required();
  command.add_option("--officer", officer, "folder of the officer's keys")
      ->type_name("DIR")
      ->required();
}

absl::StatusOr<wire::Ticket> read_ticket(const Path& file) {
  const auto broken = [&file](const absl::Status& why) {
    return data_loss("ticket `{}`: {}", file.string(), message_of(why));
  };
  const auto text = read_file(file, wire::kTicketMax);
  if (absl::IsResourceExhausted(text.status())) return broken(text.status());
  if (!text.ok()) return text.status();
  auto ticket = wire::decode_ticket(*text);
  if (!ticket.ok()) return broken(ticket.status());
  const absl::Status key = proof::NoteKey::parse(ticket->ledger_vkey).status();
  return key.ok() ? ticket : broken(within("`ledger`", key));
}

absl::StatusOr<std::unique_ptr<Desk>> open_desk(const DeskOptions& options) {
  LS_ASSIGN(wire::Ticket ticket, read_ticket(options.ticket));
  const SystemClock clock(ClockTrust::assumed);
  LS_ASSIGN(Officer officer, open_officer(options.officer, clock.now()));
  LS_ASSIGN(auto book, Book::open(state_file(options.officer)));
  return std::unique_ptr<Desk>(
      new Desk{std::move(ticket), std::move(officer), std::move(book), clock});
}

std::string hint_for(const absl::Status& status) {
  const std::string_view words = message_of(status);
  const auto says = [words](std::string_view text) {
    return words.find(text) != std::string_view::npos;
  };
  if (says("install a newer one")) return {};  // it says what to do
  if (says("ticket `")) return "ask the household for the ticket again";
  if (says("no TLS connection")) {
    return "the ticket may be of another house or out of date: ask the household for a new one";
  }
  if (says("no officer's keys"))
    return "make them with `latchstring-request officer init --dir DIR`";
  if (says("/signing.key`") || says("/identity.txt`")) {
    return "restore the file, mode 600, from a copy of the officer's folder; without one, make new "
           "keys in another folder with `latchstring-request officer init --dir DIR` and hand its "
           "PUB.json to the agency";
  }
  if (says("no login is kept")) {
    return "ask who runs the broker for the mailbox's secret, then `latchstring-request officer "
           "broker --dir DIR --url URL --user MAILBOX --secret-fd N`";
  }
  if (says("another officer's key")) {
    return "hand PUB.json of this officer's folder to the agency: it issues a credential for that "
           "key";
  }
  if (says("revocation list")) return "ask the agency for its newest revocation list";
  if (says("credential")) {
    return "ask the agency for a credential file, then `latchstring-request officer update --dir "
           "DIR --credential FILE`";
  }
  if (absl::IsUnavailable(status)) {
    return "is the household's broker reachable from here? the ticket's `brokers` names it";
  }
  if (absl::IsPermissionDenied(status))
    return "the ticket may have been withdrawn: ask the household";
  return {};
}

absl::StatusOr<Duration> parse_duration(std::string_view text) {
  static const std::vector<std::pair<std::string_view, Duration>> kUnits{
      {"second", std::chrono::seconds{1}},
      {"minute", std::chrono::minutes{1}},
      {"hour", std::chrono::hours{1}},
      {"day", std::chrono::hours{24}}};
  constexpr int kCountMax = 100'000;
  int count = 0;
  const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), count);
  std::string_view unit(end, static_cast<std::size_t>(text.data() + text.size() - end));
  if (!unit.empty() && unit[0] == ' ') unit.remove_prefix(1);
  if (!unit.empty() && unit.back() == 's') unit.remove_suffix(1);
  const auto known = std::find_if(kUnits.begin(), kUnits.end(),
                                  [unit](const auto& one) { return one.first == unit; });
  if (fault != std::errc() || count < 1 || count > kCountMax || known == kUnits.end()) {
    return invalid("`{}` is not a duration like `10 minutes`", text);
  }
  return count * known->second;
}

bool Outcome::any(OfferState state) const {
  return std::any_of(offers.begin(), offers.end(),
                     [state](const KeptOffer& offer) { return offer.state == state; });
}

int Outcome::exit_code() const {
  if (any(OfferState::offered) || any(OfferState::received) || any(OfferState::done)) return kDone;
  if (closed() || any(OfferState::revoked)) return kRefused;
  return kNoAnswer;
}

absl::StatusOr<Outcome> outcome_of(const Desk& desk, const std::string& id) {
  LS_ASSIGN(auto request, desk.book->request(desk.ticket.gateway, id));
  LS_ASSIGN(auto offers, desk.book->offers(desk.ticket.gateway, id));
  if (!request && offers.empty()) {
    return not_found("no request `{}` was sent with this ticket from here", id);
  }
  Outcome outcome{request ? *std::move(request) : KeptRequest{}, std::move(offers)};
  // A gift answers nothing that we sent.
  if (outcome.request.id.empty()) {
    outcome.request.id = id;
    outcome.request.state = "gift";
  }
  return outcome;
}

}  // namespace latchstring::requester
