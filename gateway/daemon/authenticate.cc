#include <memory>

#include "gateway/base/ensure.h"
#include "gateway/base/status.h"
#include "gateway/daemon/operations.h"

namespace latchstring::daemon {
namespace {

struct Try {
  trust::Attempt attempt;
  crypto::Secret pin;
  bool right = false;
};

// All or none: where one cannot be begun, nothing is counted for the others either.
absl::StatusOr<std::vector<Try>> begin_tries(Daemon& daemon,
                                             const std::vector<control::SignedBy>& pins) {
  std::vector<Try> tries;
  LS_ASSIGN(store::Transaction transaction, daemon.database().begin());
  for (const control::SignedBy& signed_by : pins) {
    LS_ASSIGN(trust::Attempt attempt, daemon.residents().begin(signed_by.resident));
    tries.push_back(
        {std::move(attempt), crypto::Secret::copy_of(as_bytes(signed_by.pin.view())), false});
  }
  LS_RETURN_IF_ERROR(transaction.commit());
  for (const Try& tried : tries) daemon.residents().opened(tried.attempt);
  return tries;
}

// Every try is finished, also after a wrong one: each counts.
absl::Status finish_tries(Daemon& daemon, const std::vector<Try>& tries) {
  LS_ASSIGN(store::Transaction transaction, daemon.database().begin());
  absl::Status first_wrong;
  for (const Try& tried : tries) {
    const absl::Status finished = daemon.residents().finish(tried.attempt, tried.right);
    if (first_wrong.ok()) first_wrong = finished;
  }
  LS_RETURN_IF_ERROR(transaction.commit());
  return first_wrong;
}

}  // namespace

void authenticate(Daemon& daemon, std::vector<control::SignedBy> pins, control::Reply reply,
                  Authenticated then) {
  // Looked at first: a try that is begun counts, and must come to its end.
  if (!daemon.chores().has_room()) {
    return reply.fail(unavailable("too much is waiting; try again"));
  }
  auto begun = begin_tries(daemon, pins);
  if (!begun.ok()) return reply.fail(begun.status());
  auto tries = std::make_shared<std::vector<Try>>(*std::move(begun));  // shared with the chore
  const bool queued = daemon.chores().run(
      [tries] {
        for (Try& tried : *tries) tried.right = trust::check_pin(tried.attempt, tried.pin);
      },
      [&daemon, tries, reply, then = std::move(then)] {
        const absl::Status right = finish_tries(daemon, *tries);
        if (!right.ok()) return reply.fail(right);
        std::vector<std::string> residents;
        for (const Try& tried : *tries) residents.push_back(tried.attempt.resident);
        then(std::move(residents));
      });
  ensure(queued);
}

}  // namespace latchstring::daemon
