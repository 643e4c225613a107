#include "tests/sim/gateway.h"

#include <fmt/format.h>

#include <filesystem>

#include "gateway/base/ensure.h"
#include "gateway/base/status.h"
#include "gateway/crypto/encoding.h"

namespace latchstring::sim {

Gateway::Gateway(Outside outside)
    : out_(std::move(outside)), database_path_(out_.folder / "state-0.db") {
  out_.faults.on_crash([this] { snapshot(); });
  out_.clock.on_read = [this] {
    if (database_ != nullptr && database_->in_transaction()) {
      out_.faults.boundary("in a transaction");
    }
  };
  std::filesystem::create_directories(out_.folder / "outbox");
}

Gateway::~Gateway() {
  out_.faults.stop();
  crash();
  out_.clock.on_read = nullptr;
}

void Gateway::run(const std::function<void()>& what) {
  try {
    if (up()) what();
  } catch (const Crash&) {
    out_.trace("crash");
    crash();
    out_.schedule.after(out_.random.between(seconds{1}, hours{2}), [this] { start(); });
  }
}

// What the disk holds when the power goes: all that was committed, and whatever else was written.
void Gateway::snapshot() {
  const Path next = out_.folder / fmt::format("state-{}.db", ++generation_);
  for (const char* part : {"", "-wal"}) {
    const Path from = database_path_.string() + part;
    if (std::filesystem::exists(from)) std::filesystem::copy_file(from, next.string() + part);
  }
  database_path_ = next;
}

void Gateway::crash() {
  gift_files_.reset();
  post_.reset();
  link_.reset();
  docket_.reset();
  mailboxes_.reset();
  ledger_.reset();
  if (database_ == nullptr) return;
  const Path old = database_->path();
  database_.reset();
  if (old == database_path_) return;
  for (const char* part : {"", "-wal", "-shm"}) std::filesystem::remove(old.string() + part);
}

void Gateway::start() {
  if (up()) return;
  try {
    open();
    resume_work();
  } catch (const Crash&) {
    out_.trace("crash while starting");
    crash();
    out_.schedule.after(minutes{1}, [this] { start(); });
  }
}

void Gateway::restart() {
  run([&] {
    out_.trace("restart");
    post_->use_link(nullptr);
    post_->store_bitmaps();
    crash();
    start();
  });
}

void Gateway::open() {
  auto database = state::open_database(database_path_);
  ensure(database.ok());
  database_ = *std::move(database);
  auto key = crypto::SigningKey::from_seed(out_.world.ledger.seed().view());
  auto ledger = ledger::Ledger::open(*database_, kGateway, *std::move(key), remembered_);
  if (!ledger.ok()) {
    throw Violation("the ledger verifies at every start", message_of(ledger.status()));
  }
  ledger_ = *std::move(ledger);
  mailboxes_ = std::make_unique<trust::Mailboxes>(*database_);
  docket_ = std::make_unique<state::Docket>(
      state::Docket::Parts{*database_, *ledger_, out_.clock, out_.world.gateway, kGateway});
  docket_->house().in_work = [this](const std::string& id) {
    std::set<int> pieces;
    for (const auto& [key_of, token] : held_) {
      if (key_of.first == id) pieces.insert(key_of.second);
    }
    if (gift_files_->waits(id)) pieces.insert(1);
    return pieces;
  };
  docket_->house().rules = out_.truth.rules;
  docket_->house().last_valid = out_.truth.rules ? out_.truth.rules : out_.world.rules;
  auto transaction = database_->begin();
  ensure(transaction.ok());
  for (const auto& agency : out_.world.agencies) {
    if (mailboxes_->find(agency->mailbox).ok()) continue;
    ensure(mailboxes_->add({agency->mailbox, agency->id, "", out_.clock.now()}).ok());
  }
  ensure(ledger_->append({out_.clock.now(), ledger::Start{out_.clock.right}, "", ""}).ok());
  ensure(transaction->commit().ok());
  held_.clear();

  link_ = make_link();
  post_ = std::make_unique<daemon::Post>(daemon::Post::Parts{
      *database_, *docket_, *ledger_, *mailboxes_, out_.clock, out_.world.inbox, kGateway,
      [this](absl::StatusOr<state::Step> step) { perform(std::move(step)); },
      [this](std::string text) { out_.trace("trouble: " + text); }});
  post_->use_link(link_.get());
  gift_files_ = make_gift_files();
}

std::unique_ptr<GiftFiles> Gateway::make_gift_files() {
  return std::make_unique<GiftFiles>(GiftFiles::Outside{
      *database_, *docket_, out_.faults, out_.truth, out_.random,
      [this](absl::StatusOr<state::Step> step) { perform(std::move(step)); },
      [this](Duration delay, std::function<void()> what) {
        wake();
        out_.schedule.after(delay, [this, files = gift_files_.get(), what = std::move(what)] {
          run([&] {
            if (gift_files_.get() == files) what();
          });
        });
      }});
}

std::unique_ptr<SimLink> Gateway::make_link() {
  auto link = std::make_unique<SimLink>(SimLink::Outside{
      out_.schedule, out_.faults, out_.random, out_.transmit,
      [this](const wire::Peer& peer, const Bytes& sealed) {
        out_.truth.check_letter(*database_, peer, sealed);
      },
      [this](const wire::TransferId& transfer, std::uint64_t index) {
        out_.truth.check_chunk(*database_, wire::to_text(transfer), index);
      },
      [this](const wire::TransferId& transfer, const std::vector<std::uint64_t>& sent) {
        post_->on_sent(transfer, sent);
      },
      [this](Duration delay, std::function<void()> what) {
        out_.schedule.after(delay, [this, link = link_.get(), what = std::move(what)] {
          run([&] {
            if (link_.get() == link) what();
          });
        });
      }});
  link->set_up(link_up_);
  return link;
}

// As the daemon does after any stop.
void Gateway::resume_work() {
  const auto transfers = docket_->transfers().all();
  ensure(transfers.ok());
  for (const state::Transfer& transfer : *transfers) {
    if (transfer.offered || transfer.revoked) post_->serve(transfer);
  }
  post_->deliver_all();
  out_.faults.boundary("while resuming");
  blocked_ = "starting";
  perform(docket_->reconsider());
  next_tick_ = Duration::max();
  tick();
  sweep_outbox();
}

void Gateway::on_message(const wire::Peer& peer, const Bytes& bytes) {
  run([&] {
    link_->report();
    wake();
    post_->on_message(peer, bytes);
  });
}

void Gateway::set_link_up(bool up) {
  link_up_ = up;
  run([&] {
    link_->set_up(up);
    if (up) post_->restart_all();
  });
}

void Gateway::follow_block() {
  const auto blocked = docket_->blocked();
  const std::string why = blocked.ok() ? *blocked : "the database fails";
  if (why == blocked_) return;
  const bool was_blocked = !blocked_.empty();
  blocked_ = why;
  post_->suspend(!why.empty());
  if (!why.empty()) gift_files_->interrupt();
  if (was_blocked && why.empty()) perform(docket_->reconsider());
}

void Gateway::reconsider() {
  perform(docket_->reconsider());
  follow_block();
}

void Gateway::tick() {
  follow_block();
  // Rules may be loaded anew the moment before a term ends.
  const bool before_edge = next_edge() == out_.schedule.now() + Duration{1};
  if (before_edge && out_.random.chance(0.3)) reconsider();
  perform(docket_->tick());
  gift_files_->retry();
  out_.faults.boundary("bitmaps stored");
  post_->store_bitmaps();
  out_.faults.boundary("bitmaps stored");
  post_->repeat_due();
  daily();
  const bool busy = link_->busy() || out_.schedule.now() < busy_until_;
  const Duration rest = busy ? Duration{seconds{1}} : out_.random.between(hours{1}, hours{9});
  plan_tick(std::min(out_.schedule.now() + rest, next_edge()));
}

void Gateway::plan_tick(Duration when) {
  next_tick_ = when;
  out_.schedule.at(when, [this, token = ++tick_token_] {
    run([&] {
      if (token == tick_token_) tick();
    });
  });
}

void Gateway::wake() {
  busy_until_ = out_.schedule.now() + seconds{3};
  if (next_tick_ > out_.schedule.now() + seconds{1}) plan_tick(out_.schedule.now() + seconds{1});
}

// The instant before some term ends, then the instant at which it does: where mistakes are made.
Duration Gateway::next_edge() {
  const Instant now = out_.clock.true_now();
  const auto term = database_->one<std::int64_t>(
      "SELECT coalesce(min(t), 0) FROM (SELECT close_at t FROM requests WHERE closed_sent = 0"
      " UNION ALL SELECT answer_by FROM requests WHERE phase = 'asking'"
      " UNION ALL SELECT expires FROM pieces WHERE state = 'offered') WHERE t > ?",
      {now.time_since_epoch().count()});
  ensure(term.ok());
  if (*term == 0) return Duration::max();
  const Instant edge{Duration{*term}};
  const Instant before = edge - Duration{1};
  return out_.schedule.now() + ((before > now ? before : edge) - now);
}

// Now and then: each fills the tree up.
void Gateway::daily() {
  const std::int64_t day = out_.schedule.now() / Duration{days{1}};
  if (std::exchange(day_, day) == day || !out_.random.chance(0.08)) return;
  auto transaction = database_->begin();
  ensure(transaction.ok());
  if (!ledger_->append({out_.clock.now(), ledger::Heartbeat{}, "", ""}).ok()) return;
  const auto daily = ledger_->checkpoint_now(ledger::Audience::daily, out_.clock.now());
  if (!daily.ok() || !transaction->commit().ok()) return;
  remembered_ = daily->note;
}

void Gateway::sweep_outbox() {
  const auto transfers = docket_->transfers().all();
  if (!transfers.ok()) return;
  std::set<std::string> wanted;
  for (const state::Transfer& transfer : *transfers) {
    if (transfer.offered) wanted.insert(Path(transfer.path).filename().string());
  }
  for (const auto& entry : std::filesystem::directory_iterator(out_.folder / "outbox")) {
    if (!wanted.contains(entry.path().filename().string())) std::filesystem::remove(entry.path());
  }
}

}  // namespace latchstring::sim
