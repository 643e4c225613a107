// agency.*: mailboxes and tickets. The rules file and its keys are the caller's to edit.
#include "gateway/base/status.h"
#include "gateway/crypto/encoding.h"
#include "gateway/daemon/operations.h"
#include "gateway/link/broker.h"
#include "gateway/wire/ticket.h"

namespace latchstring::daemon {
namespace {

using control::Reply;
using control::Request;

absl::StatusOr<std::optional<trust::Mailbox>> mailbox_of(Daemon& daemon,
                                                         const std::string& agency) {
  LS_ASSIGN(const std::vector<trust::Mailbox> mailboxes, daemon.mailboxes().list());
  for (const trust::Mailbox& mailbox : mailboxes) {
    if (mailbox.agency == agency) return mailbox;
  }
  return std::nullopt;
}

wire::Ticket ticket_for(Daemon& daemon, const std::string& mailbox, const std::string& secret) {
  wire::Ticket ticket;
  ticket.gateway = daemon.keys().gateway_id;
  ticket.name = daemon.config().name;
  ticket.gateway_jwk = daemon.keys().signing.verify_key().to_jwk();
  ticket.ledger_vkey = daemon.ledger().vkey();
  ticket.inbox = daemon.keys().inbox.recipient().text();
  ticket.brokers = daemon.config().broker.reach_at;
  ticket.ca_pem = daemon.line().ca_pem();
  ticket.mailbox = mailbox;
  ticket.secret = secret;
  for (const config::Camera& camera : daemon.config().cameras) {
    if (!camera.label.empty()) ticket.cameras.push_back(camera.label);
  }
  return ticket;
}

// So the broker never refuses what was committed.
static_assert(trust::kMailboxesMax <= link::kMailboxesMax);

// `pinned`: the agency's key, where its mailbox is new.
absl::Status keep(Daemon& daemon, const trust::Mailbox& mailbox, const crypto::VerifyKey* pinned) {
  LS_ASSIGN(store::Transaction transaction, daemon.database().begin());
  if (pinned == nullptr) {
    LS_RETURN_IF_ERROR(daemon.mailboxes().set_password_hash(mailbox.id, mailbox.password_hash));
    return transaction.commit();
  }
  LS_RETURN_IF_ERROR(daemon.mailboxes().add(mailbox));
  const std::string key_sha256 = crypto::to_hex(crypto::sha256(pinned->bytes()));
  LS_RETURN_IF_ERROR(
      daemon.ledger()
          .append({daemon.clock().now(), ledger::TrustChange{"agency_added", key_sha256}, "",
                   mailbox.agency})
          .status());
  return transaction.commit();
}

absl::StatusOr<json::Writer> add(Daemon& daemon, const std::string& agency,
                                 const std::string& wanted) {
  const auto& rules = daemon.rules().current();
  if (rules == nullptr) return not_now("the rules file is broken: mend it first");
  const auto pinned = rules->agencies.find(agency);
  if (pinned == rules->agencies.end()) {
    return not_now("the rules do not name an agency `{}`", agency);
  }
  if (!wanted.empty() && daemon.line().managed()) {
    return invalid("the broker is the gateway's own: it draws the mailbox itself");
  }
  LS_ASSIGN(std::optional<trust::Mailbox> mailbox, mailbox_of(daemon, agency));
  const bool is_new = !mailbox;
  if (is_new && wanted.empty() && !daemon.line().managed()) {
    return invalid("the broker is somebody else's: say with --mailbox which mailbox `{}` has there",
                   agency);
  }
  if (!is_new && !wanted.empty() && wanted != mailbox->id) {
    return not_now("`{}` has the mailbox `{}`: for another, `latchstring agency remove {}` first",
                   agency, mailbox->id, agency);
  }
  if (is_new) {
    mailbox = trust::Mailbox{wanted.empty() ? crypto::random_id() : wanted, agency, "",
                             daemon.clock().now()};
  }
  std::string secret;
  if (daemon.line().managed()) {
    LS_ASSIGN(Line::Login login, daemon.line().draw_login(mailbox->id));
    mailbox->password_hash = std::move(login.hash);
    secret = std::move(login.password);
  }
  // The row first: after a crash the broker is made to fit it, and the other way round nobody
  // would know of the login.
  LS_RETURN_IF_ERROR(keep(daemon, *mailbox, is_new ? &pinned->second.key : nullptr));
  if (!secret.empty()) {
    LS_RETURN_IF_ERROR(daemon.line().set_mailbox(mailbox->id, mailbox->password_hash));
  }
  json::Writer out;
  out.string("agency", agency)
      .string("mailbox", mailbox->id)
      .string("ticket", wire::encode(ticket_for(daemon, mailbox->id, secret)));
  return out;
}

absl::StatusOr<json::Writer> remove(Daemon& daemon, const std::string& agency) {
  LS_ASSIGN(const std::optional<trust::Mailbox> mailbox, mailbox_of(daemon, agency));
  const auto& rules = daemon.rules().last_valid();
  const bool in_rules = rules != nullptr && rules->agencies.contains(agency);
  json::Writer out;
  out.string("agency", agency).boolean("known", mailbox || in_rules);
  if (!mailbox) return out;
  LS_ASSIGN(store::Transaction transaction, daemon.database().begin());
  LS_RETURN_IF_ERROR(daemon.mailboxes().remove(mailbox->id));
  LS_RETURN_IF_ERROR(
      daemon.ledger()
          .append({daemon.clock().now(), ledger::TrustChange{"agency_removed", ""}, "", agency})
          .status());
  LS_RETURN_IF_ERROR(transaction.commit());
  daemon.post().forget_mailbox(mailbox->id);
  LS_RETURN_IF_ERROR(daemon.line().remove_mailbox(mailbox->id));
  return out.string("mailbox", mailbox->id);
}

absl::StatusOr<json::Writer> list(Daemon& daemon) {
  LS_ASSIGN(const std::vector<trust::Mailbox> mailboxes, daemon.mailboxes().list());
  std::map<std::string, json::Writer> rows;
  const auto& rules = daemon.rules().current();
  if (rules != nullptr) {
    for (const auto& [id, agency] : rules->agencies) {
      rows[id]
          .string("agency", id)
          .string("name", agency.name)
          .string("thumbprint", agency.key.thumbprint());
    }
  }
  for (const trust::Mailbox& mailbox : mailboxes) {
    if (!rows.contains(mailbox.agency)) {
      rows[mailbox.agency].string("agency", mailbox.agency).string("name", mailbox.agency);
    }
    rows[mailbox.agency].string("mailbox", mailbox.id).string("made", to_rfc3339(mailbox.made));
    LS_ASSIGN(const std::vector<trust::Device> devices, daemon.mailboxes().devices(mailbox.id));
    Instant seen{};
    for (const trust::Device& device : devices) seen = std::max(seen, device.last_seen);
    if (seen != Instant{}) rows[mailbox.agency].string("last_seen", to_rfc3339(seen));
  }
  std::vector<json::Writer> agencies;
  for (auto& [id, row] : rows) {
    row.boolean("in_rules", rules != nullptr && rules->agencies.contains(id));
    agencies.push_back(row);
  }
  return json::Writer().objects("agencies", agencies);
}

void answer(const Reply& reply, const absl::StatusOr<json::Writer>& result) {
  if (result.ok()) return reply.ok(*result);
  reply.fail(result.status());
}

}  // namespace

void add_agency_operations(Daemon& daemon, control::Handlers& handlers) {
  handlers["agency.list"] = [&daemon](Request&, const Reply& reply) {
    answer(reply, list(daemon));
  };
  handlers["agency.add"] = [&daemon](Request& asked, const Reply& reply) {
    answer(reply, add(daemon, asked.arguments.text("agency"), asked.arguments.text("mailbox")));
  };
  handlers["agency.remove"] = [&daemon](Request& asked, const Reply& reply) {
    answer(reply, remove(daemon, asked.arguments.text("agency")));
  };
}

}  // namespace latchstring::daemon
