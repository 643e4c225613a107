#include "gateway/state/transfers.h"

#include "gateway/base/status.h"
#include "gateway/crypto/encoding.h"
#include "gateway/link/bitmap.h"
#include "gateway/state/rows.h"
#include "gateway/wire/data.h"

namespace latchstring::state {
namespace {

constexpr std::string_view kColumns =
    "SELECT t.id, t.request, t.piece, t.part, r.mailbox, r.device, r.officer, t.name, t.path, "
    "t.size,"
    " t.chunks, t.sha256, t.merkle_root, t.sent, t.revoked, p.state, p.expires FROM transfers t"
    " JOIN requests r ON r.id = t.request"
    " JOIN pieces p ON p.request = t.request AND p.number = t.piece";

Transfer transfer_of(const store::Row& row) {
  Transfer transfer;
  int column = 0;
  const auto text = [&] { return row.get<std::string>(column++); };
  const auto number = [&] { return row.get<std::int64_t>(column++); };
  transfer.id = text();
  transfer.request = text();
  transfer.piece = static_cast<int>(number());
  transfer.part = static_cast<int>(number());
  transfer.peer.mailbox = text();
  transfer.peer.device = text();
  transfer.officer = text();
  transfer.name = text();
  transfer.path = text();
  transfer.size = static_cast<std::uint64_t>(number());
  transfer.chunks = static_cast<std::uint64_t>(number());
  transfer.sha256 = text();
  transfer.merkle_root = text();
  transfer.sent = row.get<Bytes>(column++);
  transfer.revoked = number() != 0;
  transfer.offered = text() == release::to_string(release::PieceState::offered);
  transfer.expires = from_micros(number());
  return transfer;
}

}  // namespace

absl::Status Transfers::add(const SealedClip& clip) {
  int position = 0;
  for (const SealedFile& file : clip.files()) {
    const std::uint64_t chunks = wire::chunk_count(file.size_bytes);
    if (chunks > link::kChunksMax) {
      return exhausted("the sealed file of {} bytes is too large to transfer", file.size_bytes);
    }
    LS_RETURN_IF_ERROR(database_.run(
        "INSERT INTO transfers VALUES (?,?,?,?,?,?,?,?,?,?,?,?,0)",
        {crypto::to_base64url(crypto::random_bytes(wire::kTransferIdBytes)), clip.release_id(),
         clip.piece(), clip.part(), position++, file.name, file.path, file.size_bytes, chunks,
         file.sha256, file.merkle_root, link::Bitmap(chunks).bytes()}));
  }
  return absl::OkStatus();
}

absl::Status Transfers::revoke(std::string_view request, int piece) {
  return database_.run("UPDATE transfers SET revoked = 1 WHERE request = ? AND piece = ?",
                       {request, piece});
}

absl::Status Transfers::remove(std::string_view request, int piece) {
  return database_.run("DELETE FROM transfers WHERE request = ? AND piece = ?", {request, piece});
}

absl::Status Transfers::save_sent(std::string_view id, ByteView bitmap) {
  return database_.run("UPDATE transfers SET sent = ? WHERE id = ?", {bitmap, id});
}

absl::StatusOr<std::vector<std::string>> Transfers::remove_ended(Instant now) {
  constexpr std::string_view kEnded =
      "FROM transfers WHERE revoked = 1 AND EXISTS (SELECT 1 FROM pieces p"
      " WHERE p.request = transfers.request AND p.number = transfers.piece AND p.expires <= ?)";
  std::vector<std::string> ids;
  LS_RETURN_IF_ERROR(database_.query(fmt::format("SELECT id {}", kEnded), {to_micros(now)},
                                     [&ids](const store::Row& row) {
                                       ids.push_back(row.get<std::string>(0));
                                       return absl::OkStatus();
                                     }));
  if (!ids.empty()) {
    LS_RETURN_IF_ERROR(database_.run(fmt::format("DELETE {}", kEnded), {to_micros(now)}));
  }
  return ids;
}

absl::StatusOr<Transfers::Live> Transfers::live(const wire::Peer& peer, std::string_view officer,
                                                std::size_t limit) const {
  const std::string offered =
      fmt::format("p.state = '{}'", release::to_string(release::PieceState::offered));
  Live live;
  for (const bool revoked : {false, true}) {
    std::vector<std::string>& ids = revoked ? live.revoked : live.offered;
    const std::string condition = revoked ? "t.revoked = 1" : offered;
    LS_RETURN_IF_ERROR(database_.query(
        fmt::format("SELECT t.id FROM transfers t JOIN requests r ON r.id = t.request"
                    " JOIN pieces p ON p.request = t.request AND p.number = t.piece"
                    " WHERE r.mailbox = ? AND r.device = ? AND r.officer = ? AND {}"
                    " ORDER BY t.rowid DESC LIMIT ?",
                    condition),
        {peer.mailbox, peer.device, officer, limit}, [&ids](const store::Row& row) {
          ids.push_back(row.get<std::string>(0));
          return absl::OkStatus();
        }));
  }
  return live;
}

absl::StatusOr<std::vector<Transfer>> Transfers::of_piece(std::string_view request,
                                                          int piece) const {
  std::vector<Transfer> found;
  LS_RETURN_IF_ERROR(database_.query(
      fmt::format("{} WHERE t.request = ? AND t.piece = ? ORDER BY t.part, t.position", kColumns),
      {request, piece}, [&](const store::Row& row) {
        found.push_back(transfer_of(row));
        return absl::OkStatus();
      }));
  return found;
}

absl::StatusOr<std::vector<Transfer>> Transfers::all() const {
  std::vector<Transfer> found;
  LS_RETURN_IF_ERROR(
      database_.query(fmt::format("{} ORDER BY t.request, t.piece, t.part, t.position", kColumns),
                      {}, [&](const store::Row& row) {
                        found.push_back(transfer_of(row));
                        return absl::OkStatus();
                      }));
  return found;
}

}  // namespace latchstring::state
