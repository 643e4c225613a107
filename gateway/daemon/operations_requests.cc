// request.*, pause, resume.
#include <algorithm>

#include "gateway/base/status.h"
#include "gateway/daemon/operations.h"
#include "gateway/daemon/receipts.h"
#include "gateway/wire/data.h"
#include "policy/analysis/analysis.h"

namespace latchstring::daemon {
namespace {

using control::Reply;
using control::Request;
using state::StoredRequest;

constexpr std::size_t kListRoom = 256;  // bytes of a list's line beside its rows

void instant(json::Writer& out, std::string_view name, Instant value) {
  if (value != Instant{}) out.string(name, to_rfc3339(value));
}

// Control characters of a stranger's words become spaces: they end up on a terminal.
std::string harmless(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = ' ';
  }
  return out;
}

void write_head(const StoredRequest& request, json::Writer& out) {
  const release::Subject& subject = request.state.subject;
  out.string("id", subject.id)
      .string("agency", subject.agency)
      .string("officer", subject.officer)
      .optional_string("case_number", harmless(request.origin.case_number))
      .string("basis", policy::to_string(subject.basis))
      .string("purpose", subject.purpose)
      .strings("cameras", subject.cameras)
      .optional_string("area", subject.area ? to_text(*subject.area) : std::string())
      .string("from", to_rfc3339(subject.footage.from))
      .string("to", to_rfc3339(subject.footage.to))
      .string("received", to_rfc3339(subject.received))
      .string("phase", release::to_string(request.state.phase))
      .optional_string("outcome", request.state.outcome);
  instant(out, "answer_by", request.state.answer_by);
  instant(out, "close_at", request.state.close_at);
  out.boolean("gift", subject.is_gift);
}

// Why their yes does not count yet; empty: it does.
std::string why_not_yet(Daemon& daemon, const std::string& resident) {
  return std::string(message_of(state::check_yes_counts(daemon.docket().house(), {resident})));
}

// Beside its rows: what the docket knows of a request, asked once for all of its pieces.
struct Known {
  std::string blocked;                                // why nothing is judged or released now
  std::map<std::string, policy::Decision> decisions;  // by camera, where they still matter
  std::multimap<int, state::KeptReceipt> receipts;    // by piece
  std::map<int, int> clips;                           // by piece
};

template <class T>
T value_or_empty(absl::StatusOr<T> found) {
  return found.ok() ? *std::move(found) : T{};
}

Known look_up(Daemon& daemon, const release::State& request) {
  const state::Docket& docket = daemon.docket();
  const std::string& id = request.subject.id;
  Known known;
  const auto blocked = docket.blocked();
  known.blocked = blocked.ok() ? *blocked : std::string(message_of(blocked.status()));
  const bool is_asked = std::any_of(request.pieces.begin(), request.pieces.end(), release::is_open);
  if (is_asked || request.pieces.empty()) {
    auto decisions = docket.explain(id);
    if (decisions.ok()) {
      known.decisions = *std::move(decisions);
    } else if (known.blocked.empty()) {
      known.blocked = std::string(message_of(decisions.status()));
    }
  }
  known.receipts = value_or_empty(docket.receipts(id));
  known.clips = value_or_empty(docket.clips(id));
  return known;
}

// What is offered of a piece, and how much of it was handed to the broker at least once.
void write_transfer(Daemon& daemon, const std::string& id, int piece, json::Writer& out) {
  const auto transfers = daemon.docket().transfers().of_piece(id, piece);
  if (!transfers.ok() || transfers->empty()) return;
  std::uint64_t size = 0;
  std::uint64_t sent = 0;
  for (const state::Transfer& transfer : *transfers) {
    size += transfer.size;
    std::uint64_t chunks = 0;
    if (const auto stored = link::Bitmap::from_bytes(transfer.chunks, transfer.sent); stored.ok())
      chunks = stored->count();
    // What left in this second is not stored yet.
    if (const auto key = wire::transfer_id_from(transfer.id); key.ok()) {
      const link::Bitmap* now = daemon.post().sender().sent_of(*key);
      if (now != nullptr) chunks = std::max(chunks, now->count());
    }
    sent += std::min(transfer.size, chunks * wire::kChunkBytes);
  }
  out.natural("size_bytes", size).natural("sent_bytes", sent);
}

// What the rules say now of a piece that they can still change.
policy::Piece decision_now(const Known& known, const release::Piece& piece) {
  const auto found = known.decisions.find(piece.camera);
  if (!release::is_open(piece) || found == known.decisions.end()) return {};
  return release::strictest_over(found->second, piece.footage);
}

// In the clip that was made of it, or would be made now. Nothing: neither was, nor is to be.
std::optional<std::set<std::string>> hidden_of(Daemon& daemon, const release::State& request,
                                               const release::Piece& piece,
                                               const policy::Piece& decided) {
  if (!piece.hidden.empty()) return release::hidden_names(piece);
  const auto policies = daemon.docket().house().policies();
  const bool is_judged = release::is_open(piece) && decided.approval != policy::Approval::refuse;
  if (policies.empty() || !is_judged) return std::nullopt;
  return release::hidden_names(request, piece, decided, policies);
}

json::Writer piece_json(Daemon& daemon, const Known& known, const release::State& request,
                        const release::Piece& piece) {
  const std::string& id = request.subject.id;
  json::Writer out;
  const policy::Piece decided = decision_now(known, piece);
  const auto hidden = hidden_of(daemon, request, piece, decided);
  out.integer("piece", piece.number)
      .string("camera", piece.camera)
      .string("from", to_rfc3339(piece.footage.from))
      .string("to", to_rfc3339(piece.footage.to))
      .string("approval", policy::to_string(piece.approval))
      .string("state", release::to_string(piece.state))
      .optional_string("not_judged", !hidden && release::is_open(piece) ? known.blocked : "")
      .strings("rules", decided.rules)
      .strings("reasons", decided.reasons)
      .optional_string("reason", piece.reason);
  if (hidden) out.strings("redact", {hidden->begin(), hidden->end()});
  if (const auto& rules = daemon.rules().current(); rules != nullptr) {
    out.optional_string("model_missing", policy::model_missing(*rules, decided.redact));
  }
  instant(out, "expires", piece.expires);
  if (const auto done = daemon.cuts().progress(id, piece.number)) out.real("progress", *done);
  write_transfer(daemon, id, piece.number, out);
  if (const auto clip = known.clips.find(piece.number); clip != known.clips.end()) {
    out.integer("clip", clip->second);
  }
  return out.objects("receipts", receipts_json(known.receipts, piece.number));
}

// Why nothing of it may be given, by the rules as they are.
std::vector<std::string> reasons_now(const Known& known) {
  if (known.decisions.empty()) {
    if (!known.blocked.empty()) return {"nothing is judged now: " + known.blocked};
    return {"the rules know none of its cameras"};
  }
  std::vector<std::string> reasons;
  for (const auto& [camera, decision] : known.decisions) {
    for (const policy::Piece& piece : decision.pieces) {
      if (piece.approval != policy::Approval::refuse) continue;
      for (const std::string& reason : piece.reasons) {
        std::string line = fmt::format("{}: {}", camera, reason);
        if (std::find(reasons.begin(), reasons.end(), line) == reasons.end()) {
          reasons.push_back(std::move(line));
        }
      }
    }
  }
  return reasons;
}

json::Writer request_json(Daemon& daemon, const StoredRequest& request) {
  json::Writer out;
  write_head(request, out);
  out.optional_string("title", harmless(request.origin.title))
      .optional_string("description", harmless(request.origin.description))
      .optional_string("contact", harmless(request.origin.contact))
      .boolean("want_audio", request.state.subject.want_audio)
      .boolean("want_native", request.state.subject.want_native);
  const Known known = look_up(daemon, request.state);
  if (request.state.phase != release::Phase::ended) out.optional_string("blocked", known.blocked);
  std::vector<json::Writer> pieces;
  for (const release::Piece& piece : request.state.pieces) {
    pieces.push_back(piece_json(daemon, known, request.state, piece));
  }
  std::vector<json::Writer> answers;
  for (const release::Answer& answer : request.state.answers) {
    json::Writer one;
    one.string("resident", answer.resident).boolean("yes", answer.yes);
    instant(one, "at", answer.at);
    if (answer.yes) one.optional_string("not_yet", why_not_yet(daemon, answer.resident));
    answers.push_back(std::move(one));
  }
  if (request.state.pieces.empty() && request.state.phase == release::Phase::ended) {
    out.strings("reasons", reasons_now(known));
  }
  return out.objects("pieces", pieces)
      .objects("answers", answers)
      .strings("waiting_for", waiting_for(daemon, request.state));
}

void show(Daemon& daemon, const std::string& id, const Reply& reply) {
  const auto request = daemon.docket().find(id);
  if (!request.ok()) return reply.fail(request.status());
  reply.ok(request_json(daemon, *request));
}

void list(Daemon& daemon, const Request& asked, const Reply& reply) {
  const auto requests = daemon.docket().newest(state::kListMax);
  if (!requests.ok()) return reply.fail(requests.status());
  std::vector<json::Writer> rows;
  std::size_t bytes = kListRoom;
  bool cut = false;
  for (const StoredRequest& request : *requests) {
    if (asked.arguments.flag("open") && request.state.phase == release::Phase::ended) continue;
    json::Writer row;
    write_head(request, row);
    bytes += row.text().size() + 1;
    cut = bytes > control::kLineMax;
    if (cut) break;
    rows.push_back(std::move(row));
  }
  json::Writer list;
  list.objects("requests", rows);
  if (cut) list.boolean("cut", true);
  reply.ok(list);
}

enum class Needs : std::uint8_t { all_of_them, one };

// A yes counts for each resident who gives it; one no, or one revocation, is enough.
void say(Daemon& daemon, Request& asked, const Reply& reply, Needs needs,
         const std::function<release::Event(std::string resident)>& event) {
  const std::string id = asked.arguments.text("id");
  if (const auto known = daemon.docket().find(id); !known.ok()) return reply.fail(known.status());
  authenticate(daemon, std::move(asked.pins), reply,
               [&daemon, id, reply, needs, event](std::vector<std::string> residents) {
                 if (needs == Needs::one) residents.resize(1);
                 std::vector<release::Event> events;
                 for (const std::string& resident : residents) events.push_back(event(resident));
                 auto step = daemon.docket().apply_all(id, events);
                 if (!step.ok()) return reply.fail(step.status());
                 daemon.perform(*std::move(step));
                 show(daemon, id, reply);
               });
}

void pause_or_resume(Daemon& daemon, Request& asked, const Reply& reply, bool pause) {
  authenticate(daemon, std::move(asked.pins), reply,
               [&daemon, reply, pause](const std::vector<std::string>& residents) {
                 const absl::Status done = pause ? daemon.docket().pause(residents.front())
                                                 : daemon.docket().resume(residents);
                 if (!done.ok()) return reply.fail(done);
                 daemon.reconsider();
                 reply.ok(json::Writer().object("sharing", sharing_of(daemon)));
               });
}

}  // namespace

std::vector<std::string> waiting_for(Daemon& daemon, const release::State& request) {
  if (request.phase != release::Phase::asking) return {};
  const release::Household household = state::household_of(daemon.docket().house());
  const bool asks =
      std::any_of(request.pieces.begin(), request.pieces.end(), [&](const release::Piece& piece) {
        return piece.state == release::PieceState::waiting &&
               !release::is_approved(piece.approval, request.answers, household);
      });
  std::set<std::string> left = asks ? household.all() : std::set<std::string>();
  for (const release::Answer& answer : request.answers) left.erase(answer.resident);
  return {left.begin(), left.end()};
}

void add_request_operations(Daemon& daemon, control::Handlers& handlers) {
  handlers["request.list"] = [&daemon](Request& asked, const Reply& reply) {
    list(daemon, asked, reply);
  };
  handlers["request.show"] = [&daemon](Request& asked, const Reply& reply) {
    show(daemon, asked.arguments.text("id"), reply);
  };
  handlers["request.approve"] = [&daemon](Request& asked, const Reply& reply) {
    say(daemon, asked, reply, Needs::all_of_them, [](std::string resident) {
      return release::event::Answered{std::move(resident), true};
    });
  };
  handlers["request.refuse"] = [&daemon](Request& asked, const Reply& reply) {
    say(daemon, asked, reply, Needs::one, [](std::string resident) {
      return release::event::Answered{std::move(resident), false};
    });
  };
  handlers["request.revoke"] = [&daemon](Request& asked, const Reply& reply) {
    say(daemon, asked, reply, Needs::one,
        [](std::string resident) { return release::event::Revoked{std::move(resident)}; });
  };
  handlers["pause"] = [&daemon](Request& asked, const Reply& reply) {
    pause_or_resume(daemon, asked, reply, true);
  };
  handlers["resume"] = [&daemon](Request& asked, const Reply& reply) {
    pause_or_resume(daemon, asked, reply, false);
  };
}

}  // namespace latchstring::daemon
