// The post office: what arrives from requesters is opened, verified and given to the docket; what
// the docket wrote to them is sent, and repeated until they acknowledge it; files are served.
// Threads: loop only. Limits: those of wire, link, trust and state; kReplaysMax.
// A stranger's message, or one that does not verify, gets no answer at all: it is counted.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>

#include "gateway/base/clock.h"
#include "gateway/crypto/age.h"
#include "gateway/link/gateway_link.h"
#include "gateway/link/reliable.h"
#include "gateway/link/sender.h"
#include "gateway/state/docket.h"
#include "gateway/trust/trust.h"

namespace latchstring::daemon {

// Devices of whose replayed HELLOs it is known when the last one was answered.
inline constexpr std::size_t kReplaysMax = 1'024;

class Post {
 public:
  struct Parts {
    store::Database& database;
    state::Docket& docket;
    ledger::Ledger& ledger;
    trust::Mailboxes& mailboxes;
    const Clock& clock;
    const crypto::age::Identity& inbox;
    std::string gateway_id;
    // Runs the effects of a step that was committed.
    std::function<void(absl::StatusOr<state::Step>)> on_step;
    // Something the household should read in the log.
    std::function<void(std::string)> on_trouble;
  };
  explicit Post(Parts parts);

  // Null until the broker's address is known. The link must go before the post office.
  void use_link(link::GatewayLink* link) { link_ = link; }

  void on_message(const wire::Peer& peer, const Bytes& bytes);
  void on_sent(const wire::TransferId& transfer, const std::vector<std::uint64_t>& indices);
  // A file on offer cannot be read, or is not what was offered: its piece is taken back.
  void on_broken(const wire::TransferId& transfer, const absl::Status& why);

  // There may be new mail to this peer.
  void deliver(const wire::Peer& peer);
  void deliver_all();
  void repeat_due();     // about once a second, and when the link comes up
  void restart_all();    // the link came up: everything unacknowledged is due
  void store_bitmaps();  // at least once a second
  void forget_ended();   // revoked transfers that nobody is told of any more
  void forget_mailbox(std::string_view mailbox);  // it was removed: nothing is sent there any more

  void serve(const state::Transfer& transfer);  // its piece is on offer, or was taken back
  // Answered with REVOKE from now on; no chunk is published after it returns.
  void withdraw(const std::string& request, int piece);
  void forget(const std::string& request, int piece);  // delivered or expired
  // While something blocks sharing, GETs stay unanswered; nothing is deleted.
  void suspend(bool suspended);

  // What the household should know of who writes to it now.
  std::vector<std::string> warnings() const;
  trust::Strangers& strangers() { return strangers_; }
  const link::Sender& sender() const { return sender_; }

 private:
  void on_sealed(const wire::Peer& peer, const Bytes& bytes);
  absl::Status on_request(const wire::Peer& peer, const trust::Arrival& arrival,
                          std::string_view compact);
  absl::Status on_hello(const wire::Peer& peer, const trust::Arrival& arrival,
                        std::string_view compact);
  absl::StatusOr<bool> remember(const trust::VerifiedHello& hello, const wire::Peer& peer);
  void answer_hello(const trust::VerifiedHello& hello, const wire::Peer& peer);
  absl::Status answer_replay(const trust::VerifiedHello& hello, const wire::Peer& peer);
  absl::Status on_control(const wire::Peer& peer, const trust::Arrival& arrival,
                          std::string_view compact);
  absl::Status on_done(const trust::Officer& officer, const trust::Arrival& arrival,
                       const wire::Done& done);
  absl::Status on_cancel(const trust::Officer& officer, const wire::Cancel& cancel);
  absl::Status send_state(const state::Addressee& to, const wire::Hello& hello);
  void on_get(const wire::Peer& peer, const Bytes& bytes);
  absl::Status answer_get(const wire::Peer& peer, const wire::Get& get,
                          const link::Sender::Answer& answer);
  absl::Status store_sent(const wire::TransferId& id);
  absl::Status send_once(const state::Addressee& to, const wire::Command& command);
  absl::StatusOr<trust::Arrival> arrival_of(const wire::Peer& peer) const;
  absl::StatusOr<trust::Officer> officer_of(const wire::Peer& peer,
                                            const trust::Arrival& arrival) const;
  void give_files_back();
  void send_due(const wire::Peer& peer, link::ReliableOut& out);
  void drop(const wire::TransferId& transfer);
  void complain(std::string_view what, const absl::Status& status);
  absl::Status refuse_new_officer(const std::string& mailbox, const absl::Status& why);
  absl::Status refuse_more(const std::string& agency, const absl::Status& why);
  void forget_unknown(std::string_view mailbox);
  void follow_files(const wire::Peer& peer);

  Parts parts_;
  link::GatewayLink* link_ = nullptr;
  link::Sender sender_;
  trust::Strangers strangers_;
  struct Letters {
    link::ReliableOut out;
    std::uint64_t loaded = 0;  // number of the newest that is, or was, in `out`
  };
  std::map<wire::Peer, Letters> letters_;                           // of devices that are known
  std::map<wire::TransferId, std::pair<std::string, int>> served_;  // request and piece
  std::set<wire::TransferId> revoked_;
  std::map<wire::Peer, Duration> replay_answered_;  // steady
  bool suspended_ = false;
  bool store_failed_ = false;                      // said once, not every second
  std::set<std::string> full_;                     // mailboxes; said once, not at every HELLO
  std::map<std::string, Duration> sent_too_many_;  // agencies; when last, steady
};

}  // namespace latchstring::daemon
