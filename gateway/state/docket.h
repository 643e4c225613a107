// The docket: all requests of the house and what becomes of them. Performs one step at a time:
// facts in, release::Release::step(), then rows, ledger entries and outgoing messages in one
// transaction; the effects it returns are run after the commit. A crash means resume: reconsider()
// at start. Threads: loop only. Limits: kListMax, kRequestsPerDayMax. Errors: any means that
// nothing was changed and nothing may be sent.
#pragma once

#include <absl/status/statusor.h>

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "gateway/base/clock.h"
#include "gateway/ledger/ledger.h"
#include "gateway/release/release.h"
#include "gateway/state/facts.h"
#include "gateway/state/mail.h"
#include "gateway/state/rows.h"
#include "gateway/state/schema.h"
#include "gateway/state/transfers.h"
#include "gateway/trust/trust.h"

namespace latchstring::state {

inline constexpr std::size_t kListMax = 1'000;  // requests in a listing
inline constexpr int kRequestsPerDayMax = 200;  // that are taken of one agency
inline constexpr Duration kRedoEvery = std::chrono::seconds{30};
inline constexpr Duration kRecheckOffersEvery = std::chrono::minutes{1};  // rules may have ended

struct Effect {
  std::string request;
  release::Effect effect;
};

struct Step {
  std::vector<Effect> effects;
  std::set<wire::Peer> mail;  // who has new letters
  absl::Status answer;        // for who caused the event: why nothing happened
};

class Docket {
 public:
  struct Parts {
    store::Database& database;
    ledger::Ledger& ledger;
    const Clock& clock;
    const crypto::SigningKey& key;  // the gateway's
    std::string gateway_id;
  };
  explicit Docket(Parts parts);

  House& house() { return house_; }
  // Rules whose agencies may write to us: the present ones, or the last valid while broken.
  trust::Agencies agencies() const;

  // A verified request. A repeat changes nothing. `answer`: not taken, beyond kRequestsPerDayMax.
  absl::StatusOr<Step> receive(const trust::Verified& verified, const wire::Peer& peer);
  absl::StatusOr<Step> apply(std::string_view request, const release::Event& event);
  // Several events in one transaction; where one does not fit, none happened.
  absl::StatusOr<Step> apply_all(std::string_view request,
                                 const std::vector<release::Event>& events);
  // All parts of one piece, from the worker: an offer in this very transaction, or dropped.
  // `delete_after`: as their manifests ask it.
  absl::StatusOr<Step> sealed(const std::vector<SealedClip>& parts, Instant delete_after = {});
  // The household gives of its own accord; these residents stand behind it.
  absl::StatusOr<Step> give(const release::Subject& gift,
                            const std::vector<std::string>& residents);
  // A verified officer said HELLO: gifts to their agency are now made for them.
  absl::StatusOr<Step> meet(const trust::Officer& officer, const wire::Peer& peer);
  // A gift in a file is about to be written; its clips' manifests, in order. No proofs: it may not.
  struct CommittedFile {
    Step step;
    std::vector<ledger::ProvenLeaf> proofs;
  };
  absl::StatusOr<CommittedFile> commit_file(std::string_view gift, int piece,
                                            const std::vector<std::string>& manifest_sha256s);
  // An officer's verified receipt for one delivery. PermissionDenied: it was another officer's.
  absl::StatusOr<Step> store_receipt(std::string_view officer, std::string_view delivery_sha256,
                                     std::string_view receipt_jws);

  // Every request that is not over: at start, after a change of rules, when a pause ends.
  // Goes on after a request that failed; `answer` is the last failure.
  absl::StatusOr<Step> reconsider();
  // What is due; now and then what is on offer, and what an error left lying.
  absl::StatusOr<Step> tick();

  absl::Status pause(std::string_view resident);
  absl::Status resume(const std::vector<std::string>& residents);  // each who paused, or all
  absl::StatusOr<std::vector<std::string>> paused_by() const;  // in that order; empty: not paused
  // Why nothing is judged or released now; empty: nothing blocks.
  absl::StatusOr<std::string> blocked() const;

  // What the rules in force say of it now, per camera; empty while something blocks.
  absl::StatusOr<std::map<std::string, policy::Decision>> explain(std::string_view request) const;
  // The cameras it means by the rules as they are, or were.
  std::vector<std::string> cameras_of(const StoredRequest& request) const;

  absl::StatusOr<StoredRequest> find(std::string_view request) const;
  absl::StatusOr<int> next_clip(std::string_view request) const;
  // By piece: the number that it left under; what the officer signed for its parts.
  absl::StatusOr<std::map<int, int>> clips(std::string_view request) const;
  absl::StatusOr<std::multimap<int, KeptReceipt>> receipts(std::string_view request) const;
  absl::StatusOr<std::vector<StoredRequest>> newest(std::size_t limit) const;
  Mail& mail() { return mail_; }
  Transfers& transfers() { return transfers_; }

 private:
  struct Extras {
    const std::vector<SealedClip>* sealed = nullptr;
    Instant delete_after;
    const std::vector<std::string>* manifest_sha256s = nullptr;  // of a gift in a file
    std::vector<ledger::ProvenLeaf>* proofs = nullptr;
    ledger::Done done;  // of a receipt
  };
  absl::StatusOr<Step> perform(std::string_view request, const release::Event& event,
                               const Extras& extras);
  Step apply_to(const std::vector<std::string>& requests, const release::Event& event);
  absl::StatusOr<std::vector<std::string>> stranded(const Step& begun) const;
  void reconsider_some(const absl::StatusOr<std::vector<std::string>>& requests, Step& all);
  absl::Status commit_release(const StoredRequest& request, const release::Entry& entry,
                              const Extras& extras);
  absl::Status commit_gift_file(const StoredRequest& request, int piece, const Extras& extras);
  absl::StatusOr<ledger::ReleaseCommit> keep_delivery(const StoredRequest& request,
                                                      const SealedClip& clip, int number,
                                                      Instant delete_after);
  absl::StatusOr<ledger::Leaf> record(const StoredRequest& request, const release::Entry& entry,
                                      const Extras& extras);
  absl::Status write_mail(const StoredRequest& request, const release::Effect& effect);
  absl::Status offer(const StoredRequest& request, const SealedClip& clip, int number,
                     const ledger::Leaf& leaf);
  absl::StatusOr<Addressee> addressee_of(const StoredRequest& request) const;
  absl::Status notify(const StoredRequest& request, std::string_view state, std::string_view why);
  absl::StatusOr<bool> say_why(const StoredRequest& request, const std::string& said_before);
  absl::StatusOr<bool> write_all_mail(const StoredRequest& request,
                                      const std::vector<release::Effect>& effects);

  store::Database& database_;
  ledger::Ledger& ledger_;
  const Clock& clock_;
  const crypto::SigningKey& key_;
  const std::string gateway_id_;
  House house_;
  Mail mail_;
  Transfers transfers_;
  Duration redo_at_{}, recheck_at_{};  // steady
};

}  // namespace latchstring::state
