#include "gateway/trust/mailboxes.h"

#include "gateway/base/status.h"
#include "gateway/crypto/encoding.h"
#include "gateway/store/store.h"
#include "gateway/trust/columns.h"

namespace latchstring::trust {
namespace {

Mailbox mailbox_of(const store::Row& row) {
  return {row.get<std::string>(0), row.get<std::string>(1), row.get<std::string>(2),
          from_column(row.get<std::int64_t>(3))};
}

Device device_of(const store::Row& row) {
  return {{row.get<std::string>(0), row.get<std::string>(1)},
          row.get<std::string>(2),
          row.get<std::string>(3),
          from_column(row.get<std::int64_t>(4))};
}

}  // namespace

absl::Status Mailboxes::add(const Mailbox& mailbox) {
  if (!crypto::is_id(mailbox.id)) {
    return invalid("`{}` is not a mailbox name: ten characters of a-z and 2-7", mailbox.id);
  }
  LS_ASSIGN(const std::vector<Mailbox> all, list());
  if (all.size() >= kMailboxesMax) {
    return exhausted("there are {} mailboxes already; remove an agency first", all.size());
  }
  for (const Mailbox& other : all) {
    if (other.id == mailbox.id) return invalid("the mailbox `{}` is there already", mailbox.id);
  }
  return database_.run(
      "INSERT INTO trust_mailbox (id, agency, password_hash, made) VALUES (?, ?, ?, ?)",
      {mailbox.id, mailbox.agency, mailbox.password_hash, to_column(mailbox.made)});
}

absl::Status Mailboxes::set_password_hash(std::string_view id, std::string_view hash) {
  LS_ASSIGN(
      const std::int64_t changed,
      database_.change("UPDATE trust_mailbox SET password_hash = ? WHERE id = ?", {hash, id}));
  if (changed == 0) return not_found("there is no mailbox `{}`", id);
  return absl::OkStatus();
}

absl::Status Mailboxes::remove(std::string_view id) {
  LS_RETURN_IF_ERROR(database_.run("DELETE FROM trust_device WHERE mailbox = ?", {id}));
  LS_ASSIGN(const std::int64_t removed,
            database_.change("DELETE FROM trust_mailbox WHERE id = ?", {id}));
  if (removed == 0) return not_found("there is no mailbox `{}`", id);
  return absl::OkStatus();
}

absl::StatusOr<Mailbox> Mailboxes::find(std::string_view id) const {
  std::optional<Mailbox> found;
  LS_RETURN_IF_ERROR(
      database_.query("SELECT id, agency, password_hash, made FROM trust_mailbox WHERE id = ?",
                      {id}, [&found](const store::Row& row) {
                        found = mailbox_of(row);
                        return absl::OkStatus();
                      }));
  if (!found) return not_found("there is no mailbox `{}`", id);
  return *std::move(found);
}

absl::StatusOr<std::vector<Mailbox>> Mailboxes::list() const {
  std::vector<Mailbox> all;
  LS_RETURN_IF_ERROR(
      database_.query("SELECT id, agency, password_hash, made FROM trust_mailbox ORDER BY id", {},
                      [&all](const store::Row& row) {
                        all.push_back(mailbox_of(row));
                        return absl::OkStatus();
                      }));
  return all;
}

absl::Status Mailboxes::saw(const Device& device) {
  if (!crypto::is_id(device.peer.device)) {
    return invalid("`{}` is not a device name", device.peer.device);
  }
  LS_ASSIGN(const Mailbox mailbox, find(device.peer.mailbox));
  LS_ASSIGN(const std::optional<Device> known, this->device(device.peer));
  if (known && known->officer != device.officer) {
    return denied("the device `{}` is another officer's", device.peer.device);
  }
  // Before the insertion: the device that was just seen stays, whatever the clock says.
  if (!known) LS_RETURN_IF_ERROR(make_room(mailbox, device.officer));
  return database_.run(
      "INSERT INTO trust_device (mailbox, device, officer, credential, last_seen)"
      " VALUES (?, ?, ?, ?, ?) ON CONFLICT (mailbox, device) DO UPDATE"
      " SET credential = excluded.credential, last_seen = excluded.last_seen",
      {device.peer.mailbox, device.peer.device, device.officer, device.credential_jws,
       to_column(device.last_seen)});
}

absl::Status Mailboxes::make_room(const Mailbox& mailbox, std::string_view officer) {
  LS_ASSIGN(const auto all,
            database_.one<std::int64_t>("SELECT count(*) FROM trust_device WHERE mailbox = ?",
                                        {mailbox.id}));
  LS_ASSIGN(const auto theirs,
            database_.one<std::int64_t>(
                "SELECT count(*) FROM trust_device WHERE mailbox = ? AND officer = ?",
                {mailbox.id, officer}));
  const bool full = static_cast<std::size_t>(all) >= kDevicesMax;
  if (!full && static_cast<std::size_t>(theirs) < kOfficerDevicesMax) return absl::OkStatus();
  if (theirs == 0) {
    return not_now(
        "the mailbox of agency `{}` has {} devices, and a new officer has no place in it",
        mailbox.agency, all);
  }
  return database_.run(
      "DELETE FROM trust_device WHERE mailbox = ? AND device = (SELECT device FROM trust_device"
      " WHERE mailbox = ? AND officer = ? ORDER BY last_seen LIMIT 1)",
      {mailbox.id, mailbox.id, officer});
}

absl::Status Mailboxes::check_shown(const wire::Peer& peer, std::string_view officer) const {
  LS_ASSIGN(const std::optional<Device> known, device(peer));
  if (!known) return denied("this device has not said HELLO");
  if (known->officer != officer) return denied("this device showed itself to be another officer's");
  return absl::OkStatus();
}

absl::StatusOr<std::optional<Device>> Mailboxes::device(const wire::Peer& peer) const {
  std::optional<Device> found;
  LS_RETURN_IF_ERROR(
      database_.query("SELECT mailbox, device, officer, credential, last_seen FROM trust_device"
                      " WHERE mailbox = ? AND device = ?",
                      {peer.mailbox, peer.device}, [&found](const store::Row& row) {
                        found = device_of(row);
                        return absl::OkStatus();
                      }));
  return found;
}

absl::StatusOr<std::vector<Device>> Mailboxes::devices(std::string_view mailbox) const {
  std::vector<Device> all;
  LS_RETURN_IF_ERROR(
      database_.query("SELECT mailbox, device, officer, credential, last_seen FROM trust_device"
                      " WHERE mailbox = ? ORDER BY device",
                      {mailbox}, [&all](const store::Row& row) {
                        all.push_back(device_of(row));
                        return absl::OkStatus();
                      }));
  return all;
}

}  // namespace latchstring::trust
