// The commands of `latchstring-request`. Each adds itself to the parser and, when chosen, sets what
// main() runs.
#pragma once

#include <absl/status/statusor.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "gateway/base/clock.h"
#include "gateway/command_line/command_line.h"
#include "gateway/requester/book.h"
#include "gateway/requester/dialogue.h"
#include "gateway/requester/officer.h"
#include "gateway/wire/ticket.h"

namespace latchstring::requester {

using Run = std::function<int()>;

void add_agency_commands(CLI::App& app, Run& run);
void add_officer_commands(CLI::App& app, Run& run);
void add_submit_command(CLI::App& app, Run& run);
void add_status_command(CLI::App& app, Run& run);
void add_receive_command(CLI::App& app, Run& run);
void add_verify_command(CLI::App& app, Run& run);

// --ticket and --officer: what every command needs that talks to a gateway.
struct DeskOptions {
  std::string ticket;
  std::string officer;
  void add_to(CLI::App& command);
};

struct Desk {
  wire::Ticket ticket;
  Officer officer;
  std::unique_ptr<Book> book;
  SystemClock clock{ClockTrust::assumed};

  Dialogue::Parts parts() const { return {ticket, officer, *book, clock}; }
};

absl::StatusOr<wire::Ticket> read_ticket(const Path& file);
absl::StatusOr<std::unique_ptr<Desk>> open_desk(const DeskOptions& options);
// For what open_desk() or Dialogue::connect() said.
std::string hint_for(const absl::Status& status);

// `30 seconds`, `10 minutes`, `8 hours`, `2 days`.
absl::StatusOr<Duration> parse_duration(std::string_view text);

// What became of a request, as far as this device knows.
struct Outcome {
  KeptRequest request;
  std::vector<KeptOffer> offers;

  bool closed() const { return request.state == "closed" || request.state == "refused"; }
  bool any(OfferState state) const;
  // kDone: something was released. kRefused: closed or all taken back. kNoAnswer: neither yet.
  int exit_code() const;
};
// NotFound.
absl::StatusOr<Outcome> outcome_of(const Desk& desk, const std::string& id);

}  // namespace latchstring::requester
