// What the invariants of truth*.cc share.
#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>
#include <string_view>

#include "gateway/base/ensure.h"
#include "gateway/store/store.h"
#include "policy/engine/decide.h"

namespace latchstring::sim {

inline std::int64_t count_rows(store::Database& database, std::string_view sql,
                               store::Params params = {}) {
  const auto found = database.one<std::int64_t>(sql, params);
  ensure(found.ok());
  return *found;
}

// Entries of this kind about a request or gift whose line has `part` in it.
inline std::int64_t leaves_about(store::Database& database, std::string_view id,
                                 std::string_view event, std::string_view part) {
  return count_rows(
      database,
      "SELECT count(*) FROM ledger_about a JOIN ledger_leaf l ON l.idx = a.leaf WHERE a.id = ?"
      " AND instr(l.line, '\"event\":\"' || ? || '\"') > 0 AND instr(l.line, ?) > 0",
      {id, event, part});
}

// Over all of it: where an instant is refused, it is refused.
inline policy::Approval strictest_of(const policy::Decision& decision) {
  if (decision.pieces.empty()) return policy::Approval::refuse;
  policy::Approval strictest = policy::Approval::automatic;
  for (const policy::Piece& piece : decision.pieces) {
    strictest = std::min(strictest, piece.approval);
  }
  return strictest;
}

// How many residents must have said yes.
inline std::size_t needed_for(policy::Approval asks, const policy::Policy& rules) {
  switch (asks) {
    case policy::Approval::automatic:
      return 0;
    case policy::Approval::ask_one:
      return 1;
    case policy::Approval::ask_all:
      return rules.residents.size();
    case policy::Approval::refuse:
      break;
  }
  return std::numeric_limits<std::size_t>::max();
}

}  // namespace latchstring::sim
