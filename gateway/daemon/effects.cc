// What a committed step wants done. Everything here can be done again after a crash: messages and
// offers are rows by now, and a piece that is not sealed is cut anew.
#include <filesystem>

#include "gateway/base/log.h"
#include "gateway/base/status.h"
#include "gateway/daemon/daemon.h"

namespace latchstring::daemon {
namespace {

template <class... Handlers>
struct Overloaded : Handlers... {
  using Handlers::operator()...;
};
template <class... Handlers>
Overloaded(Handlers...) -> Overloaded<Handlers...>;

}  // namespace

void Daemon::perform(absl::StatusOr<state::Step> step) {
  if (!step.ok()) {
    log_line(LogLevel::error, fmt::format("nothing was changed: {}", message_of(step.status())));
    return sweep_outbox();  // a clip that could not be committed
  }
  std::set<std::string> touched;
  for (state::Effect& effect : step->effects) {
    touched.insert(effect.request);
    if (auto* cut = std::get_if<release::effect::Cut>(&effect.effect)) {
      cuts_->begin(std::move(cut->grant));
      continue;
    }
    const auto request = docket_->find(effect.request);
    if (request.ok()) run_effect(effect, *request);
  }
  for (const wire::Peer& peer : step->mail) post_->deliver(peer);
  for (const std::string& id : touched) {
    const auto request = docket_->find(id);
    if (request.ok()) gifts_->look_at(*request);
    if (request.ok()) unpin_if_over(*request);
  }
  if (!touched.empty()) sweep_outbox();
}

// Of many requests at once.
void Daemon::perform_all(absl::StatusOr<state::Step> steps) {
  if (steps.ok() && !steps->answer.ok()) {
    log_line(LogLevel::error, fmt::format("nothing was changed: {}", message_of(steps->answer)));
  }
  perform(std::move(steps));
}

void Daemon::run_effect(const state::Effect& effect, const state::StoredRequest& request) {
  const std::string& id = effect.request;
  const Overloaded run{
      [&](const release::effect::SendReceived&) { pin_footage(request); },
      [&](const release::effect::SendClosed&) {},  // a letter by now
      [&](const release::effect::AskResidents&) { ask(request.state); },
      [&](const release::effect::TellResidents& told) {
        tell(fmt::format("{} {}: {}", request.state.subject.is_gift ? "gift" : "request", id,
                         told.text));
      },
      [&](const release::effect::Cut&) {},  // moved out before
      [&](const release::effect::PinFootage&) { pin_footage(request); },
      [&](const release::effect::StopWork& stop) { cuts_->stop(id, stop.piece); },
      [&](const release::effect::Offer& offer) {
        const auto transfers = docket_->transfers().of_piece(id, offer.piece);
        if (!transfers.ok()) return tell(std::string(message_of(transfers.status())));
        for (const state::Transfer& transfer : *transfers) post_->serve(transfer);
      },
      [&](const release::effect::DropSealed&) {},  // swept with the folder
      [&](const release::effect::Withdraw& withdraw) { post_->withdraw(id, withdraw.piece); },
      [&](const release::effect::DeleteOutbox& done) { post_->forget(id, done.piece); },
  };
  std::visit(run, effect.effect);
}

// The outbox holds exactly what is on offer or being made; whatever else lies there goes.
void Daemon::sweep_outbox() {
  const auto complain = [](std::string_view why) {
    log_line(LogLevel::error, fmt::format("the outbox: {}", why));
  };
  const auto transfers = docket_->transfers().all();
  if (!transfers.ok()) return complain(message_of(transfers.status()));
  std::set<Path> wanted;
  for (const state::Transfer& transfer : *transfers) {
    if (transfer.offered) wanted.insert(transfer.path.parent_path().filename());
  }
  std::error_code failed;
  for (const auto& entry : std::filesystem::directory_iterator(config_.outbox_dir(), failed)) {
    const Path name = entry.path().filename();
    if (wanted.contains(name) || cuts_->is_filling(name.string())) continue;
    std::filesystem::remove_all(entry.path(), failed);
    if (failed) complain(fmt::format("cannot remove `{}`: {}", name.string(), failed.message()));
  }
}

// Footage that somebody may still be given is not evicted.
void Daemon::pin_footage(const state::StoredRequest& request) {
  const release::Subject& subject = request.state.subject;
  for (const std::string& camera : docket_->cameras_of(request)) {
    const auto lost = archive_->pin({subject.id, camera, subject.footage});
    if (!lost.ok()) {
      tell(fmt::format("request {}: {}", subject.id, message_of(lost.status())), LogLevel::error);
      continue;
    }
    for (const std::string& other : *lost) {
      tell(fmt::format("request {} lost its footage: too much is pending", other));
    }
  }
}

// Nothing of it will be cut any more.
bool Daemon::is_over(const state::StoredRequest& request) {
  for (const release::Piece& piece : request.state.pieces) {
    if (piece.state == release::PieceState::waiting ||
        piece.state == release::PieceState::working) {
      return false;
    }
  }
  return request.state.phase != release::Phase::received;
}

void Daemon::unpin_if_over(const state::StoredRequest& request) {
  if (!is_over(request)) return;
  const absl::Status unpinned = archive_->unpin(request.state.subject.id);
  if (!unpinned.ok()) log_line(LogLevel::warning, std::string(message_of(unpinned)));
}

// What waits to be sent may not be permitted any more: nothing of it leaves meanwhile.
void Daemon::reconsider() {
  post_->suspend(true);
  perform_all(docket_->reconsider());
  follow_block();
  post_->suspend(!blocked_.empty());
}

void Daemon::follow_block() {
  const auto blocked = docket_->blocked();
  // When even that cannot be read, nothing is served.
  const std::string why = blocked.ok() ? *blocked : std::string(message_of(blocked.status()));
  if (why == blocked_) return;
  const bool was_blocked = !blocked_.empty();
  blocked_ = why;
  if (!why.empty()) {
    post_->suspend(true);
    gifts_->interrupt();
  }
  tell(why.empty() ? "sharing by your rules goes on" : fmt::format("nothing is shared: {}", why));
  if (was_blocked && why.empty()) perform_all(docket_->reconsider());
  post_->suspend(!why.empty());
}

void Daemon::ask(const release::State& request) {
  tell(fmt::format("request {} asks you something; answer by {}", request.subject.id,
                   to_rfc3339(request.answer_by)));
}

void Daemon::tell(std::string_view text, LogLevel level) {
  log_line(level, text);
}

}  // namespace latchstring::daemon
