#include "gateway/state/rows.h"

#include <array>

#include "gateway/base/status.h"

namespace latchstring::state {
namespace {

using policy::Approval;

constexpr std::array kApprovals{Approval::refuse, Approval::ask_all, Approval::ask_one,
                                Approval::automatic};
constexpr std::array kBases{policy::Basis::consent, policy::Basis::warrant,
                            policy::Basis::emergency, policy::Basis::preservation};

template <class Values, class Value>
absl::Status read_word(const Values& values, std::string_view word, Value& out) {
  for (const auto value : values) {
    if (policy::to_string(value) == word) {
      out = value;
      return absl::OkStatus();
    }
  }
  return data_loss("the state database holds the unknown word `{}`", word);
}

absl::Status load_head(store::Database& database, std::string_view id, StoredRequest& out,
                       bool& found) {
  return database.query(
      "SELECT agency, officer, badge, mailbox, device, recipients, compact, sha256, credential,"
      " basis, purpose, case_number, title, description, contact, cameras, footage_from,"
      " footage_to, want_audio, want_native, received, dates_pending, phase, outcome, answer_by,"
      " close_at, closed_sent, decision_leaf, gift, area FROM requests WHERE id = ?",
      {id}, [&](const store::Row& row) -> absl::Status {
        found = true;
        int column = 0;
        const auto text = [&] { return row.get<std::string>(column++); };
        const auto number = [&] { return row.get<std::int64_t>(column++); };
        release::Subject& subject = out.state.subject;
        Origin& origin = out.origin;
        subject.id = std::string(id);
        subject.agency = text();
        origin.officer = text();
        subject.officer = text();
        origin.peer.mailbox = text();
        origin.peer.device = text();
        origin.recipients = split_lines(text());
        origin.compact = text();
        origin.sha256 = text();
        origin.credential = text();
        LS_RETURN_IF_ERROR(read_word(kBases, text(), subject.basis));
        subject.purpose = text();
        origin.case_number = text();
        origin.title = text();
        origin.description = text();
        origin.contact = text();
        subject.cameras = split_lines(text());
        subject.footage.from = from_micros(number());
        subject.footage.to = from_micros(number());
        subject.want_audio = number() != 0;
        subject.want_native = number() != 0;
        subject.received = from_micros(number());
        origin.dates_pending = number() != 0;
        LS_ASSIGN(out.state.phase, release::phase_from(text()));
        out.state.outcome = text();
        out.state.answer_by = from_micros(number());
        out.state.close_at = from_micros(number());
        out.state.closed_sent = number() != 0;
        origin.decision_leaf = text();
        subject.is_gift = number() != 0;
        if (const std::string area = text(); !area.empty()) {
          LS_ASSIGN(subject.area, area_from(area));
        }
        return absl::OkStatus();
      });
}

absl::Status load_pieces(store::Database& database, release::State& state) {
  return database.query(
      "SELECT number, camera, footage_from, footage_to, approval, state, expires, reason, hidden"
      " FROM pieces WHERE request = ? ORDER BY number",
      {state.subject.id}, [&](const store::Row& row) -> absl::Status {
        release::Piece piece;
        piece.number = row.get<int>(0);
        piece.camera = row.get<std::string>(1);
        piece.footage = {from_micros(row.get<std::int64_t>(2)),
                         from_micros(row.get<std::int64_t>(3))};
        LS_RETURN_IF_ERROR(read_word(kApprovals, row.get<std::string>(4), piece.approval));
        LS_ASSIGN(piece.state, release::piece_state_from(row.get<std::string>(5)));
        piece.expires = from_micros(row.get<std::int64_t>(6));
        piece.reason = row.get<std::string>(7);
        piece.hidden = split_lines(row.get<std::string>(8));
        state.pieces.push_back(std::move(piece));
        return absl::OkStatus();
      });
}

absl::Status load_answers(store::Database& database, release::State& state) {
  return database.query("SELECT resident, yes, at FROM answers WHERE request = ? ORDER BY at",
                        {state.subject.id}, [&](const store::Row& row) {
                          state.answers.push_back({row.get<std::string>(0), row.get<bool>(1),
                                                   from_micros(row.get<std::int64_t>(2))});
                          return absl::OkStatus();
                        });
}

// Not over. Said so that the index serves: rows are many and large, and this is asked every second.
constexpr std::string_view kOpen =
    "(phase < 'ended' OR phase > 'ended' OR (phase = 'ended' AND closed_sent = 0))";
constexpr std::string_view kNotEnded = "(phase < 'ended' OR phase > 'ended')";

absl::StatusOr<std::vector<std::string>> ids(store::Database& database, std::string_view sql,
                                             store::Params params) {
  std::vector<std::string> out;
  LS_RETURN_IF_ERROR(database.query(sql, params, [&](const store::Row& row) {
    out.push_back(row.get<std::string>(0));
    return absl::OkStatus();
  }));
  return out;
}

}  // namespace

std::int64_t to_micros(Instant instant) {
  return instant.time_since_epoch().count();
}
Instant from_micros(std::int64_t micros) {
  return Instant{Duration{micros}};
}

std::string join_lines(const std::vector<std::string>& list) {
  return fmt::format("{}", fmt::join(list, "\n"));
}

std::vector<std::string> split_lines(std::string_view text) {
  std::vector<std::string> out;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    out.emplace_back(text.substr(0, end));
    text = end == std::string_view::npos ? std::string_view{} : text.substr(end + 1);
  }
  return out;
}

absl::Status insert_request(store::Database& database, const StoredRequest& request) {
  const release::Subject& subject = request.state.subject;
  const Origin& origin = request.origin;
  return database.run(
      "INSERT INTO requests (id, agency, officer, badge, mailbox, device, recipients, compact,"
      " sha256, credential, basis, purpose, case_number, title, description, contact, cameras,"
      " footage_from, footage_to, want_audio, want_native, received, dates_pending, gift,"
      " area, phase, outcome, answer_by, close_at, closed_sent, decision_leaf)"
      " VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,'',0,0,0,'')",
      {subject.id,
       subject.agency,
       origin.officer,
       subject.officer,
       origin.peer.mailbox,
       origin.peer.device,
       join_lines(origin.recipients),
       origin.compact,
       origin.sha256,
       origin.credential,
       policy::to_string(subject.basis),
       subject.purpose,
       origin.case_number,
       origin.title,
       origin.description,
       origin.contact,
       join_lines(subject.cameras),
       to_micros(subject.footage.from),
       to_micros(subject.footage.to),
       subject.want_audio,
       subject.want_native,
       to_micros(subject.received),
       origin.dates_pending,
       subject.is_gift,
       subject.area ? to_text(*subject.area) : std::string(),
       release::to_string(request.state.phase)});
}

absl::StatusOr<StoredRequest> load_request(store::Database& database, std::string_view id) {
  StoredRequest out;
  bool found = false;
  LS_RETURN_IF_ERROR(load_head(database, id, out, found));
  if (!found) return not_found("there is no request `{}`", id.substr(0, 64));
  LS_RETURN_IF_ERROR(load_pieces(database, out.state));
  LS_RETURN_IF_ERROR(load_answers(database, out.state));
  return out;
}

absl::Status save_state(store::Database& database, const release::State& state) {
  LS_RETURN_IF_ERROR(database.run(
      "UPDATE requests SET phase = ?, outcome = ?, answer_by = ?, close_at = ?, closed_sent = ?"
      " WHERE id = ?",
      {release::to_string(state.phase), state.outcome, to_micros(state.answer_by),
       to_micros(state.close_at), state.closed_sent, state.subject.id}));
  for (const release::Piece& piece : state.pieces) {
    LS_RETURN_IF_ERROR(database.run(
        "INSERT INTO pieces (request, number, camera, footage_from, footage_to, approval, state,"
        " expires, reason, hidden) VALUES (?,?,?,?,?,?,?,?,?,?) ON CONFLICT (request, number)"
        " DO UPDATE SET approval = excluded.approval, state = excluded.state,"
        " expires = excluded.expires, reason = excluded.reason, hidden = excluded.hidden",
        {state.subject.id, piece.number, piece.camera, to_micros(piece.footage.from),
         to_micros(piece.footage.to), policy::to_string(piece.approval),
         release::to_string(piece.state), to_micros(piece.expires), piece.reason,
         join_lines(piece.hidden)}));
  }
  for (const release::Answer& answer : state.answers) {
    LS_RETURN_IF_ERROR(database.run(
        "INSERT INTO answers VALUES (?,?,?,?) ON CONFLICT (request, resident) DO UPDATE SET"
        " yes = excluded.yes, at = excluded.at",
        {state.subject.id, answer.resident, answer.yes, to_micros(answer.at)}));
  }
  return absl::OkStatus();
}

absl::Status save_decision_leaf(store::Database& database, std::string_view id,
                                std::string_view sha256) {
  return database.run("UPDATE requests SET decision_leaf = ? WHERE id = ?", {sha256, id});
}

absl::Status save_addressee(store::Database& database, std::string_view id, const Origin& origin,
                            std::string_view badge) {
  return database.run(
      "UPDATE requests SET officer = ?, badge = ?, mailbox = ?, device = ?, recipients = ?,"
      " credential = ? WHERE id = ? AND gift = 1",
      {origin.officer, badge, origin.peer.mailbox, origin.peer.device,
       join_lines(origin.recipients), origin.credential, id});
}

absl::StatusOr<std::vector<std::string>> unmade_gift_ids(store::Database& database,
                                                         std::string_view agency) {
  return ids(database,
             "SELECT r.id FROM requests r JOIN pieces p ON p.request = r.id WHERE r.gift = 1"
             " AND r.agency = ? AND r.phase != 'ended' AND p.state = 'working' ORDER BY r.received",
             {agency});
}

absl::StatusOr<std::vector<std::string>> unfinished_request_ids(store::Database& database) {
  return ids(
      database,
      fmt::format("SELECT id FROM requests r WHERE {} AND (phase = 'received' OR"
                  " ((gift = 0 OR agency = '' OR officer != '') AND EXISTS (SELECT 1 FROM pieces p"
                  " WHERE p.request = r.id AND (p.state = 'working' OR (p.state = 'waiting' AND"
                  " EXISTS (SELECT 1 FROM answers a WHERE a.request = r.id AND a.yes = 1))))))"
                  " ORDER BY received",
                  kNotEnded),
      {});
}

absl::StatusOr<std::vector<std::string>> open_request_ids(store::Database& database) {
  return ids(database, fmt::format("SELECT id FROM requests WHERE {} ORDER BY received", kOpen),
             {});
}

absl::StatusOr<std::vector<std::string>> due_request_ids(store::Database& database, Instant now) {
  return ids(database,
             fmt::format("SELECT id FROM requests WHERE {} AND ("
                         " (closed_sent = 0 AND close_at <= ?1) OR"
                         " (phase = 'asking' AND answer_by <= ?1) OR"
                         " EXISTS (SELECT 1 FROM pieces p WHERE p.request = id AND p.state ="
                         " 'offered' AND p.expires <= ?1)) ORDER BY received",
                         kOpen),
             {to_micros(now)});
}

absl::StatusOr<std::vector<std::string>> offering_request_ids(store::Database& database) {
  return ids(database,
             "SELECT id FROM requests r WHERE EXISTS (SELECT 1 FROM pieces p WHERE p.request = r.id"
             " AND p.state = 'offered') ORDER BY received",
             {});
}

absl::StatusOr<int> next_clip_of(store::Database& database, std::string_view request) {
  return database.one<int>("SELECT count(*) + 1 FROM pieces WHERE request = ? AND committed != 0",
                           {request});
}

absl::StatusOr<std::map<int, int>> clips_of(store::Database& database, std::string_view request) {
  std::map<int, int> clips;
  LS_RETURN_IF_ERROR(database.query("SELECT piece, clip FROM deliveries WHERE request = ?",
                                    {request}, [&](const store::Row& row) {
                                      clips[row.get<int>(0)] = row.get<int>(1);
                                      return absl::OkStatus();
                                    }));
  return clips;
}

absl::StatusOr<std::vector<std::string>> newest_request_ids(store::Database& database,
                                                            std::size_t limit) {
  return ids(database, "SELECT id FROM requests ORDER BY received DESC LIMIT ?", {limit});
}

absl::StatusOr<std::multimap<int, KeptReceipt>> receipts_of(store::Database& database,
                                                            std::string_view request) {
  std::multimap<int, KeptReceipt> receipts;
  LS_RETURN_IF_ERROR(database.query(
      "SELECT piece, part, receipt, delete_after FROM deliveries WHERE request = ?"
      " AND receipt != '' ORDER BY piece, part",
      {request}, [&](const store::Row& row) {
        receipts.emplace(row.get<int>(0), KeptReceipt{row.get<int>(1), row.get<std::string>(2),
                                                      from_micros(row.get<std::int64_t>(3))});
        return absl::OkStatus();
      }));
  return receipts;
}

absl::Status forget_yes_of(store::Database& database, std::string_view resident) {
  return database.run(
      "DELETE FROM answers WHERE resident = ? AND yes = 1 AND EXISTS"
      " (SELECT 1 FROM requests r WHERE r.id = answers.request AND r.phase != ?)",
      {resident, release::to_string(release::Phase::ended)});
}

absl::StatusOr<int> count_open_of(store::Database& database, std::string_view agency,
                                  std::string_view except) {
  return database.one<int>(
      "SELECT count(*) FROM requests r WHERE agency = ? AND id != ? AND gift = 0"
      " AND closed_sent = 0 AND outcome NOT IN ('cancelled', 'not judged') AND NOT EXISTS"
      " (SELECT 1 FROM pieces p WHERE p.request = r.id AND p.committed != 0)",
      {agency, except});
}

absl::StatusOr<int> count_received_in(store::Database& database, std::string_view agency,
                                      const Interval& time) {
  return database.one<int>(
      "SELECT count(*) FROM requests WHERE agency = ? AND received >= ? AND received < ?"
      " AND gift = 0",
      {agency, to_micros(time.from), to_micros(time.to)});
}

absl::StatusOr<Given> given_since(store::Database& database, std::string_view agency, Instant since,
                                  std::string_view except) {
  Given given;
  LS_RETURN_IF_ERROR(database.query(
      "SELECT count(*), coalesce(sum(p.footage_to - p.footage_from), 0) FROM pieces p"
      " JOIN requests r ON r.id = p.request"
      " WHERE r.agency = ? AND r.id != ? AND p.committed >= ? AND p.committed != 0",
      {agency, except, to_micros(since)}, [&](const store::Row& row) {
        given.clips = row.get<int>(0);
        given.time = Duration{row.get<std::int64_t>(1)};
        return absl::OkStatus();
      }));
  return given;
}

absl::StatusOr<std::map<std::string, Given>> given_by_camera(store::Database& database,
                                                             std::string_view request,
                                                             Instant since) {
  std::map<std::string, Given> given;
  LS_RETURN_IF_ERROR(database.query(
      "SELECT camera, count(*), sum(footage_to - footage_from) FROM pieces"
      " WHERE request = ? AND committed >= ? AND committed != 0 GROUP BY camera",
      {request, to_micros(since)}, [&](const store::Row& row) {
        given[row.get<std::string>(0)] = {row.get<int>(1), Duration{row.get<std::int64_t>(2)}};
        return absl::OkStatus();
      }));
  return given;
}

}  // namespace latchstring::state
