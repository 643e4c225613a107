// Grants in a line, with a worker that really cuts and seals: which of them is made when, and what
// becomes of a gift's file.
#include "gateway/daemon/cuts.h"

#include <fcntl.h>

#include "gateway/daemon/gifts.h"
#include "tests/unit/archive/film.h"
#include "tests/unit/state/desk.h"

namespace latchstring::daemon {
namespace {

// What the worker has made is news to nobody before the loop runs: until then it is busy.
class Bench {
 public:
  // `worker`: instead of the real one.
  explicit Bench(const Path& worker = {}) {
    config_.state_dir = desk.folder.path() / "state";
    REQUIRE(make_folder(config_.outbox_dir()).ok());
    open_archive();
    recorders_ = std::make_unique<Recorders>(Recorders::Parts{
        loop_, desk.clock, *archive_, [](Instant t) { return t + std::chrono::hours{24}; }});
    const auto on_step = [this](absl::StatusOr<state::Step> step) { end_one(std::move(step)); };
    cuts = std::make_unique<Cuts>(
        Cuts::Parts{loop_, desk.clock, config_, keys_, *archive_, *recorders_, *desk.docket,
                    redact::Redactor({worker, config_.state_dir, 1, {}}), desk.ledger->vkey(),
                    [this] { return begin_one(); }, on_step,
                    [this](const ReleaseWorker::Key& key, std::vector<seal::PackedClip> clips) {
                      gifts->write(key, std::move(clips));
                    }});
    gifts = std::make_unique<Gifts>(Gifts::Parts{
        chores_, keys_, *desk.docket, config_.state_dir / "gifts", on_step,
        [this](const ReleaseWorker::Key& key, const absl::Status& why) { cuts->fail(key, why); }});
    desk.docket->house().in_work = [this](const std::string& id) {
      std::set<int> pieces = gifts->pieces_of(id);
      pieces.merge(cuts->pieces_of(id));
      return pieces;
    };
  }

  // Asks for four seconds, and puts the grant into the line: the request.
  std::string ask(int which, bool native = true) {
    wire::Request asked =
        desk.world.request(desk.officer(), "burglary", footage(which), desk.clock.now());
    asked.want_native = native;  // passed on as it is, without a worker process
    REQUIRE(desk.receive(asked).ok());
    begin(desk.docket->reconsider());
    return asked.id;
  }
  std::string give(Gifts::Caller caller, bool native = true) {
    release::Subject gift;
    gift.id = crypto::random_id();
    gift.cameras = {"front"};
    gift.footage = footage(0);
    gift.is_gift = true;
    gift.want_native = native;
    gift.received = desk.clock.now();
    auto step = desk.docket->give(gift, {"alex", "sam"});
    gifts->wait(gift.id, std::move(caller));
    begin(std::move(step));
    return gift.id;
  }
  // Until so many steps were taken, or tried.
  void run(std::size_t steps) {
    wanted_ = steps;
    loop_.run();
  }

  // While the loop runs: whenever nobody is at this request's piece.
  void whenever_left(const std::string& id, std::function<void()> next) {
    loop_.after(std::chrono::milliseconds{20}, [this, id, next = std::move(next)]() mutable {
      if (cuts->pieces_of(id).empty()) next();
      whenever_left(id, std::move(next));
    });
  }
  // What is due by then.
  void tick_after(Duration time) {
    desk.clock.at += time;
    begin(desk.docket->tick());
  }

  state::Desk desk;
  std::size_t begun = 0;
  std::vector<std::size_t> begun_by_then;  // at each step
  std::vector<std::string> offered;        // requests, in order
  std::size_t failed = 0;                  // steps that the database did not take
  std::function<void()> after_step;        // or empty

 private:
  Interval footage(int which) const {
    const Instant from = footage_from_ + which * std::chrono::seconds{4};
    return {from, from + std::chrono::seconds{4}};
  }
  void open_archive() {
    archive::Options options;
    options.folder = config_.archive_dir();
    options.keep_for = std::chrono::hours{24};
    options.keep_bytes = options.pending_bytes = 1ULL << 40;
    options.local_day = [](Instant t) { return to_rfc3339(t).substr(0, 10); };
    archive_ = *archive::Archive::open(std::move(options), *keyring_, desk.clock);
    archive::test::Recording recording;
    recording.start = footage_from_;
    const auto sink = archive_->appender();
    REQUIRE(archive::test::record(*sink, archive::test::film(), recording).ok());
  }
  void begin(absl::StatusOr<state::Step> step) {
    INFO(step.status());
    REQUIRE(step.ok());
    int grants = 0;
    for (state::Effect& effect : step->effects) {
      auto* cut = std::get_if<release::effect::Cut>(&effect.effect);
      if (cut == nullptr) continue;
      ++grants;
      cuts->begin(std::move(cut->grant));
    }
    REQUIRE(grants == 1);
  }
  // The footage of a piece is put into the ledger when its turn has come.
  absl::Status begin_one() {
    ++begun;
    LS_ASSIGN(const auto segments, archive_->uncommitted(Instant::max()));
    std::vector<std::string> ids;
    for (const archive::Segment& segment : segments) ids.push_back(segment.name.id());
    return archive_->committed(ids, 0);
  }
  void end_one(absl::StatusOr<state::Step> step) {
    failed += step.ok() ? 0 : 1;
    if (step.ok()) {
      for (const state::Effect& effect : step->effects) {
        if (std::holds_alternative<release::effect::Offer>(effect.effect)) {
          offered.push_back(effect.request);
        }
        gifts->look_at(*desk.docket->find(effect.request));
      }
    }
    if (after_step) after_step();
    begun_by_then.push_back(begun);
    if (begun_by_then.size() == wanted_) loop_.stop();
  }

  const Instant footage_from_ = desk.clock.now() - std::chrono::hours{2};
  const SystemClock real_{ClockTrust::assumed};
  Loop loop_{real_};
  config::Config config_;
  HouseKeys keys_{sim::kGateway, *crypto::SigningKey::from_seed(desk.world.gateway.seed().view()),
                  *crypto::SigningKey::from_seed(desk.world.ledger.seed().view()),
                  crypto::age::Identity::generate(), crypto::age::Identity::generate().recipient()};
  std::unique_ptr<crypto::Keyring> keyring_ =
      *crypto::Keyring::open(desk.folder.path() / "keyring");
  std::unique_ptr<archive::Archive> archive_;
  std::unique_ptr<Recorders> recorders_;
  std::size_t wanted_ = 0;
  Chores chores_{loop_};

 public:
  std::unique_ptr<Gifts> gifts;
  std::unique_ptr<Cuts> cuts;  // goes first: its worker cuts from the archive
};

TEST_CASE("pieces are made one at a time, in the order of their grants") {
  Bench bench;
  const std::vector<std::string> asked{bench.ask(0), bench.ask(1), bench.ask(2)};
  CHECK(bench.begun == 1);
  for (const std::string& request : asked) {
    CHECK(bench.cuts->pieces_of(request) == std::set<int>{1});
  }
  bench.cuts->retry();  // as every second
  CHECK(bench.begun == 1);
  bench.run(3);
  CHECK(bench.failed == 0);
  CHECK(bench.offered == asked);
  CHECK(bench.begun_by_then == std::vector<std::size_t>{1, 2, 3});
  for (const std::string& request : asked) CHECK(bench.cuts->pieces_of(request).empty());
}

TEST_CASE("a piece that is taken back frees the next, and one that waits leaves the line") {
  Bench bench;
  const std::string first = bench.ask(0);
  const std::string second = bench.ask(1);
  const std::string third = bench.ask(2);
  bench.cuts->stop(second, 1);  // it only waits
  CHECK(bench.begun == 1);
  bench.cuts->stop(first, 1);  // at work
  CHECK(bench.begun == 1);
  bench.cuts->retry();
  CHECK(bench.begun == 2);
  CHECK(bench.cuts->pieces_of(first).empty());
  CHECK(bench.cuts->pieces_of(second).empty());
  CHECK(bench.cuts->pieces_of(third) == std::set<int>{1});
  bench.run(1);
  CHECK(bench.offered == std::vector<std::string>{third});
}

// A worker that the machine kills before it says anything.
Path killed_worker(const Path& folder) {
  const Path program = folder / "worker";
  REQUIRE(write_file_durably(program, "#!/bin/sh\nkill -KILL $$\n", 0700).ok());
  return program;
}

TEST_CASE("a piece whose worker is killed is made anew, and fails at the last try only") {
  const test::TemporaryFolder folder;
  Bench bench(killed_worker(folder.path()));
  const std::uint64_t size = *bench.desk.ledger->size();
  const std::string id = bench.ask(0, false);
  int left = 0;
  bench.whenever_left(id, [&] {
    if (bench.desk.state(id).pieces.front().state != release::PieceState::working) return;
    ++left;
    CHECK(bench.begun_by_then.empty());
    CHECK(*bench.desk.ledger->size() == size + 2);  // request, decision
    bench.tick_after(state::kRedoEvery);
  });
  bench.run(1);
  CHECK(left == kTriesMax - 1);
  CHECK(bench.begun == kTriesMax);
  const release::Piece piece = bench.desk.state(id).pieces.front();
  CHECK(piece.state == release::PieceState::failed);
  CHECK(piece.reason == "the worker was killed (SIGKILL), 3 times; the officer may ask again");
  CHECK(bench.failed == 0);
}

class Answers final : public control::Reply::Target {
 public:
  void answer(std::string line) override { lines.push_back(std::move(line)); }
  std::vector<std::string> lines;
};

TEST_CASE("a gift that is written stays done, though the database fails just then") {
  Bench bench;
  const auto answers = std::make_shared<Answers>();  // shared with the reply
  const Path file = bench.desk.folder.path() / "gift";
  const std::string id =
      bench.give({crypto::Secret::copy_of(as_bytes(std::string_view("a long passphrase"))),
                  *open_file(file, O_WRONLY | O_CREAT), control::Reply(answers)});
  const auto fail_from_now_on = [&bench] {
    REQUIRE(bench.desk.database
                ->run("CREATE TRIGGER full BEFORE UPDATE ON requests"
                      " BEGIN SELECT RAISE(ABORT, 'full'); END")
                .ok());
  };
  bool is_committed = false;  // after that it is written and handed over
  bench.after_step = [&] {
    if (!std::exchange(is_committed, true)) fail_from_now_on();
  };
  bench.run(2);
  CHECK(bench.failed == 1);
  CHECK(std::filesystem::file_size(file) > 0);
  CHECK(answers->lines.empty());
  // Nobody makes it a second time meanwhile.
  CHECK(bench.gifts->pieces_of(id) == std::set<int>{1});
  bench.gifts->retry();
  CHECK(bench.failed == 2);
  REQUIRE(bench.desk.database->run("DROP TRIGGER full").ok());
  bench.gifts->retry();
  REQUIRE(answers->lines.size() == 1);
  CHECK(answers->lines[0].find("sha256") != std::string::npos);
  CHECK(bench.gifts->pieces_of(id).empty());
  CHECK(bench.desk.state(id).phase == release::Phase::ended);
  bench.gifts->retry();
  CHECK(answers->lines.size() == 1);
}

TEST_CASE("whoever waits for a gift's file hears at once that its worker was killed") {
  const test::TemporaryFolder folder;
  Bench bench(killed_worker(folder.path()));
  const auto answers = std::make_shared<Answers>();  // shared with the reply
  bench.give({crypto::Secret::copy_of(as_bytes(std::string_view("a long passphrase"))),
              *open_file(folder.path() / "gift", O_WRONLY | O_CREAT), control::Reply(answers)},
             false);
  bench.run(1);
  REQUIRE(answers->lines.size() == 1);
  CHECK(answers->lines[0].find("the worker was killed (SIGKILL)") != std::string::npos);
}

}  // namespace
}  // namespace latchstring::daemon
