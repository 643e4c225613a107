// Both ends of the transfer over a simulated pipe that loses, repeats, reorders and delays, on a
// virtual clock, with crashes of either end that fall back to what was stored. One seed, one run.
#include <algorithm>
#include <bit>
#include <deque>
#include <random>

#include "gateway/crypto/encoding.h"
#include "gateway/link/chunk_file.h"
#include "gateway/link/receiver.h"
#include "gateway/link/sender.h"
#include "gateway/proof/merkle.h"
#include "tests/support/catch.h"

namespace latchstring::link {
namespace {

using std::chrono::milliseconds;

const wire::Peer kPeer{"bbbbbbbbbb", "cccccccccc"};
const Instant kEpoch{std::chrono::hours{24 * 365 * 56}};

// A disk that forgets what was not synced.
class MemoryStore final : public PartStore {
 public:
  explicit MemoryStore(std::uint64_t size) : live_(size), synced_(size) {}

  absl::Status write(std::uint64_t offset, ByteView bytes) override {
    std::copy(bytes.begin(), bytes.end(), live_.begin() + static_cast<std::ptrdiff_t>(offset));
    return absl::OkStatus();
  }
  absl::Status read(std::uint64_t offset, std::span<std::uint8_t> out) override {
    std::copy_n(live_.begin() + static_cast<std::ptrdiff_t>(offset), out.size(), out.begin());
    return absl::OkStatus();
  }
  absl::Status save_map(const Bitmap& stored) override {
    synced_ = live_;
    map_ = stored;
    return absl::OkStatus();
  }
  absl::StatusOr<Bitmap> load_map(const Incoming& file) override {
    return map_.size() == file.chunks ? map_ : Bitmap(file.chunks);
  }
  void power_cut() { live_ = synced_; }
  const Bytes& bytes() const { return live_; }

 private:
  Bytes live_;
  Bytes synced_;
  Bitmap map_;
};

// A sealed file in memory.
class MemorySource final : public ChunkSource {
 public:
  explicit MemorySource(Bytes file) : file_(std::move(file)), tree_(wire::kChunkBytes) {
    tree_.update(file_);
    tree_.finish();
  }
  std::uint64_t chunks() const override { return tree_.tree().size(); }
  absl::StatusOr<Chunk> read(std::uint64_t file_chunk) const override {
    const std::size_t at = file_chunk * wire::kChunkBytes;
    const std::size_t size = std::min(wire::kChunkBytes, file_.size() - at);
    const ByteView bytes = ByteView(file_).subspan(at, size);
    return Chunk{{bytes.begin(), bytes.end()}, tree_.tree().inclusion_proof(file_chunk)};
  }
  Incoming offer(const wire::TransferId& id) const {
    return {id, file_.size(), chunks(), crypto::sha256(file_), tree_.tree().root()};
  }
  const Bytes& bytes() const { return file_; }

 private:
  const Bytes file_;
  proof::ChunkTree tree_;
};

MemorySource random_file(std::uint64_t size, unsigned seed) {
  std::mt19937 random(seed);
  Bytes bytes(size);
  for (std::size_t i = 0; i < size; i += 97) bytes[i] = static_cast<std::uint8_t>(random());
  return MemorySource(std::move(bytes));
}

wire::Data data_of(const MemorySource& source, const wire::TransferId& id, std::uint64_t index) {
  Chunk chunk = *source.read(wire::file_chunk_of(index, source.chunks()));
  return {id, index, std::move(chunk.proof), std::move(chunk.bytes)};
}

struct Faults {
  unsigned lose = 0;  // per mille, per message
  unsigned repeat = 0;
  unsigned reorder = 0;
  unsigned tamper = 0;
  unsigned crash = 0;  // per mille, per step, of either end
};

// The two ends, their disks and the pipe.
class Run {
 public:
  Run(unsigned seed, std::uint64_t size, Faults faults)
      : random_(seed),
        faults_(faults),
        source_(random_file(size, seed)),
        store_(size),
        stored_sent_(source_.chunks()) {
    start_sender();
    start_receiver();
  }

  // True: received and right.
  bool run() {
    for (int step = 0; step < 400'000; ++step) {
      if (receiver_->complete()) return receiver_->check_whole().ok();
      if (chance(faults_.crash)) start_sender();
      if (chance(faults_.crash)) {
        store_.power_cut();
        start_receiver();
      }
      turn();
    }
    return false;
  }

  const Bytes& received() const { return store_.bytes(); }
  const Bytes& file() const { return source_.bytes(); }
  int gets = 0;
  int resends = 0;
  int tampered_refused = 0;

 private:
  bool chance(unsigned per_mille) { return random_() % 1000 < per_mille; }

  void start_sender() {
    // Invariant of a crash: marks may be lost, never invented.
    sender_ = Sender();
    sender_.add(id_, "piece", kPeer, stored_sent_, kEpoch + std::chrono::hours{24 * 365});
  }
  void start_receiver() {
    receiver_ = *Receiver::open(source_.offer(id_), store_, 4 + random_() % 60);
  }

  void turn() {
    now_ += milliseconds{5};
    if (const auto get = receiver_->next_get(now_)) {
      ++gets;
      carry(to_gateway_, *get);
    } else if (to_gateway_.empty() && to_requester_.empty()) {
      now_ = std::max(now_, receiver_->wake_at());
    }
    if (!to_gateway_.empty()) at_gateway(take(to_gateway_));
    // Not always all that waits: the pipe delays.
    for (std::size_t n = random_() % 8; n > 0 && !to_requester_.empty(); --n) {
      at_requester(take(to_requester_));
    }
    if (chance(100)) store_marks();
  }

  void store_marks() {
    for (const auto& id : sender_.changed()) {
      stored_sent_ = *sender_.sent_of(id);
      sender_.stored(id);
    }
  }

  void at_gateway(const wire::Get& get) {
    const auto answer = sender_.on_get(kPeer, get, kEpoch + now_);
    if (const auto* resend = std::get_if<Sender::Resend>(&answer)) {
      ++resends;
      if (chance(1000 - faults_.lose)) {
        receiver_->on_resend({wire::to_text(id_), resend->base, resend->bitmap});
      }
    }
    const auto* serve = std::get_if<Sender::Serve>(&answer);
    if (serve == nullptr) return;
    if (!serve->store_first.empty()) store_marks();
    for (const std::uint64_t index : serve->indices) {
      const std::uint64_t last = source_.chunks() - 1;
      if (index == last) {
        // Invariant: by the bitmap on disk every other index was sent.
        const std::uint64_t others = stored_sent_.count() - (stored_sent_.test(last) ? 1 : 0);
        REQUIRE(others == last);
      }
      carry(to_requester_, index);
      sender_.mark_sent(id_, {index});
    }
  }

  void at_requester(std::uint64_t index) {
    wire::Data data = data_of(source_, id_, index);
    const bool tampered = chance(faults_.tamper);
    if (tampered) tamper(data);
    const bool had = data.index < source_.chunks() && receiver_->stored().test(data.index);
    const std::uint64_t before = receiver_->stored().count();
    const absl::Status taken = receiver_->on_data(data, now_);
    if (tampered && !had) {
      REQUIRE(!taken.ok());
      REQUIRE(receiver_->stored().count() == before);
      ++tampered_refused;
    }
  }

  void tamper(wire::Data& data) {
    switch (random_() % 5) {
      case 0:
        data.chunk[random_() % data.chunk.size()] ^= 1;
        break;
      case 1:
        data.chunk.pop_back();
        break;
      case 2:
        data.transfer[0] ^= 1;
        break;
      case 3:
        data.index = source_.chunks();
        break;
      default:
        if (data.proof.empty()) data.proof.push_back({});
        data.proof[random_() % data.proof.size()][5] ^= 0x10;
    }
  }

  template <class Message>
  void carry(std::deque<Message>& pipe, const Message& message) {
    if (chance(faults_.lose)) return;
    pipe.push_back(message);
    if (chance(faults_.repeat)) pipe.push_back(message);
  }

  template <class Message>
  Message take(std::deque<Message>& pipe) {
    if (chance(faults_.reorder)) std::swap(pipe.front(), pipe[random_() % pipe.size()]);
    const Message message = pipe.front();
    pipe.pop_front();
    return message;
  }

  std::mt19937 random_;
  const Faults faults_;
  const MemorySource source_;
  MemoryStore store_;
  const wire::TransferId id_ = wire::random_transfer_id();
  Bitmap stored_sent_;
  Sender sender_;
  std::unique_ptr<Receiver> receiver_;
  std::deque<wire::Get> to_gateway_;
  std::deque<std::uint64_t> to_requester_;
  Duration now_{0};
};

TEST_CASE("over a pipe without faults each chunk is asked for once") {
  Run run(1, wire::kChunkBytes * 100 + 5, {});
  REQUIRE(run.run());
  CHECK(run.received() == run.file());
  CHECK(run.resends == 0);
  CHECK(run.gets <= 60);
}

TEST_CASE("every size around a chunk's end arrives") {
  for (const std::uint64_t size :
       {std::uint64_t{1}, std::uint64_t{wire::kChunkBytes - 1}, std::uint64_t{wire::kChunkBytes},
        std::uint64_t{wire::kChunkBytes + 1}, std::uint64_t{wire::kChunkBytes * 2},
        std::uint64_t{wire::kChunkBytes * 5 + 7}}) {
    Run run(2, size, {});
    REQUIRE(run.run());
    CHECK(run.received() == run.file());
  }
}

TEST_CASE("over a bad pipe, with crashes of both ends, the file arrives and the rule holds") {
  int resends = 0;
  int refused = 0;
  for (unsigned seed = 0; seed < 150; ++seed) {
    const Faults faults{seed % 4 * 60, seed % 3 * 100, seed % 5 * 100, seed % 2 * 50, seed % 7 * 3};
    Run run(seed, wire::kChunkBytes * (1 + seed % 40) + seed, faults);
    REQUIRE(run.run());
    REQUIRE(run.received() == run.file());
    resends += run.resends;
    refused += run.tampered_refused;
  }
  CHECK(resends > 0);
  CHECK(refused > 0);
}

struct Receiving {
  MemorySource source;
  wire::TransferId id = wire::random_transfer_id();
  MemoryStore store;
  std::unique_ptr<Receiver> receiver;
  explicit Receiving(std::uint64_t chunks)
      : source(random_file(wire::kChunkBytes * chunks, 9)),
        store(wire::kChunkBytes * chunks),
        receiver(*Receiver::open(source.offer(id), store)) {}
  void arrive(std::uint64_t index, Duration now) {
    REQUIRE(receiver->on_data(data_of(source, id, index), now).ok());
  }
};

TEST_CASE("credit: 16 outstanding, the next GET at half, none for a duplicate") {
  Receiving r(100);
  const auto first = r.receiver->next_get(milliseconds{0});
  REQUIRE(first);
  CHECK(first->base == 0);
  CHECK(first->bitmap == 0xFFFF);
  CHECK(!r.receiver->next_get(milliseconds{1}));
  for (std::uint64_t i = 0; i < 7; ++i) r.arrive(i, milliseconds{2});
  CHECK(!r.receiver->next_get(milliseconds{2}));
  for (int i = 0; i < 5; ++i) r.arrive(3, milliseconds{3});  // duplicates
  CHECK(!r.receiver->next_get(milliseconds{3}));
  r.arrive(7, milliseconds{4});
  const auto second = r.receiver->next_get(milliseconds{4});
  REQUIRE(second);
  CHECK(second->base == 8);
  CHECK(second->bitmap == 0xFF00);
  CHECK(second->counter > first->counter);
}

TEST_CASE("silence is answered after three seconds, then with back-off") {
  Receiving r(100);
  REQUIRE(r.receiver->next_get(milliseconds{0}));
  CHECK(!r.receiver->next_get(milliseconds{2999}));
  const auto again = r.receiver->next_get(milliseconds{3000});
  REQUIRE(again);
  CHECK(again->bitmap == 0xFFFF);
  CHECK(!r.receiver->next_get(milliseconds{8999}));
  REQUIRE(r.receiver->next_get(milliseconds{9000}));
  CHECK(!r.receiver->next_get(milliseconds{20999}));
  REQUIRE(r.receiver->next_get(milliseconds{21000}));
  r.receiver->on_reconnect();
  REQUIRE(r.receiver->next_get(milliseconds{21001}));
}

TEST_CASE("over a quick line silence is answered after a second") {
  Receiving r(100);
  REQUIRE(r.receiver->next_get(milliseconds{0}));
  for (std::uint64_t i = 0; i < 8; ++i) r.arrive(i, milliseconds{5});
  REQUIRE(r.receiver->next_get(milliseconds{5}));
  CHECK(!r.receiver->next_get(milliseconds{1004}));
  CHECK(r.receiver->next_get(milliseconds{1005}));
}

TEST_CASE("over a slow line that stalls nothing is asked for twice") {
  Receiving r(200);
  std::deque<std::uint64_t> line;
  std::uint64_t asked = 0, arrived = 0;
  milliseconds free{0};
  for (milliseconds now{0}; !r.receiver->complete(); now += milliseconds{10}) {
    while (const auto get = r.receiver->next_get(now)) {
      for (std::uint64_t k = 0; k < wire::kGetWindow; ++k) {
        if ((get->bitmap >> k & 1) != 0) line.push_back(get->base + k);
      }
      asked += static_cast<std::uint64_t>(std::popcount(get->bitmap));
    }
    if (line.empty() || now < free) continue;
    r.arrive(line.front(), now);
    line.pop_front();
    free = now + (++arrived % 20 == 0 ? milliseconds{2500} : milliseconds{250});
  }
  CHECK(asked == 200);
}

TEST_CASE("RESEND fetches again what is on disk, then the last index") {
  Receiving r(4);
  REQUIRE(r.receiver->next_get(milliseconds{0})->bitmap == 0b111);
  for (const std::uint64_t i : {0u, 1u, 2u}) r.arrive(i, milliseconds{1});
  const auto last = r.receiver->next_get(milliseconds{1});
  REQUIRE(last);
  CHECK(last->base == 3);
  CHECK(last->bitmap == 1);
  r.receiver->on_resend({wire::to_text(r.id), 0, 0b101});
  const auto again = r.receiver->next_get(milliseconds{2});
  REQUIRE(again);
  CHECK(again->base == 0);
  CHECK(again->bitmap == 0b101);
  r.arrive(0, milliseconds{3});
  r.arrive(2, milliseconds{3});
  const auto once_more = r.receiver->next_get(milliseconds{3});
  REQUIRE(once_more);
  CHECK(once_more->base == 3);
  r.arrive(3, milliseconds{4});
  CHECK(r.receiver->complete());
  CHECK(r.receiver->check_whole().ok());
}

TEST_CASE("a whole file that is not the offered one counts as nothing") {
  Receiving r(2);
  Incoming lied = r.source.offer(r.id);
  lied.sha256[0] ^= 1;
  MemoryStore store(lied.size);
  auto receiver = *Receiver::open(lied, store);
  for (const std::uint64_t i : {0u, 1u}) {
    REQUIRE(receiver->on_data(data_of(r.source, r.id, i), milliseconds{1}).ok());
  }
  REQUIRE(receiver->complete());
  CHECK(absl::IsDataLoss(receiver->check_whole()));
  CHECK(!receiver->complete());
  CHECK(store.load_map(lied)->count() == 0);
}

TEST_CASE("an offer is read strictly") {
  const MemorySource source = random_file(100, 1);
  const wire::TransferId id = wire::random_transfer_id();
  const Incoming file = source.offer(id);
  wire::Offer::Transfer offered{wire::to_text(id), file.size, file.chunks,
                                crypto::to_hex(file.sha256), crypto::to_hex(file.merkle_root)};
  REQUIRE(incoming_from(offered).ok());
  CHECK(incoming_from(offered)->merkle_root == file.merkle_root);
  offered.chunks = 2;
  CHECK(!incoming_from(offered).ok());
  offered.size = wire::kChunkBytes * (kChunksMax + 1);
  offered.chunks = kChunksMax + 1;
  CHECK(!incoming_from(offered).ok());
  offered = {"x", 100, 1, crypto::to_hex(file.sha256), crypto::to_hex(file.merkle_root)};
  CHECK(!incoming_from(offered).ok());
}

}  // namespace
}  // namespace latchstring::link
