#include "gateway/wire/control.h"

#include <fmt/format.h>

#include <map>

#include "gateway/base/status.h"
#include "gateway/crypto/jws.h"
#include "gateway/wire/data.h"
#include "gateway/wire/fields.h"

namespace latchstring::wire {
namespace {

constexpr std::size_t kHashText = 64;
constexpr std::size_t kIdText = 10;
constexpr std::size_t kTransferText = 22;
constexpr std::size_t kVersionsMax = 8;
constexpr std::int64_t kPiecesMax = 1'000;
constexpr std::int64_t kPartsMax = 16;

// 64 bits as 16 hex digits: a JSON number of that size is no exact number to many readers.
absl::StatusOr<std::uint64_t> bits_from(std::string_view text) {
  if (text.size() != 16) return invalid("must be 16 hex digits");
  std::uint64_t bits = 0;
  for (const char c : text) {
    const bool digit = c >= '0' && c <= '9';
    if (!digit && (c < 'a' || c > 'f')) return invalid("must be 16 hex digits");
    bits = bits << 4 | static_cast<std::uint64_t>(digit ? c - '0' : c - 'a' + 10);
  }
  return bits;
}

absl::StatusOr<std::string> as_ledger_text(std::string_view text) {
  if (text.size() > kLeafTextMax) return invalid("must be at most {} bytes", kLeafTextMax);
  return as_lines(text);
}

void write(json::Writer& w, const Hello& hello) {
  w.string("cmd", "hello")
      .string("cred", hello.credential)
      .integers("versions", {hello.versions.begin(), hello.versions.end()})
      .natural("tree_size", hello.tree_size)
      .string("device", hello.device);
}

Command read_hello(json::Reader& r) {
  Hello hello;
  hello.credential = read(r, "cred", kCredentialTextMax, as_compact);
  for (const std::int64_t version : r.integers("versions", kVersionsMax, 1, 1'000)) {
    hello.versions.push_back(static_cast<int>(version));
  }
  hello.tree_size = r.natural("tree_size", INT64_MAX);
  hello.device = read(r, "device", kIdText, as_id);
  return hello;
}

void write(json::Writer& w, const State& state) {
  w.string("cmd", "state")
      .strings("offers", state.offers)
      .strings("revoked", state.revoked)
      .optional_string("checkpoint", state.checkpoint)
      .strings("consistency", state.consistency);
}

Command read_state(json::Reader& r) {
  State state;
  state.offers = read_list(r, "offers", kTransfersMax, kTransferText, as_token);
  state.revoked = read_list(r, "revoked", kTransfersMax, kTransferText, as_token);
  state.checkpoint = read_optional(r, "checkpoint", kCheckpointTextMax, as_ascii);
  state.consistency = read_list(r, "consistency", kListMax, kHashText, as_hash);
  return state;
}

json::Writer transfer_of(const Offer::Transfer& transfer) {
  json::Writer w;
  w.string("id", transfer.id)
      .natural("size", transfer.size)
      .natural("chunks", transfer.chunks)
      .string("sha256", transfer.sha256)
      .string("root", transfer.merkle_root);
  return w;
}

void write(json::Writer& w, const Offer& offer) {
  std::vector<json::Writer> transfers;
  for (const Offer::Transfer& transfer : offer.transfers)
    transfers.push_back(transfer_of(transfer));
  w.string("cmd", "offer")
      .string("request", offer.request_id)
      .integer("piece", offer.piece)
      .integer("part", offer.part)
      .objects("transfers", transfers)
      .integer("expires", to_unix_seconds(offer.expires))
      .string("delivery", offer.delivery)
      .string("leaf", offer.leaf)
      .string("proof", offer.ledger_proof);
}

Offer::Transfer read_transfer(json::Reader& r) {
  Offer::Transfer transfer;
  transfer.id = read(r, "id", kTransferText, as_token);
  transfer.size = r.natural("size", std::uint64_t{1} << 40);
  transfer.chunks = r.natural("chunks", std::uint64_t{1} << 40);
  transfer.sha256 = read(r, "sha256", kHashText, as_hash);
  transfer.merkle_root = read(r, "root", kHashText, as_hash);
  if (!r.failed() && transfer.chunks != chunk_count(transfer.size)) {
    r.fail("chunks", invalid("does not follow from the size"));
  }
  return transfer;
}

Command read_offer(json::Reader& r) {
  Offer offer;
  offer.request_id = read(r, "request", kIdText, as_id);
  offer.piece = static_cast<int>(r.integer("piece", 1, kPiecesMax));
  offer.part = static_cast<int>(r.integer("part", 1, kPartsMax));
  for (json::Reader& transfer : r.objects("transfers", kDeliveryFilesMax)) {
    offer.transfers.push_back(read_transfer(transfer));
  }
  if (offer.transfers.empty()) r.fail("transfers", invalid("must not be empty"));
  offer.expires = read_seconds(r, "expires");
  offer.delivery = read(r, "delivery", kDeliveryTextMax, as_compact);
  offer.leaf = read(r, "leaf", kLeafTextMax, as_ledger_text);
  offer.ledger_proof = read(r, "proof", kProofTextMax, as_ascii);
  return offer;
}

void write(json::Writer& w, const Done& done) {
  w.string("cmd", "done").string("receipt", done.receipt);
}

Command read_done(json::Reader& r) {
  return Done{read(r, "receipt", kDeliveryTextMax, as_compact)};
}

void write(json::Writer& w, const ReceiptTaken& taken) {
  w.string("cmd", "receipt").string("delivery_sha256", taken.delivery_sha256);
}

Command read_receipt_taken(json::Reader& r) {
  return ReceiptTaken{read(r, "delivery_sha256", kHashText, as_hash)};
}

void write(json::Writer& w, const Revoke& revoke) {
  w.string("cmd", "revoke").strings("transfers", revoke.transfers);
}

Command read_revoke(json::Reader& r) {
  return Revoke{read_list(r, "transfers", kTransfersMax, kTransferText, as_token)};
}

void write(json::Writer& w, const Resend& resend) {
  w.string("cmd", "resend")
      .string("transfer", resend.transfer)
      .natural("base", resend.base)
      .string("bitmap", fmt::format("{:016x}", resend.bitmap));
}

Command read_resend(json::Reader& r) {
  Resend resend;
  resend.transfer = read(r, "transfer", kTransferText, as_token);
  resend.base = r.natural("base", std::uint64_t{1} << 40);
  resend.bitmap = r.string_as("bitmap", 16, bits_from);
  return resend;
}

void write(json::Writer& w, const Notice& notice) {
  w.string("cmd", "notice").string("decision", notice.decision);
}

Command read_notice(json::Reader& r) {
  return Notice{read(r, "decision", kDeliveryTextMax, as_compact)};
}

void write(json::Writer& w, const Cancel& cancel) {
  w.string("cmd", "cancel").string("request", cancel.request_id);
}

Command read_cancel(json::Reader& r) {
  return Cancel{read(r, "request", kIdText, as_id)};
}

void write(json::Writer& w, const Ack& ack) {
  w.string("cmd", "ack").natural("acked", ack.acked);
}

Command read_ack(json::Reader& r) {
  return Ack{r.natural("acked", INT64_MAX)};
}

Command read_command(json::Reader& r) {
  static const std::map<std::string, Command (*)(json::Reader&), std::less<>> readers{
      {"hello", read_hello},           {"state", read_state},
      {"offer", read_offer},           {"done", read_done},
      {"revoke", read_revoke},         {"resend", read_resend},
      {"receipt", read_receipt_taken}, {"notice", read_notice},
      {"cancel", read_cancel},         {"ack", read_ack}};
  const std::string name = read(r, "cmd", kNameMax, as_word);
  if (r.failed()) return Ack{};
  const auto found = readers.find(name);
  if (found != readers.end()) return found->second(r);
  r.fail("cmd", invalid("is not a command of version {}", kVersion));
  return Ack{};
}

}  // namespace

std::string encode(const Control& control) {
  json::Writer w = write_common(control.common);
  w.natural("seq", control.seq);
  std::visit([&w](const auto& command) { write(w, command); }, control.command);
  return w.text();
}

absl::StatusOr<Control> decode_control(std::string_view payload) {
  LS_ASSIGN(const json::Value value, json::parse(payload, json::Limits{.bytes = crypto::kJwsMax}));
  json::Reader r(value);
  Control control;
  control.common = read_common(r);
  control.seq = r.natural("seq", INT64_MAX);
  control.command = read_command(r);
  LS_RETURN_IF_ERROR(r.done());
  return control;
}

}  // namespace latchstring::wire
