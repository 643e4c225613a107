#include "tests/sim/truth.h"

#include <algorithm>

#include "gateway/base/ensure.h"
#include "gateway/base/status.h"
#include "gateway/crypto/hash.h"
#include "gateway/crypto/jws.h"
#include "gateway/link/bitmap.h"
#include "gateway/release/release.h"
#include "gateway/state/rows.h"
#include "gateway/wire/data.h"
#include "gateway/wire/envelope.h"
#include "tests/sim/truth_help.h"

namespace latchstring::sim {

void Truth::set_suspended(bool suspended) {
  if (!suspended) {
    suspended_since_.reset();
  } else if (!suspended_since_) {
    suspended_since_ = clock_.true_now();
  }
}

void Truth::clock_became_right() {
  for (auto& [id, request] : asked) {
    if (!request.terms_from && came_.contains(id)) request.terms_from = clock_.true_now();
    if (!request.answered && request.was_answered) request.answered = clock_.true_now();
  }
}

void Truth::came(const std::string& request) {
  const auto found = asked.find(request);
  if (found == asked.end()) return;
  came_.insert(request);
  if (clock_.right && !found->second.terms_from) found->second.terms_from = clock_.true_now();
}

void Truth::check_letter(store::Database& database, const wire::Peer& peer, const Bytes& sealed) {
  if (database.in_transaction()) {
    throw Violation("nothing leaves before it is committed", "a letter in a transaction");
  }
  const auto officer = std::find_if(world_.officers.begin(), world_.officers.end(),
                                    [&](const auto& one) { return one->peer == peer; });
  ensure(officer != world_.officers.end());
  const std::string hash = crypto::sha256_hex(as_text(sealed));
  if (!seen_.insert(hash).second) return;  // a repeat of what was looked at
  const auto control = wire::open_control(sealed, (*officer)->identity, world_.gateway.verify_key(),
                                          (*officer)->thumbprint, clock_.true_now());
  if (!control.ok()) {
    throw Violation("every letter opens for its officer", message_of(control.status()));
  }
  if (control->seq != 0) {
    const auto [known, added] = letters_.try_emplace({peer, control->seq}, hash);
    if (!added && known->second != hash) {
      throw Violation("a repeat has the same bytes", fmt::format("letter {}", control->seq));
    }
  }
  if (const auto* notice = std::get_if<wire::Notice>(&control->command)) {
    check_notice(database, *notice);
  } else if (const auto* offer = std::get_if<wire::Offer>(&control->command)) {
    check_offer(database, *offer, **officer);
  }
}

void Truth::check_notice(store::Database& database, const wire::Notice& notice) {
  const auto jws =
      crypto::verify_jws(notice.decision, wire::kTypDecision, world_.gateway.verify_key());
  ensure(jws.ok());
  const auto decision = wire::decode_decision(jws->payload);
  ensure(decision.ok());
  Asked& request = asked.at(decision->request_id);
  if (leaves_about(database, decision->request_id, "request", decision->state) == 0) {
    throw Violation("every answer is in the ledger before it is sent",
                    fmt::format("`{}` of {}", decision->state, decision->request_id));
  }
  const auto [known, added] = request.notices.try_emplace(decision->state, notice.decision);
  if (!added && known->second != notice.decision) {
    throw Violation("one distinct content per request and state",
                    fmt::format("`{}` of {}", decision->state, decision->request_id));
  }
  if (decision->state == "received") {
    request.was_answered = true;
    if (clock_.right && !request.answered) request.answered = clock_.true_now();
    return;
  }
  if (added && request.answered &&
      clock_.true_now() > *request.answered + kAnswersAfter + kClosedWithin) {
    throw Violation("closed is sent at its due time", decision->request_id);
  }
  if (decision->state == "closed" &&
      (!request.terms_from || clock_.true_now() < *request.terms_from + kAnswersAfter)) {
    throw Violation("closed is never sent before its due time", decision->request_id);
  }
}

void Truth::check_offer(store::Database& database, const wire::Offer& offer,
                        const OfficerKeys& officer) {
  const auto gift = gifts.find(offer.request_id);
  const bool theirs = gift == gifts.end() ? asked.at(offer.request_id).officer == &officer
                                          : gift->second.subject.agency == officer.agency->id;
  if (!theirs) throw Violation("an offer goes to whom it is for", offer.request_id);
  if (leaves_about(database, offer.request_id, "release_commit",
                   crypto::sha256_hex(offer.delivery)) != 1) {
    throw Violation("every answer is in the ledger before it is sent",
                    fmt::format("an offer of {}", offer.request_id));
  }
}

void Truth::check_chunk(store::Database& database, const std::string& transfer,
                        std::uint64_t index) {
  bool found = false;
  ensure(database
             .query("SELECT t.request, t.piece, t.chunks, t.revoked, p.state, p.expires"
                    " FROM transfers t JOIN pieces p ON p.request = t.request AND p.number = "
                    "t.piece WHERE t.id = ?",
                    {transfer},
                    [&](const store::Row& row) {
                      found = true;
                      check_chunk_row(database, row, transfer, index);
                      return absl::OkStatus();
                    })
             .ok());
  if (!found) throw Violation("no chunk leaves that is not on offer", transfer);
}

void Truth::check_chunk_row(store::Database& database, const store::Row& row,
                            const std::string& transfer, std::uint64_t index) {
  const auto id = row.get<std::string>(0);
  const auto chunks = static_cast<std::uint64_t>(row.get<std::int64_t>(2));
  if (row.get<bool>(3) || row.get<std::string>(4) != "offered") {
    throw Violation("no chunk leaves that is not on offer", id);
  }
  if (clock_.right && clock_.true_now() >= state::from_micros(row.get<std::int64_t>(5))) {
    throw Violation("no chunk leaves after its offer expired", id);
  }
  if (suspended_since_ && clock_.true_now() > *suspended_since_ + kSuspendedWithin) {
    throw Violation("nothing leaves while sharing is suspended", id);
  }
  check_permitted(id, row.get<int>(1), "a chunk leaves");
  if (leaves_about(database, id, "release_commit", "") == 0) {
    throw Violation("every answer is in the ledger before it is sent", id);
  }
  if (index + 1 != chunks) return;
  last_left.insert(transfer);
  check_all_others_marked(database, id, row.get<int>(1));
}

// Of all files of the piece.
void Truth::check_all_others_marked(store::Database& database, const std::string& request,
                                    int piece) {
  const auto check = [&](const store::Row& row) {
    const auto chunks = static_cast<std::uint64_t>(row.get<std::int64_t>(0));
    const auto sent = link::Bitmap::from_bytes(chunks, row.get<Bytes>(1));
    ensure(sent.ok());
    if (sent->first_clear() < chunks - 1) {
      throw Violation("the last index leaves after all others were marked",
                      fmt::format("{}: {} of {} are", request, sent->count(), chunks));
    }
    return absl::OkStatus();
  };
  ensure(database
             .query("SELECT chunks, sent FROM transfers WHERE request = ? AND piece = ?",
                    {request, piece}, check)
             .ok());
}

void Truth::check_step(state::Docket& docket, const state::Step& step) {
  for (const state::Effect& effect : step.effects) {
    const auto* offer = std::get_if<release::effect::Offer>(&effect.effect);
    if (offer == nullptr) continue;
    const auto stored = docket.find(effect.request);
    ensure(stored.ok());
    for (const release::Piece& piece : stored->state.pieces) {
      if (piece.number == offer->piece) check_release(*stored, piece);
    }
  }
}

void Truth::check_release(const state::StoredRequest& stored, const release::Piece& piece) {
  const std::string& id = stored.state.subject.id;
  if (paused || rules == nullptr || !clock_.right) {
    throw Violation("nothing is offered while something blocks", id);
  }
  const auto gift = gifts.find(id);
  const std::optional<Instant> due =
      gift != gifts.end()     ? gift->second.subject.received + release::kGiftWaits
      : asked.at(id).answered ? std::optional(*asked.at(id).answered + kAnswersAfter)
                              : std::nullopt;
  if (due && clock_.true_now() >= *due) {
    throw Violation("nothing is offered after the due time", id);
  }
  check_permitted(id, piece.number, "an offer");
  check_receiver(stored, made.at({id, piece.number}));
  if (!stored.state.subject.agency.empty()) check_quota(stored.state.subject.agency, piece);
}

// By the people of this world, not by what the gateway stored: who asked, or for a gift an officer
// of its agency, the one that it is offered to.
void Truth::check_receiver(const state::StoredRequest& stored, const Made& what) const {
  const release::Subject& subject = stored.state.subject;
  std::vector<std::string> wanted;
  for (const auto& officer : world_.officers) {
    const bool is_it = subject.is_gift
                           ? officer->peer == stored.origin.peer &&
                                 officer->agency->id == gifts.at(subject.id).subject.agency
                           : asked.at(subject.id).officer == officer.get();
    if (is_it) wanted.push_back(officer->identity.recipient().text());
  }
  if (what.recipients != wanted) {
    throw Violation("what leaves opens for its receiver alone", subject.id);
  }
}

// By the household's calendar: the test's own sums.
void Truth::check_quota(const std::string& agency, const release::Piece& piece) {
  std::vector<Given>& given = given_[agency];
  given.push_back({clock_.true_now(), piece.footage.length()});
  const Instant month = policy::calendar_month(*world_.rules, clock_.true_now()).from;
  int clips = 0;
  Duration time{0};
  for (const Given& one : given) {
    if (one.at < month) continue;
    ++clips;
    time += one.length;
  }
  if (clips > kClipsPerMonth || time > kTimePerMonth) {
    throw Violation("quotas are never exceeded", fmt::format("{} clips of {}", clips, agency));
  }
}

void Truth::check_is_asked(const std::string& id, const Made& what) const {
  if (const auto gift = gifts.find(id); gift != gifts.end()) {
    const release::Subject& given = gift->second.subject;
    if (what.footage != given.footage || what.camera != given.cameras.front()) {
      throw Violation("a gift is exactly what was given", id);
    }
    return;
  }
  const wire::Request& request = asked.at(id).request;
  if (!request.footage.contains(what.footage) ||
      std::count(request.cameras.begin(), request.cameras.end(), what.camera) == 0) {
    throw Violation("what is released lies inside what was asked", id);
  }
}

policy::Decision Truth::judge(const std::string& id, const std::string& camera,
                              const Interval& footage) const {
  if (const auto gift = gifts.find(id); gift != gifts.end()) {
    return judge_gift(gift->second, footage);
  }
  const Asked& request = asked.at(id);
  policy::Question question;
  question.agency = request.officer->agency->id;
  question.officer = request.officer->peer.device;
  question.camera = camera;
  question.purpose = request.request.purpose;
  question.footage = footage;
  question.received = clock_.true_now();
  policy::Facts facts;
  facts.now = clock_.true_now();
  return policy::decide(*rules, question, facts);
}

// The rules in force and the answers given, judged anew and apart from what the gateway stored:
// each instant of what was made must be permitted.
void Truth::check_permitted(const std::string& id, int piece, std::string_view when) {
  const Agreed& residents = agreed(id);
  if (residents.taken_back) {
    throw Violation("nothing leaves after a resident took it back",
                    fmt::format("{} of {}", when, id));
  }
  const Made& what = made.at({id, piece});
  check_is_asked(id, what);
  if (rules == nullptr) return;  // suspended: judged by its own invariant
  const policy::Decision decision = judge(id, what.camera, what.footage);
  const policy::Approval asks = strictest_of(decision);
  const std::size_t yes = residents.said_yes.size();
  if (yes < needed_for(asks, *rules)) {
    throw Violation(
        "no byte leaves without a permitting rule and the residents' yes",
        fmt::format("{} of {}: {}, {} said yes", when, id, policy::to_string(asks), yes));
  }
  for (const policy::Piece& stretch : decision.pieces) {
    if (stretch.redact.contains("hedge") && !what.hides_hedge) {
      throw Violation("what leaves hides what the rules demand", fmt::format("{} of {}", when, id));
    }
  }
}

}  // namespace latchstring::sim
