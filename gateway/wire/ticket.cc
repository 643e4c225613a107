#include "gateway/wire/ticket.h"

#include <fmt/format.h>
#include <qrencode.h>

#include <cerrno>
#include <memory>

#include "gateway/base/status.h"
#include "gateway/wire/fields.h"

namespace latchstring::wire {
namespace {

constexpr std::size_t kVersionsMax = 8;
constexpr std::size_t kBrokersMax = 8;
constexpr std::size_t kUrlMax = 256;
constexpr std::size_t kPemMax = 4 * 1024;
constexpr std::size_t kSecretMax = 128;
constexpr std::size_t kRecipientText = 62;
constexpr int kQuietZone = 4;          // modules around a QR code, ISO/IEC 18004
constexpr std::size_t kQrMax = 2'953;  // bytes in version 40 with error correction L

absl::StatusOr<std::string> as_broker(std::string_view text) {
  const bool known = text.substr(0, 8) == "mqtts://" || text.substr(0, 6) == "wss://";
  if (!known) return invalid("must be mqtts://... or wss://...");
  if (text.find_first_of(" \n\"\\@") != std::string_view::npos) {
    return invalid("must be a plain URL without user or password");
  }
  return as_ascii(text);
}

absl::StatusOr<std::string> as_pem(std::string_view text) {
  if (text.substr(0, 27) != "-----BEGIN CERTIFICATE-----") return invalid("must be PEM");
  return as_ascii(text);
}

struct FreeQr {
  void operator()(QRcode* code) const { QRcode_free(code); }
};
using Qr = std::unique_ptr<QRcode, FreeQr>;

absl::StatusOr<Qr> qr_of(std::string_view content) {
  if (content.empty()) return invalid("nothing to put into a QR code");
  if (content.size() > kQrMax) {
    return exhausted("{} bytes do not fit a QR code, which holds {}", content.size(), kQrMax);
  }
  Qr code(QRcode_encodeData(static_cast<int>(content.size()),
                            reinterpret_cast<const unsigned char*>(content.data()), 0,
                            QR_ECLEVEL_L));
  if (code == nullptr) return errno_status("cannot make a QR code");
  return code;
}

bool is_dark(const QRcode& code, int x, int y) {
  if (x < 0 || y < 0 || x >= code.width || y >= code.width) return false;
  return (code.data[y * code.width + x] & 1) != 0;
}

}  // namespace

std::string encode(const Ticket& ticket) {
  json::Writer w;
  w.integers("versions", {ticket.versions.begin(), ticket.versions.end()})
      .string("gateway", ticket.gateway)
      .optional_string("name", ticket.name)
      .json("jwk", ticket.gateway_jwk)
      .string("ledger", ticket.ledger_vkey)
      .string("inbox", ticket.inbox)
      .strings("brokers", ticket.brokers)
      .optional_string("ca", ticket.ca_pem)
      .string("mailbox", ticket.mailbox)
      .optional_string("secret", ticket.secret)
      .strings("cameras", ticket.cameras);
  return w.text() + "\n";
}

absl::StatusOr<Ticket> decode_ticket(std::string_view text) {
  while (!text.empty() && text.back() == '\n') text.remove_suffix(1);
  LS_ASSIGN(const json::Value value, json::parse(text, json::Limits{.bytes = kTicketMax}));
  json::Reader r(value);
  Ticket ticket;
  ticket.versions.clear();
  for (const std::int64_t version : r.integers("versions", kVersionsMax, 1, 1'000)) {
    ticket.versions.push_back(static_cast<int>(version));
  }
  ticket.gateway = read(r, "gateway", kNameMax, as_id);
  ticket.name = read_optional(r, "name", kNameMax, as_line);
  ticket.gateway_jwk = read_jwk(r, "jwk");
  ticket.ledger_vkey = read(r, "ledger", kVkeyMax, as_line);
  ticket.inbox = read(r, "inbox", kRecipientText, as_recipient);
  ticket.brokers = read_list(r, "brokers", kBrokersMax, kUrlMax, as_broker);
  ticket.ca_pem = read_optional(r, "ca", kPemMax, as_pem);
  ticket.mailbox = read(r, "mailbox", kNameMax, as_id);
  ticket.secret = read_optional(r, "secret", kSecretMax, as_ascii);
  ticket.cameras = read_list(r, "cameras", kListMax, kNameMax, as_label);
  if (ticket.brokers.empty()) r.fail("brokers", invalid("must not be empty"));
  LS_RETURN_IF_ERROR(r.done());
  for (const int version : ticket.versions) {
    if (version == kVersion) return ticket;
  }
  return invalid("the gateway speaks no version that this program knows; install a newer one");
}

absl::StatusOr<std::string> qr_text(std::string_view content) {
  LS_ASSIGN(const Qr code, qr_of(content));
  // Two rows of modules per line. Terminals are dark: light modules are drawn, dark ones left out.
  static constexpr std::string_view kCells[] = {"█", "▀", "▄", " "};
  std::string out;
  for (int y = -kQuietZone; y < code->width + kQuietZone; y += 2) {
    for (int x = -kQuietZone; x < code->width + kQuietZone; ++x) {
      const int upper = is_dark(*code, x, y) ? 2 : 0;
      const int lower = is_dark(*code, x, y + 1) ? 1 : 0;
      out += kCells[upper + lower];
    }
    out += '\n';
  }
  return out;
}

absl::StatusOr<std::string> qr_svg(std::string_view content) {
  LS_ASSIGN(const Qr code, qr_of(content));
  std::string path;
  for (int y = 0; y < code->width; ++y) {
    for (int x = 0; x < code->width; ++x) {
      if (is_dark(*code, x, y)) path += fmt::format("M{} {}h1v1h-1z", x, y);
    }
  }
  const int side = code->width + 2 * kQuietZone;
  return fmt::format(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"{0} {0} {1} {1}\">"
      "<rect x=\"{0}\" y=\"{0}\" width=\"{1}\" height=\"{1}\" fill=\"#fff\"/><path "
      "d=\"{2}\"/></svg>\n",
      -kQuietZone, side, path);
}

}  // namespace latchstring::wire
