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

namespace latchstring::sim {
namespace {

std::int64_t leaves_about(store::Database& database, std::string_view id, std::string_view event,
                          std::string_view part) {
  const auto count = database.one<std::int64_t>(
      "SELECT count(*) FROM ledger_about a JOIN ledger_leaf l ON l.idx = a.leaf WHERE a.id = ?"
      " AND instr(l.line, '\"event\":\"' || ? || '\"') > 0 AND instr(l.line, ?) > 0",
      {id, event, part});
  ensure(count.ok());
  return *count;
}

}  // namespace

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
    check_offer(database, *offer);
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

void Truth::check_offer(store::Database& database, const wire::Offer& offer) {
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
             .query("SELECT t.request, t.piece, t.chunks, t.sent, t.revoked, p.state, p.expires,"
                    " p.camera, p.footage_from, p.footage_to FROM transfers t JOIN pieces p"
                    " ON p.request = t.request AND p.number = t.piece WHERE t.id = ?",
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
  if (row.get<bool>(4) || row.get<std::string>(5) != "offered") {
    throw Violation("no chunk leaves that is not on offer", id);
  }
  if (clock_.right && clock_.true_now() >= state::from_micros(row.get<std::int64_t>(6))) {
    throw Violation("no chunk leaves after its offer expired", id);
  }
  if (suspended_since_ && clock_.true_now() > *suspended_since_ + kSuspendedWithin) {
    throw Violation("nothing leaves while sharing is suspended", id);
  }
  release::Piece piece;
  piece.number = row.get<int>(1);
  piece.camera = row.get<std::string>(7);
  piece.footage = {state::from_micros(row.get<std::int64_t>(8)),
                   state::from_micros(row.get<std::int64_t>(9))};
  check_permitted(id, piece, "a chunk leaves");
  if (leaves_about(database, id, "release_commit", "") == 0) {
    throw Violation("every answer is in the ledger before it is sent", id);
  }
  if (index + 1 != chunks) return;
  last_left.insert(transfer);
  const auto sent = link::Bitmap::from_bytes(chunks, row.get<Bytes>(3));
  ensure(sent.ok());
  if (sent->first_clear() < chunks - 1) {
    throw Violation("the last index leaves after all others were marked",
                    fmt::format("{}: {} of {} are", id, sent->count(), chunks));
  }
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
  const Asked& request = asked.at(id);
  if (request.answered && clock_.true_now() >= *request.answered + kAnswersAfter) {
    throw Violation("nothing is offered after the due time", id);
  }
  check_permitted(id, piece, "an offer");
  const Interval& asked_for = request.request.footage;
  if (!asked_for.contains(piece.footage)) {
    throw Violation("what is released lies inside what was asked", id);
  }
  check_quota(stored.state.subject.agency, piece);
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

// The rules in force and the answers given, judged anew and apart from what the gateway stored.
void Truth::check_permitted(const std::string& id, const release::Piece& piece,
                            std::string_view when) {
  const Asked& request = asked.at(id);
  if (request.taken_back) {
    throw Violation("nothing leaves after a resident took it back",
                    fmt::format("{} of {}", when, id));
  }
  if (rules == nullptr) return;  // suspended: judged by its own invariant
  policy::Question question;
  question.agency = request.officer->agency->id;
  question.officer = request.officer->peer.device;
  question.camera = piece.camera;
  question.purpose = request.request.purpose;
  question.footage = piece.footage;
  question.received = clock_.true_now();
  policy::Facts facts;
  facts.now = clock_.true_now();
  const policy::Decision decision = policy::decide(*rules, question, facts);
  const policy::Approval asks = decision.overall();
  const std::size_t yes = request.said_yes.size();
  const std::size_t needed = asks == policy::Approval::automatic ? 0
                             : asks == policy::Approval::ask_one ? 1
                                                                 : rules->residents.size();
  if (asks == policy::Approval::refuse || yes < needed) {
    throw Violation(
        "no byte leaves without a permitting rule and the residents' yes",
        fmt::format("{} of {}: {}, {} said yes", when, id, policy::to_string(asks), yes));
  }
  for (const policy::Piece& stretch : decision.pieces) {
    if (stretch.redact.contains("hedge") && !hides_hedge.contains({id, piece.number})) {
      throw Violation("what leaves hides what the rules demand", fmt::format("{} of {}", when, id));
    }
  }
}

}  // namespace latchstring::sim
