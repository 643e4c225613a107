// The ticket: the one file that a household gives an agency. JSON, one object, strict.
#pragma once

#include <absl/status/statusor.h>

#include <string>
#include <string_view>
#include <vector>

namespace latchstring::wire {

inline constexpr std::size_t kTicketMax = 16 * 1024;

struct Ticket {
  std::vector<int> versions{1};
  std::string gateway;               // id
  std::string name;                  // as the household calls it for this agency; may be empty
  std::string gateway_jwk;           // signing key
  std::string ledger_vkey;           // C2SP signed note verifier key
  std::string inbox;                 // age1...
  std::vector<std::string> brokers;  // mqtts://host:8883, wss://host/mqtt
  std::string ca_pem;                // empty: the system's authorities
  std::string mailbox;
  std::string secret;                // mailbox password; empty on a rendezvous broker
  std::vector<std::string> cameras;  // labels the household publishes
};

std::string encode(const Ticket& ticket);
absl::StatusOr<Ticket> decode_ticket(std::string_view text);
// A QR code of the ticket as half-block characters for a terminal, or as SVG.
absl::StatusOr<std::string> qr_text(std::string_view content);
absl::StatusOr<std::string> qr_svg(std::string_view content);

}  // namespace latchstring::wire
