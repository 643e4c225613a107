// What must hold of the database as a whole: at every start, and when everything has ended.
#include "gateway/base/ensure.h"
#include "gateway/base/status.h"
#include "gateway/state/rows.h"
#include "tests/sim/truth.h"
#include "tests/sim/truth_help.h"

namespace latchstring::sim {
// Each yes of a resident is in the ledger once, with who said it in the household's own record.
void Truth::check_approvals(store::Database& database) {
  const auto written = [&database](const std::string& id, const std::string& resident) {
    return count_rows(
        database,
        "SELECT count(*) FROM ledger_about a JOIN ledger_leaf l ON l.idx = a.leaf JOIN"
        " ledger_detail d ON d.leaf = l.idx WHERE a.id = ? AND d.record = ?"
        " AND instr(l.line, '\"event\":\"approval\"') > 0 AND instr(l.line, '\"yes\"') > 0",
        {id, resident});
  };
  const auto check = [&](const std::string& id, const Agreed& residents, bool each) {
    for (const auto& [resident, times] : residents.said_yes) {
      const std::int64_t entries = written(id, resident);
      if (entries > 1 || (each && entries == 0)) {
        throw Violation("a resident's yes counts once",
                        fmt::format("{} of {}: {} times", resident, id, entries));
      }
    }
  };
  for (const auto& [id, request] : asked) check(id, request, false);
  for (const auto& [id, gift] : gifts) check(id, gift, gift.acknowledged);
}

void Truth::check_closed(store::Database& database) {
  for (const auto& [id, request] : asked) {
    if (!came_.contains(id)) continue;
    const auto times = count_rows(
        database,
        "SELECT count(*) FROM ledger_about a JOIN ledger_leaf l ON l.idx = a.leaf WHERE a.id = ?"
        " AND instr(l.line, '\"event\":\"request\"') > 0"
        " AND instr(l.line, '\"state\":\"closed\"') > 0",
        {id});
    const auto known = count_rows(database, "SELECT count(*) FROM requests WHERE id = ?", {id});
    if (times != known) {
      throw Violation("closed is sent exactly once", fmt::format("{}: {} times", id, times));
    }
  }
}

void Truth::check_end(store::Database& database, state::Docket& docket) {
  check_approvals(database);
  check_closed(database);
  check_gifts(database, docket);
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
  if (count_rows(database, "SELECT count(*) FROM outgoing") != 0) {
    throw Violation("everything ends", "letters are still unacknowledged");
  }
  if (count_rows(database, "SELECT count(*) FROM transfers WHERE revoked = 0") != 0) {
    throw Violation("everything ends", "files are still on offer");
  }
}

}  // namespace latchstring::sim
