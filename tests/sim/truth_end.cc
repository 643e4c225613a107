// What must hold of the database as a whole: at every start, and when everything has ended.
#include "gateway/base/ensure.h"
#include "gateway/base/status.h"
#include "gateway/state/rows.h"
#include "tests/sim/truth.h"

namespace latchstring::sim {
namespace {

std::int64_t count(store::Database& database, std::string_view sql, store::Params params = {}) {
  const auto found = database.one<std::int64_t>(sql, params);
  ensure(found.ok());
  return *found;
}

}  // namespace

// Each yes of a resident is in the ledger once, with who said it in the household's own record.
void Truth::check_approvals(store::Database& database) {
  for (const auto& [id, request] : asked) {
    for (const auto& [resident, times] : request.said_yes) {
      const std::int64_t written =
          count(database,
                "SELECT count(*) FROM ledger_about a JOIN ledger_leaf l ON l.idx = a.leaf JOIN"
                " ledger_detail d ON d.leaf = l.idx WHERE a.id = ? AND d.record = ?"
                " AND instr(l.line, '\"event\":\"approval\"') > 0 AND instr(l.line, '\"yes\"') > 0",
                {id, resident});
      if (written > 1) {
        throw Violation("a resident's yes counts once",
                        fmt::format("{} of {}: {} times", resident, id, written));
      }
    }
  }
}

void Truth::check_closed(store::Database& database) {
  for (const auto& [id, request] : asked) {
    if (!came_.contains(id)) continue;
    const auto times = count(
        database,
        "SELECT count(*) FROM ledger_about a JOIN ledger_leaf l ON l.idx = a.leaf WHERE a.id = ?"
        " AND instr(l.line, '\"event\":\"request\"') > 0"
        " AND instr(l.line, '\"state\":\"closed\"') > 0",
        {id});
    const auto known = count(database, "SELECT count(*) FROM requests WHERE id = ?", {id});
    if (times != known) {
      throw Violation("closed is sent exactly once", fmt::format("{}: {} times", id, times));
    }
  }
}

void Truth::check_end(store::Database& database, state::Docket& docket) {
  check_approvals(database);
  check_closed(database);
  if (const absl::Status sound = database.check(); !sound.ok()) {
    throw Violation("the database is sound", message_of(sound));
  }
  const auto newest = docket.newest(state::kListMax);
  ensure(newest.ok());
  for (const state::StoredRequest& stored : *newest) {
    if (stored.state.phase == release::Phase::ended) continue;
    throw Violation("everything ends", fmt::format("{} is {}", stored.state.subject.id,
                                                   release::to_string(stored.state.phase)));
  }
  if (count(database, "SELECT count(*) FROM outgoing") != 0) {
    throw Violation("everything ends", "letters are still unacknowledged");
  }
  if (count(database, "SELECT count(*) FROM transfers WHERE revoked = 0") != 0) {
    throw Violation("everything ends", "files are still on offer");
  }
}

}  // namespace latchstring::sim
