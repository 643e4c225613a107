// What the gateway does after a step was committed, its release worker, and what the household asks
// of it.
#include <fmt/format.h>

#include <fstream>
#include <map>

#include "gateway/base/ensure.h"
#include "gateway/base/status.h"
#include "gateway/crypto/encoding.h"
#include "gateway/crypto/jws.h"
#include "gateway/wire/envelope.h"
#include "tests/sim/effects.h"
#include "tests/sim/gateway.h"
#include "tests/sim/makers.h"

namespace latchstring::sim {

void Gateway::perform(absl::StatusOr<state::Step> step) {
  if (!step.ok()) return out_.trace(fmt::format("failed: {}", message_of(step.status())));
  if (step->effects.empty() && step->mail.empty()) return;
  for (const state::Effect& effect : step->effects) {
    out_.trace(fmt::format("{} {}", effect.request, kEffects[effect.effect.index()].name));
  }
  out_.truth.check_step(*docket_, *step);
  out_.faults.boundary("committed, no effect yet");
  for (state::Effect& effect : step->effects) {
    const std::string_view name = kEffects[effect.effect.index()].name;
    out_.faults.boundary(fmt::format("before {}", name));
    run_effect(effect);
    out_.on_effect(name, effect.request);
    out_.faults.boundary(fmt::format("after {}", name));
  }
  for (const wire::Peer& peer : step->mail) post_->deliver(peer);
  for (const state::Effect& effect : step->effects) gift_files_->look_at(effect.request);
  sweep_outbox();
}

void Gateway::run_effect(state::Effect& effect) {
  using namespace release::effect;
  const std::string id = effect.request;
  if (auto* cut = std::get_if<Cut>(&effect.effect)) return begin_work(std::move(cut->grant));
  if (const auto* stop = std::get_if<StopWork>(&effect.effect)) {
    held_.erase({id, stop->piece});
  } else if (const auto* offer = std::get_if<Offer>(&effect.effect)) {
    const auto transfers = docket_->transfers().of_piece(id, offer->piece);
    ensure(transfers.ok());
    for (const state::Transfer& transfer : *transfers) post_->serve(transfer);
  } else if (const auto* withdraw = std::get_if<Withdraw>(&effect.effect)) {
    post_->withdraw(id, withdraw->piece);
  } else if (const auto* done = std::get_if<DeleteOutbox>(&effect.effect)) {
    post_->forget(id, done->piece);
  }
}

// What the daemon takes along when a cut begins.
struct Gateway::Work {
  Grant grant;
  state::StoredRequest request;
  const std::string& id() const { return grant.terms().release_id; }
};

void Gateway::begin_work(Grant grant) {
  const Key key{grant.terms().release_id, grant.terms().piece};
  const std::uint64_t token = held_[key] = next_token_++;
  const bool slow = out_.random.chance(0.1);
  const Duration takes = out_.random.between(milliseconds{100}, slow ? hours{30} : minutes{1});
  auto request = docket_->find(key.first);
  ensure(request.ok());
  auto work = std::make_shared<Work>(Work{std::move(grant), *std::move(request)});
  out_.schedule.after(takes, [this, token, work, docket = docket_.get()] {
    run([&] {
      if (docket == docket_.get()) finish_work(token, *work);
    });
  });
}

void Gateway::finish_work(std::uint64_t token, const Work& work) {
  const GrantTerms& terms = work.grant.terms();
  const Key key{terms.release_id, terms.piece};
  const auto found = held_.find(key);
  if (found == held_.end() || found->second != token) return;  // stopped meanwhile
  held_.erase(found);
  wake();
  if (out_.random.chance(0.04)) {
    out_.faults.count("work failed");
    perform(docket_->apply(key.first, release::event::WorkFailed{key.second, "a test's whim",
                                                                 out_.random.chance(0.5)}));
    return;
  }
  out_.truth.made[key] = {terms.camera, terms.interval, !terms.redaction.zones.empty(),
                          work.request.origin.recipients};
  if (work.request.state.subject.is_gift_file()) return gift_files_->write(key.first);
  std::vector<SealedClip> parts;
  const int count = out_.random.chance(0.15) ? 2 : 1;
  for (int part = 1; part <= count; ++part) parts.push_back(seal(work, part));
  out_.faults.boundary("sealed, not committed");
  perform(docket_->sealed(parts));
}

SealedClip Gateway::seal(const Work& work, int part) {
  const std::size_t clip = 1 + out_.random.below(out_.random.chance(0.2) ? 1'400'000 : 300'000);
  std::vector<SealedFile> files{seal_file(work, fmt::format("clip-{}.mp4.age", part), clip),
                                seal_file(work, fmt::format("release-{}.tar.age", part), 2'000)};
  wire::Delivery delivery;
  delivery.common = wire::new_common(out_.world.gateway, work.request.origin.officer,
                                     out_.clock.now(), release::kOfferLifetime);
  delivery.release_id = work.id();
  delivery.piece = *docket_->next_clip(work.id());
  delivery.part = part;
  for (const SealedFile& file : files) {
    delivery.files.push_back({file.size_bytes, file.sha256, file.merkle_root});
  }
  delivery.manifest_sha256 = crypto::sha256_hex(delivery.common.jti);
  return sealed_clip(
      work.grant, part, std::move(files),
      crypto::sign_jws(out_.world.gateway, wire::kTypDelivery, wire::encode(delivery)));
}

SealedFile Gateway::seal_file(const Work& work, const std::string& name, std::size_t size) {
  Bytes plain = crypto::random_bytes(size);
  std::vector<crypto::age::Recipient> recipients;
  for (const std::string& text : work.request.origin.recipients) {
    auto recipient = crypto::age::Recipient::parse(text);
    ensure(recipient.ok());
    recipients.push_back(*std::move(recipient));
  }
  const auto sealed = crypto::age::seal(plain, recipients);
  ensure(sealed.ok());
  const Path path =
      out_.folder / "outbox" /
      fmt::format("{}-{}-{}-{}", work.id(), work.grant.terms().piece, crypto::random_id(), name);
  std::ofstream out(path, std::ios::binary);
  const auto half = static_cast<std::streamsize>(sealed->size() / 2);
  const auto* bytes = reinterpret_cast<const char*>(sealed->data());
  out.write(bytes, half);
  out.flush();
  out_.faults.boundary("while sealing");
  out.write(bytes + half, static_cast<std::streamsize>(sealed->size()) - half);
  out.close();
  SealedFile file;
  file.name = name;
  file.path = path;
  file.size_bytes = sealed->size();
  file.sha256 = crypto::to_hex(crypto::sha256(*sealed));
  proof::ChunkTree tree(wire::kChunkBytes);
  tree.update(*sealed);
  tree.finish();
  file.merkle_root = crypto::to_hex(tree.tree().root());
  plains_[file.sha256] = std::move(plain);
  return file;
}

bool Gateway::answer(const std::string& request, const std::string& resident, bool yes) {
  bool said = false;
  run([&] {
    wake();
    auto step = docket_->apply(request, release::event::Answered{resident, yes});
    const bool taken = step.ok() && step->answer.ok();
    perform(std::move(step));
    out_.faults.boundary("household answered");
    said = taken;
  });
  return said;
}

bool Gateway::revoke(const std::string& request, const std::string& resident) {
  bool said = false;
  run([&] {
    wake();
    auto step = docket_->apply(request, release::event::Revoked{resident});
    const bool taken = step.ok() && step->answer.ok();
    perform(std::move(step));
    out_.faults.boundary("household answered");
    said = taken;
  });
  return said;
}

std::optional<absl::Status> Gateway::give(const release::Subject& gift,
                                          const std::vector<std::string>& residents) {
  std::optional<absl::Status> said;
  run([&] {
    wake();
    auto step = docket_->give(gift, residents);
    const absl::Status given = step.status();
    if (given.ok() && gift.is_gift_file()) gift_files_->wait(gift.id);
    perform(std::move(step));
    out_.faults.boundary("household answered");
    said = given;
  });
  return said;
}

bool Gateway::pause(const std::string& resident) {
  bool said = false;
  run([&] {
    if (!docket_->pause(resident).ok()) return;
    reconsider();
    said = true;
  });
  return said;
}

bool Gateway::resume() {
  bool said = false;
  run([&] {
    wake();
    const auto by = docket_->paused_by();
    if (!by.ok()) return;
    if (!by->empty() && !docket_->resume(*by).ok()) return;
    said = true;  // from here on it may go on, whatever comes
    out_.truth.paused = false;
    reconsider();
  });
  return said;
}

void Gateway::rules_changed() {
  run([&] {
    wake();
    docket_->house().rules = out_.truth.rules;
    if (out_.truth.rules != nullptr) docket_->house().last_valid = out_.truth.rules;
    out_.faults.boundary("rules changed, not reconsidered");
    reconsider();
  });
}

void Gateway::set_database_full(bool full) {
  run([&] {
    const auto pages = database_->one<std::int64_t>("PRAGMA page_count");
    ensure(pages.ok());
    const std::int64_t most = full ? *pages : 1'000'000'000;
    ensure(database_->one<std::int64_t>(fmt::format("PRAGMA max_page_count = {}", most)).ok());
  });
}

}  // namespace latchstring::sim
