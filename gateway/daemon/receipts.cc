#include "gateway/daemon/receipts.h"

#include "gateway/base/status.h"
#include "gateway/crypto/jws.h"
#include "gateway/evidence/promise.h"

namespace latchstring::daemon {
namespace {

using evidence::Promise;

// Its signature was checked when it came.
absl::StatusOr<wire::Receipt> read(const state::KeptReceipt& kept) {
  LS_ASSIGN(const crypto::Jws jws, crypto::peek_jws(kept.jws));
  return wire::decode_receipt(jws.payload);
}

std::string_view word_of(Promise promise) {
  switch (promise) {
    case Promise::as_asked:
      return "as_asked";
    case Promise::missing:
      return "missing";
    case Promise::another:
      return "another";
    case Promise::longer:
      return "longer";
  }
  return "missing";
}

std::string time_text(Instant time) {
  return time == Instant{} ? std::string() : to_rfc3339(time);
}

// Empty: it promises what was asked.
std::string fault_of(const wire::Receipt& receipt, Instant asked) {
  switch (evidence::promise_of(receipt, asked)) {
    case Promise::as_asked:
      return "";
    case Promise::missing:
      return "promises no deletion";
    case Promise::another:
    case Promise::longer:
      return fmt::format("promises deletion by {}", to_rfc3339(receipt.delete_after));
  }
  return "";
}

}  // namespace

std::vector<json::Writer> receipts_json(const std::multimap<int, state::KeptReceipt>& receipts,
                                        int piece) {
  std::vector<json::Writer> out;
  const auto [first, last] = receipts.equal_range(piece);
  for (auto each = first; each != last; ++each) {
    const auto receipt = read(each->second);
    if (!receipt.ok()) continue;
    const Instant asked = each->second.asked;
    out.emplace_back()
        .integer("part", each->second.part)
        .string("signed", to_rfc3339(receipt->common.iat))
        .string("promise", word_of(evidence::promise_of(*receipt, asked)))
        .optional_string("delete_after", time_text(receipt->delete_after))
        .optional_string("asked_delete_after", time_text(asked))
        .optional_string("kept_longer_because", receipt->kept_longer_because);
  }
  return out;
}

void warn_of_promises(const state::Docket& docket,
                      const std::vector<state::StoredRequest>& requests, Instant now,
                      std::vector<std::string>& warnings) {
  for (const state::StoredRequest& request : requests) {
    if (request.state.closed_sent) continue;
    const std::string& id = request.state.subject.id;
    const auto receipts = docket.receipts(id);
    if (!receipts.ok()) continue;
    for (const auto& [piece, kept] : *receipts) {
      const auto receipt = read(kept);
      if (!receipt.ok() || now >= kept.asked) continue;
      const std::string fault = fault_of(*receipt, kept.asked);
      if (fault.empty()) continue;
      warnings.push_back(
          fmt::format("the officer's receipt for piece {} of `{}` {}, and your rules ask for it by "
                      "{}: ask the agency to promise it",
                      piece, id, fault, to_rfc3339(kept.asked)));
    }
  }
}

}  // namespace latchstring::daemon
