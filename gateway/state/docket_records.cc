// What a step writes besides the request's own rows: ledger entries, the delivery and its receipt,
// messages.
#include <algorithm>

#include "gateway/base/ensure.h"
#include "gateway/base/status.h"
#include "gateway/crypto/encoding.h"
#include "gateway/crypto/hash.h"
#include "gateway/crypto/jws.h"
#include "gateway/state/docket.h"
#include "gateway/wire/envelope.h"

namespace latchstring::state {
namespace {

// A notice outlives the request it is about: officers are away for weeks.
constexpr Duration kNoticeLifetime = std::chrono::days{365};

// Not in the leaf, which a requester gets: it would see when rules change, and could try guesses.
std::string under_rules(const House& house) {
  return fmt::format("under the rules with SHA-256 {}", house.rules->sha256);
}

struct Delivered {
  std::string request;
  int piece = 0;
  int clip = 0;
  bool has_receipt = false;
  bool other_parts_have_receipts = false;
};

absl::StatusOr<Delivered> find_delivery(store::Database& database, std::string_view sha256) {
  Delivered found;
  LS_RETURN_IF_ERROR(database.query(
      "SELECT request, piece, clip, receipt != '', NOT EXISTS (SELECT 1 FROM deliveries o"
      " WHERE o.request = d.request AND o.piece = d.piece AND o.sha256 != d.sha256"
      " AND o.receipt = '') FROM deliveries d WHERE sha256 = ?",
      {sha256}, [&](const store::Row& row) {
        found = {row.get<std::string>(0), row.get<int>(1), row.get<int>(2), row.get<bool>(3),
                 row.get<bool>(4)};
        return absl::OkStatus();
      }));
  if (found.request.empty()) return not_found("no delivery has the hash `{}`", sha256);
  return found;
}

}  // namespace

absl::StatusOr<Addressee> Docket::addressee_of(const StoredRequest& request) const {
  if (request.state.subject.is_gift) {  // nobody asked; given while our clock was right
    return Addressee{request.origin.peer, request.origin.officer, request.origin.recipients,
                     request.state.subject.received};
  }
  LS_ASSIGN(const crypto::Jws jws, crypto::peek_jws(request.origin.compact));
  LS_ASSIGN(const wire::Request asked, wire::decode_request(jws.payload));
  return Addressee{request.origin.peer, request.origin.officer, request.origin.recipients,
                   asked.common.iat};
}

absl::StatusOr<ledger::Leaf> Docket::record(const StoredRequest& request,
                                            const release::Entry& entry, const Extras& extras) {
  const std::string& sha = request.origin.sha256;
  const std::string rules = house_.rules != nullptr ? house_.rules->sha256 : "";
  LS_ASSIGN(const auto left_as, clips(request.state.subject.id));
  const auto left = left_as.find(entry.piece);
  const int piece = left == left_as.end() ? entry.piece : left->second;
  ledger::Event event;
  switch (entry.what) {
    case release::Record::request:
    case release::Record::closed:
      event = ledger::Request{sha, entry.word};
      break;
    case release::Record::decision:
      event = ledger::Decision{sha, entry.word, rules};
      break;
    case release::Record::approval:
      event = ledger::Approval{sha, entry.word};
      break;
    case release::Record::done:
      event = extras.done;
      break;
    case release::Record::abort:
      event = ledger::Abort{sha, piece, entry.word};
      break;
    case release::Record::revoke:
      event = ledger::Revoke{sha, piece, ""};
      break;
    case release::Record::release_commit:  // commit_release() writes those
      ensure(false);
      break;
  }
  return ledger_.append({clock_.now(), std::move(event), request.state.subject.id, entry.detail});
}

// One leaf and one offer for each part. A leaf's index is seen by who gets the offer, so the tree
// is filled before it too.
absl::Status Docket::commit_release(const StoredRequest& request, const release::Entry& entry,
                                    const Extras& extras) {
  const std::string& id = request.state.subject.id;
  LS_ASSIGN(const int number, next_clip(id));
  LS_RETURN_IF_ERROR(
      database_.run("UPDATE pieces SET committed = ? WHERE request = ? AND number = ?",
                    {to_micros(clock_.now()), id, entry.piece}));
  LS_RETURN_IF_ERROR(ledger_.fill(ledger::Audience::offer, clock_.now()));
  if (request.state.subject.is_gift_file()) return commit_gift_file(request, entry.piece, extras);
  ensure(extras.sealed != nullptr);
  for (const SealedClip& clip : *extras.sealed) {
    LS_ASSIGN(ledger::ReleaseCommit commit,
              keep_delivery(request, clip, number, extras.delete_after));
    LS_ASSIGN(const ledger::Leaf leaf,
              ledger_.append({clock_.now(), std::move(commit), id, under_rules(house_)}));
    LS_RETURN_IF_ERROR(offer(request, clip, number, leaf));
  }
  return absl::OkStatus();
}

// Nothing is offered: the proofs go into the file.
absl::Status Docket::commit_gift_file(const StoredRequest& request, int piece,
                                      const Extras& extras) {
  ensure(extras.manifest_sha256s != nullptr);
  std::vector<ledger::Leaf> leaves;
  for (const std::string& manifest : *extras.manifest_sha256s) {
    LS_ASSIGN(ledger::Leaf leaf,
              ledger_.append({clock_.now(), ledger::ReleaseCommit{"", piece, "", manifest},
                              request.state.subject.id, under_rules(house_)}));
    leaves.push_back(std::move(leaf));
  }
  LS_ASSIGN(const ledger::Checkpoint checkpoint,
            ledger_.checkpoint_now(ledger::Audience::offer, clock_.now()));
  for (const ledger::Leaf& leaf : leaves) {
    LS_ASSIGN(ledger::ProvenLeaf proven, ledger_.prove_leaf(leaf.index, checkpoint));
    extras.proofs->push_back(std::move(proven));
  }
  return absl::OkStatus();
}

absl::StatusOr<ledger::ReleaseCommit> Docket::keep_delivery(const StoredRequest& request,
                                                            const SealedClip& clip, int number,
                                                            Instant delete_after) {
  LS_ASSIGN(const crypto::Jws jws, crypto::peek_jws(clip.delivery_jws()));
  LS_ASSIGN(const wire::Delivery delivery, wire::decode_delivery(jws.payload));
  // Made under a number that another piece took since: it is made again.
  if (delivery.piece != number) {
    return not_now("a clip was sealed as number {}, and would leave as number {}", delivery.piece,
                   number);
  }
  const std::string sha256 = crypto::sha256_hex(clip.delivery_jws());
  LS_RETURN_IF_ERROR(
      database_.run("INSERT INTO deliveries (sha256, request, piece, part, clip, jws,"
                    " manifest_sha256, delete_after) VALUES (?,?,?,?,?,?,?,?)",
                    {sha256, request.state.subject.id, clip.piece(), clip.part(), number,
                     clip.delivery_jws(), delivery.manifest_sha256, to_micros(delete_after)}));
  LS_RETURN_IF_ERROR(transfers_.add(clip));
  return ledger::ReleaseCommit{request.origin.sha256, number, sha256, delivery.manifest_sha256};
}

// The ledger first: the offer carries the leaf's proof against a checkpoint made for it.
absl::Status Docket::offer(const StoredRequest& request, const SealedClip& clip, int number,
                           const ledger::Leaf& leaf) {
  const std::string& id = request.state.subject.id;
  LS_ASSIGN(const ledger::Checkpoint checkpoint,
            ledger_.checkpoint_now(ledger::Audience::offer, clock_.now()));
  LS_ASSIGN(const ledger::ProvenLeaf proven, ledger_.prove_leaf(leaf.index, checkpoint));
  wire::Offer offer;
  offer.request_id = id;
  offer.piece = number;
  offer.part = clip.part();
  LS_ASSIGN(const std::vector<Transfer> transfers, transfers_.of_piece(id, clip.piece()));
  for (const Transfer& transfer : transfers) {
    if (transfer.part != clip.part()) continue;
    offer.transfers.push_back(
        {transfer.id, transfer.size, transfer.chunks, transfer.sha256, transfer.merkle_root});
    offer.expires = transfer.expires;
  }
  ensure(!offer.transfers.empty());
  offer.delivery = clip.delivery_jws();
  offer.leaf = proven.leaf.line;
  offer.ledger_proof = proven.tlog_proof;
  LS_ASSIGN(const Addressee to, addressee_of(request));
  return mail_.enqueue(to, offer, id, clock_.now());
}

absl::StatusOr<Step> Docket::store_receipt(std::string_view officer,
                                           std::string_view delivery_sha256,
                                           std::string_view receipt_jws) {
  LS_ASSIGN(store::Transaction transaction, database_.begin());
  LS_ASSIGN(const Delivered delivered, find_delivery(database_, delivery_sha256));
  const std::string& request = delivered.request;
  LS_ASSIGN(const StoredRequest stored, load_request(database_, request));
  if (stored.origin.officer != officer) return denied("the delivery is another officer's");
  // The first one stands: the ledger holds its hash, and our answer to it is kept until it arrives.
  if (delivered.has_receipt) return Step{};
  LS_RETURN_IF_ERROR(database_.run("UPDATE deliveries SET receipt = ? WHERE sha256 = ?",
                                   {receipt_jws, delivery_sha256}));
  Extras extras;
  extras.done = {stored.origin.sha256, delivered.clip, std::string(delivery_sha256),
                 crypto::sha256_hex(receipt_jws)};
  LS_ASSIGN(Step step, perform(request,
                               release::event::ReceiptStored{delivered.piece,
                                                             delivered.other_parts_have_receipts},
                               extras));
  LS_ASSIGN(const Addressee to, addressee_of(stored));
  LS_RETURN_IF_ERROR(
      mail_.enqueue(to, wire::ReceiptTaken{std::string(delivery_sha256)}, request, clock_.now()));
  step.mail.insert(stored.origin.peer);
  LS_RETURN_IF_ERROR(transaction.commit());
  return step;
}

absl::Status Docket::notify(const StoredRequest& request, std::string_view state,
                            std::string_view why) {
  LS_ASSIGN(const Addressee to, addressee_of(request));
  wire::Decision decision;
  decision.common =
      wire::new_common(key_, to.officer, std::max(clock_.now(), to.not_before), kNoticeLifetime);
  decision.request_sha256 = request.origin.sha256;
  decision.request_id = request.state.subject.id;
  decision.state = std::string(state);
  decision.reason = std::string(why);
  return mail_.enqueue(
      to, wire::Notice{crypto::sign_jws(key_, wire::kTypDecision, wire::encode(decision))},
      request.state.subject.id, clock_.now());
}

// Only where the household says why, and never of a request about a place: who is told why learns
// who stands there. `received` and `closed` are said to everybody.
absl::StatusOr<bool> Docket::say_why(const StoredRequest& request, const std::string& said_before) {
  if (request.state.subject.is_gift || request.state.subject.area) return false;
  const std::string word = release::public_word(request.state);
  if (word == said_before || !says_why(house_)) return false;
  LS_RETURN_IF_ERROR(ledger_
                         .append({clock_.now(), ledger::Request{request.origin.sha256, word},
                                  request.state.subject.id, ""})
                         .status());
  LS_RETURN_IF_ERROR(notify(request, word, release::public_reason(request.state)));
  return true;
}

// True where there is something to send: messages, and the offers of a committed release.
absl::StatusOr<bool> Docket::write_all_mail(const StoredRequest& request,
                                            const std::vector<release::Effect>& effects) {
  bool wrote = false;
  for (const release::Effect& effect : effects) {
    LS_RETURN_IF_ERROR(write_mail(request, effect));
    wrote = wrote || std::holds_alternative<release::effect::SendReceived>(effect) ||
            std::holds_alternative<release::effect::SendClosed>(effect) ||
            std::holds_alternative<release::effect::Withdraw>(effect) ||
            std::holds_alternative<release::effect::Offer>(effect);
  }
  return wrote;
}

absl::Status Docket::write_mail(const StoredRequest& request, const release::Effect& effect) {
  const std::string& id = request.state.subject.id;
  if (std::holds_alternative<release::effect::SendReceived>(effect)) {
    return notify(request, "received", "");
  }
  if (std::holds_alternative<release::effect::SendClosed>(effect))
    return notify(request, "closed", "");
  if (const auto* withdraw = std::get_if<release::effect::Withdraw>(&effect)) {
    LS_ASSIGN(const std::vector<Transfer> transfers, transfers_.of_piece(id, withdraw->piece));
    wire::Revoke revoke;
    for (const Transfer& transfer : transfers) revoke.transfers.push_back(transfer.id);
    LS_RETURN_IF_ERROR(transfers_.revoke(id, withdraw->piece));
    if (revoke.transfers.empty()) return absl::OkStatus();
    LS_ASSIGN(const Addressee to, addressee_of(request));
    return mail_.enqueue(to, revoke, id, clock_.now());
  }
  if (const auto* done = std::get_if<release::effect::DeleteOutbox>(&effect)) {
    return transfers_.remove(id, done->piece);
  }
  return absl::OkStatus();
}

}  // namespace latchstring::state
