#include "gateway/release/table.h"

#include "gateway/base/files.h"
#include "tests/support/catch.h"

namespace latchstring::release {
namespace {

TEST_CASE("the table has a row for every phase and event, in order") {
  const std::vector<Event> events{event::Received{}, event::Answered{},   event::Reconsider{},
                                  event::Sealed{},   event::WorkFailed{}, event::ReceiptStored{},
                                  event::Revoked{},  event::Cancelled{},  event::Tick{},
                                  event::Given{},    event::HandedOver{}};
  const std::vector<std::string_view> names{
      "Received", "Answered",  "Reconsider", "Sealed", "WorkFailed", "ReceiptStored",
      "Revoked",  "Cancelled", "Tick",       "Given",  "HandedOver"};
  REQUIRE(events.size() == std::variant_size_v<Event>);
  for (const Phase phase : {Phase::received, Phase::asking, Phase::releasing, Phase::ended}) {
    for (std::size_t i = 0; i < events.size(); ++i) {
      CHECK(row_of(phase, events[i]).phase == phase);
      CHECK(row_of(phase, events[i]).event == names[i]);
    }
  }
}

TEST_CASE("the design document is the code's own table") {
  const auto text = read_file(LATCHSTRING_DOCS "/design/01-life-of-a-request.md", 1 << 20);
  REQUIRE(text.ok());
  INFO(table_as_markdown());
  CHECK(text->find(table_as_markdown()) != std::string::npos);
}

}  // namespace
}  // namespace latchstring::release
