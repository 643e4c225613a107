// The life of a request as one table: (phase, event) -> what happens. step() looks a row up and
// calls its handler; docs/design/01-life-of-a-request.md is this table, printed.
#pragma once

#include <span>
#include <string>

#include "gateway/release/release.h"

namespace latchstring::release {

class Step;

struct Row {
  Phase phase;
  std::string_view event;  // name of the event, in the order of the Event variant
  void (*handle)(Step&);   // null: the event does not fit the phase and changes nothing
  std::string_view next;   // phases it can lead to
  std::string_view effects;
  std::string_view entries;  // of the ledger
};

std::span<const Row> table();
const Row& row_of(Phase phase, const Event& event);

// The table as Markdown, for docs/design.
std::string table_as_markdown();

}  // namespace latchstring::release
