#include "gateway/release/table.h"

#include <array>

#include "gateway/base/ensure.h"
#include "gateway/release/step.h"

namespace latchstring::release {
namespace {

template <void (Step::*handler)()>
void call(Step& step) {
  (step.*handler)();
}

constexpr std::size_t kEvents = std::variant_size_v<Event>;

// In the order of the Event variant, phase by phase.
constexpr std::array<Row, 4 * kEvents> kTable{{
    {Phase::received, "Received", call<&Step::receive>, "received, ended",
     "SendReceived, TellResidents", "request, decision"},
    {Phase::received, "Answered", nullptr, "", "", ""},
    {Phase::received, "Reconsider", call<&Step::judge_or_wait>,
     "received (blocked), asking, releasing, ended", "AskResidents, Cut, SendClosed, TellResidents",
     "decision, closed, abort"},
    {Phase::received, "Sealed", call<&Step::drop_sealed>, "received", "DropSealed", ""},
    {Phase::received, "WorkFailed", nullptr, "", "", ""},
    {Phase::received, "ReceiptStored", nullptr, "", "", ""},
    {Phase::received, "Revoked", call<&Step::revoke>, "ended", "TellResidents", "revoke"},
    {Phase::received, "Cancelled", call<&Step::cancel>, "ended", "TellResidents", "abort"},
    {Phase::received, "Tick", call<&Step::tick>, "received, ended", "SendClosed, TellResidents",
     "closed, abort"},
    {Phase::received, "Given", call<&Step::give>, "releasing", "PinFootage, Cut, TellResidents",
     "approval"},
    {Phase::received, "HandedOver", nullptr, "", "", ""},

    {Phase::asking, "Received", nullptr, "", "", ""},
    {Phase::asking, "Answered", call<&Step::answer>, "asking, releasing, ended",
     "Cut, StopWork, Withdraw, TellResidents", "approval, revoke, abort"},
    {Phase::asking, "Reconsider", call<&Step::reconsider>, "asking, releasing, ended",
     "AskResidents, Cut, StopWork, Withdraw, SendClosed, TellResidents",
     "approval, revoke, closed, abort"},
    {Phase::asking, "Sealed", call<&Step::sealed>, "asking",
     "Offer, or DropSealed, Cut, AskResidents and TellResidents", "release commit, abort"},
    {Phase::asking, "WorkFailed", call<&Step::work_failed>, "asking", "Withdraw, TellResidents",
     "abort"},
    {Phase::asking, "ReceiptStored", call<&Step::receipt_stored>, "asking",
     "DeleteOutbox, or TellResidents", "done"},
    {Phase::asking, "Revoked", call<&Step::revoke>, "ended", "StopWork, Withdraw, TellResidents",
     "revoke"},
    {Phase::asking, "Cancelled", call<&Step::cancel>, "ended", "StopWork, Withdraw, TellResidents",
     "abort"},
    {Phase::asking, "Tick", call<&Step::tick>, "asking, releasing, ended",
     "SendClosed, StopWork, DeleteOutbox, TellResidents", "approval, closed, abort"},
    {Phase::asking, "Given", nullptr, "", "", ""},
    {Phase::asking, "HandedOver", nullptr, "", "", ""},

    {Phase::releasing, "Received", nullptr, "", "", ""},
    {Phase::releasing, "Answered", call<&Step::answer>, "releasing, ended",
     "StopWork, Withdraw, TellResidents", "approval, revoke"},
    {Phase::releasing, "Reconsider", call<&Step::reconsider>, "asking, releasing, ended",
     "AskResidents, Cut, StopWork, Withdraw, SendClosed, TellResidents", "revoke, closed, abort"},
    {Phase::releasing, "Sealed", call<&Step::sealed>, "asking, releasing, ended",
     "Offer, or DropSealed, StopWork, Cut, AskResidents and TellResidents",
     "release commit, abort"},
    {Phase::releasing, "WorkFailed", call<&Step::work_failed>, "releasing, ended",
     "Withdraw, TellResidents", "abort"},
    {Phase::releasing, "ReceiptStored", call<&Step::receipt_stored>, "releasing, ended",
     "DeleteOutbox, or TellResidents", "done"},
    {Phase::releasing, "Revoked", call<&Step::revoke>, "ended", "StopWork, Withdraw, TellResidents",
     "revoke"},
    {Phase::releasing, "Cancelled", call<&Step::cancel>, "ended",
     "StopWork, Withdraw, TellResidents", "abort"},
    {Phase::releasing, "Tick", call<&Step::tick>, "releasing, ended",
     "SendClosed, StopWork, DeleteOutbox, TellResidents", "closed, abort"},
    {Phase::releasing, "Given", nullptr, "", "", ""},
    {Phase::releasing, "HandedOver", call<&Step::handed_over>, "ended", "TellResidents", ""},

    {Phase::ended, "Received", nullptr, "", "", ""},
    {Phase::ended, "Answered", nullptr, "", "", ""},
    {Phase::ended, "Reconsider", call<&Step::tick_ended>, "ended", "SendClosed", "closed"},
    {Phase::ended, "Sealed", call<&Step::drop_sealed>, "ended", "DropSealed", ""},
    {Phase::ended, "WorkFailed", nullptr, "", "", ""},
    {Phase::ended, "ReceiptStored", call<&Step::receipt_stored>, "ended", "TellResidents", "done"},
    {Phase::ended, "Revoked", nullptr, "", "", ""},
    {Phase::ended, "Cancelled", nullptr, "", "", ""},
    {Phase::ended, "Tick", call<&Step::tick_ended>, "ended", "SendClosed", "closed"},
    {Phase::ended, "Given", nullptr, "", "", ""},
    {Phase::ended, "HandedOver", nullptr, "", "", ""},
}};

}  // namespace

std::span<const Row> table() {
  return kTable;
}

const Row& row_of(Phase phase, const Event& event) {
  const Row& row = kTable[static_cast<std::size_t>(phase) * kEvents + event.index()];
  ensure(row.phase == phase);
  return row;
}

std::string table_as_markdown() {
  std::string out = "| phase | event | next phase | effects | ledger |\n|---|---|---|---|---|\n";
  for (const Row& row : kTable) {
    if (row.handle == nullptr) {
      out += fmt::format("| {} | {} | no change | | |\n", to_string(row.phase), row.event);
    } else {
      out += fmt::format("| {} | {} | {} | {} | {} |\n", to_string(row.phase), row.event, row.next,
                         row.effects, row.entries);
    }
  }
  return out;
}

}  // namespace latchstring::release
