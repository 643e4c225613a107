#include "gateway/state/mail.h"

#include <algorithm>
#include <bit>

#include "gateway/base/status.h"
#include "gateway/state/rows.h"
#include "gateway/wire/envelope.h"

namespace latchstring::state {
namespace {

// Well inside the window in which a peer tells old numbers from new ones.
constexpr std::uint64_t kNumbersAhead = link::kSeqWindow / 2;
// No device's name: stands for all of an officer, or of a mailbox, that were forgotten.
constexpr std::string_view kForgotten = "";

}  // namespace

absl::StatusOr<std::uint64_t> Mail::next_seq(const wire::Peer& peer) {
  // A device takes a number once, by whatever mailbox it comes, and one that was forgotten has seen
  // none above those.
  LS_RETURN_IF_ERROR(
      database_.run("INSERT INTO outgoing_seq VALUES (?1, ?2, 1 + coalesce((SELECT max(last)"
                    " FROM outgoing_seq WHERE device = ?2 OR (device = ?3 AND (mailbox = ?1"
                    " OR mailbox NOT IN (SELECT id FROM trust_mailbox)))), 0))"
                    " ON CONFLICT (mailbox, device) DO UPDATE SET last = last + 1",
                    {peer.mailbox, peer.device, kForgotten}));
  LS_ASSIGN(
      const std::int64_t seq,
      database_.one<std::int64_t>("SELECT last FROM outgoing_seq WHERE mailbox = ? AND device = ?",
                                  {peer.mailbox, peer.device}));
  return static_cast<std::uint64_t>(seq);
}

absl::StatusOr<Bytes> Mail::seal(const Addressee& to, const wire::Command& command,
                                 std::uint64_t seq, Instant now) {
  std::vector<crypto::age::Recipient> recipients;
  for (const std::string& text : to.recipients) {
    LS_ASSIGN(auto recipient, crypto::age::Recipient::parse(text));
    recipients.push_back(std::move(recipient));
  }
  wire::Control control;
  control.common =
      wire::new_common(key_, to.officer, std::max(now, to.not_before), kControlLifetime);
  control.seq = seq;
  control.command = command;
  return wire::seal_message(key_, wire::kTypControl, wire::encode(control), recipients);
}

absl::Status Mail::enqueue(const Addressee& to, const wire::Command& command,
                           std::string_view about, Instant now) {
  LS_ASSIGN(const std::uint64_t seq, next_seq(to.peer));
  LS_ASSIGN(const Bytes sealed, seal(to, command, seq, now));
  return database_.run("INSERT INTO outgoing VALUES (?, ?, ?, ?, ?)",
                       {to.peer.mailbox, to.peer.device, seq, about, sealed});
}

absl::StatusOr<Bytes> Mail::seal_once(const Addressee& to, const wire::Command& command,
                                      Instant now) {
  // An ACK is never answered and has no number of its own.
  std::uint64_t seq = 0;
  if (!std::holds_alternative<wire::Ack>(command)) {
    LS_ASSIGN(const auto oldest,
              database_.find<std::int64_t>("SELECT o.seq FROM outgoing o JOIN outgoing_seq s"
                                           " ON s.mailbox = o.mailbox AND s.device = o.device"
                                           " WHERE o.mailbox = ? AND o.device = ?"
                                           " AND o.seq + ? <= s.last ORDER BY o.seq LIMIT 1",
                                           {to.peer.mailbox, to.peer.device, kNumbersAhead}));
    if (oldest) return unavailable("message {} is not acknowledged yet", *oldest);
    LS_ASSIGN(seq, next_seq(to.peer));
  }
  return seal(to, command, seq, now);
}

absl::Status Mail::acknowledge(const wire::Peer& peer, std::uint64_t seq) {
  return database_.run("DELETE FROM outgoing WHERE mailbox = ? AND device = ? AND seq = ?",
                       {peer.mailbox, peer.device, seq});
}

absl::Status Mail::follow(const wire::Peer& peer, std::string_view officer,
                          std::string_view agency) {
  constexpr std::string_view kTheirs =
      " FROM requests WHERE device = ?2 AND officer = ?3 AND agency = ?4"
      " AND mailbox NOT IN (SELECT id FROM trust_mailbox)";
  const auto move = [&](std::string_view table, std::string_view id) {
    return database_.run(
        fmt::format("UPDATE {} SET mailbox = ?1 WHERE {} IN (SELECT id{})", table, id, kTheirs),
        {peer.mailbox, peer.device, officer, agency});
  };
  LS_RETURN_IF_ERROR(move("outgoing", "request"));
  return move("requests", "id");
}

absl::StatusOr<std::vector<Letter>> Mail::pending(const wire::Peer& peer,
                                                  std::uint64_t after) const {
  std::vector<Letter> letters;
  LS_RETURN_IF_ERROR(database_.query(
      "SELECT seq, sealed FROM outgoing WHERE mailbox = ?1 AND device = ?2 AND seq > ?3 AND seq <"
      " ?4 + (SELECT min(seq) FROM outgoing WHERE mailbox = ?1 AND device = ?2) ORDER BY seq",
      {peer.mailbox, peer.device, after, kLettersMax}, [&](const store::Row& row) {
        letters.push_back(
            {peer, static_cast<std::uint64_t>(row.get<std::int64_t>(0)), row.get<Bytes>(1)});
        return absl::OkStatus();
      }));
  return letters;
}

absl::StatusOr<std::vector<wire::Peer>> Mail::peers() const {
  std::vector<wire::Peer> peers;
  LS_RETURN_IF_ERROR(database_.query(
      "SELECT DISTINCT mailbox, device FROM outgoing", {}, [&](const store::Row& row) {
        peers.push_back({row.get<std::string>(0), row.get<std::string>(1)});
        return absl::OkStatus();
      }));
  return peers;
}

absl::StatusOr<bool> Mail::is_new(std::string_view officer, std::string_view device,
                                  std::uint64_t seq, Instant said) {
  link::SeqWindow window;
  bool known = false;
  LS_RETURN_IF_ERROR(
      database_.query("SELECT high, bitmap FROM incoming_seq WHERE officer = ? AND device = ?",
                      {officer, device}, [&](const store::Row& row) {
                        known = true;
                        window.high = static_cast<std::uint64_t>(row.get<std::int64_t>(0));
                        window.bitmap = std::bit_cast<std::uint64_t>(row.get<std::int64_t>(1));
                        return absl::OkStatus();
                      }));
  if (window.taken(seq)) return false;
  window.take(seq);
  if (!known) {
    LS_ASSIGN(const auto forgotten,
              database_.find<std::int64_t>(
                  "SELECT newest FROM incoming_seq WHERE officer = ? AND device = ?",
                  {officer, kForgotten}));
    if (forgotten && to_micros(said) <= *forgotten) return false;
    // It may be one of those: whatever it said before counts as taken.
    if (forgotten) window.bitmap = ~std::uint64_t{0};
  }
  LS_RETURN_IF_ERROR(database_.run(
      "INSERT INTO incoming_seq (officer, device, high, bitmap, newest) VALUES (?, ?, ?, ?, ?)"
      " ON CONFLICT (officer, device) DO UPDATE SET high = excluded.high, bitmap = excluded.bitmap,"
      " newest = max(newest, excluded.newest)",
      {officer, device, window.high, std::bit_cast<std::int64_t>(window.bitmap), to_micros(said)}));
  return true;
}

absl::Status Mail::forget_devices(std::string_view mailbox, std::string_view officer) {
  constexpr std::string_view kTheirs =
      " FROM incoming_seq WHERE officer = ?1"
      " AND device NOT IN (SELECT device FROM trust_device WHERE officer = ?1)";
  LS_RETURN_IF_ERROR(database_.run(
      fmt::format("INSERT INTO incoming_seq (officer, device, high, bitmap, newest)"
                  " SELECT officer, ?2, 0, 0, max(newest){} GROUP BY officer"
                  " ON CONFLICT (officer, device) DO UPDATE SET newest = excluded.newest",
                  kTheirs),
      {officer, kForgotten}));
  LS_RETURN_IF_ERROR(
      database_.run(fmt::format("DELETE{} AND device != ?2", kTheirs), {officer, kForgotten}));
  // Whose letters still wait keeps its numbers: they must stay within the window.
  constexpr std::string_view kOurs =
      " FROM outgoing_seq AS s WHERE mailbox = ?1"
      " AND NOT EXISTS (SELECT 1 FROM trust_device d WHERE d.mailbox = ?1 AND d.device = s.device)"
      " AND NOT EXISTS (SELECT 1 FROM outgoing o WHERE o.mailbox = ?1 AND o.device = s.device)";
  LS_RETURN_IF_ERROR(
      database_.run(fmt::format("INSERT INTO outgoing_seq SELECT mailbox, ?2, max(last){}"
                                " GROUP BY mailbox ON CONFLICT (mailbox, device) DO UPDATE SET"
                                " last = excluded.last",
                                kOurs),
                    {mailbox, kForgotten}));
  return database_.run(fmt::format("DELETE{} AND device != ?2", kOurs), {mailbox, kForgotten});
}

}  // namespace latchstring::state
