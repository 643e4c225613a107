#include "gateway/link/gateway_link.h"

#include <algorithm>
#include <map>
#include <mutex>
#include <set>

#include "gateway/base/ensure.h"
#include "gateway/base/status.h"
#include "gateway/wire/control.h"

namespace latchstring::link {
namespace {

constexpr int kControlQos = 1;
constexpr int kDataQos = 0;
constexpr std::size_t kReportEvery = 8;  // published chunks per on_sent()

class Link final : public GatewayLink {
 public:
  Link(std::string gateway, Callbacks callbacks)
      : gateway_(std::move(gateway)), callbacks_(std::move(callbacks)) {}
  // The link thread uses all members: it ends first.
  ~Link() override { mqtt_.reset(); }

  absl::Status connect(MqttOptions options);

  bool send_control(const wire::Peer& peer, Bytes sealed) override {
    return mqtt_->publish({wire::control_topic(gateway_, peer), std::move(sealed), kControlQos});
  }
  void add_file(const wire::TransferId& transfer, const Path& path,
                const crypto::Hash& merkle_root) override;
  bool send_data(const wire::Peer& peer, const wire::TransferId& transfer,
                 const std::vector<std::uint64_t>& indices) override;
  void forget(const wire::TransferId& transfer) override;
  bool up() const override { return mqtt_->up(); }

 private:
  struct File {
    Path path;
    crypto::Hash merkle_root{};
    wire::Peer peer;
    std::set<std::uint64_t> wanted;  // the last index of a file sorts last, as it must
  };
  struct Job {
    wire::TransferId transfer{};
    std::uint64_t index = 0;
    File file;  // path, root and peer
  };

  void on_down(const absl::Status& why);
  void on_message(std::string_view topic, ByteView payload);
  std::optional<Mqtt::Outgoing> next_data();
  std::optional<Job> next_job();
  absl::StatusOr<Mqtt::Outgoing> read(const Job& job);
  absl::StatusOr<const ChunkFile*> opened(const Job& job);
  void drop_jobs(const wire::TransferId& transfer);
  void note_published();
  void report();

  const std::string gateway_;
  const Callbacks callbacks_;

  std::mutex mutex_;
  std::map<wire::TransferId, File> files_;   // guarded by mutex_
  std::size_t jobs_ = 0;                     // guarded by mutex_; all `wanted` together
  wire::TransferId served_last_{};           // guarded by mutex_; transfers take turns
  std::vector<wire::TransferId> forgotten_;  // guarded by mutex_; to be closed

  // Link thread only.
  struct Open {
    std::unique_ptr<ChunkFile> file;
    std::uint64_t used = 0;
  };
  std::map<wire::TransferId, Open> open_;
  std::uint64_t uses_ = 0;
  std::optional<std::pair<wire::TransferId, std::uint64_t>> handed_over_;
  std::map<wire::TransferId, std::vector<std::uint64_t>> published_;
  std::size_t published_count_ = 0;

  std::unique_ptr<Mqtt> mqtt_;
};

absl::Status Link::connect(MqttOptions options) {
  options.subscriptions = {wire::all_inboxes_filter(gateway_)};
  Mqtt::Callbacks callbacks;
  callbacks.on_up = callbacks_.on_up;
  callbacks.on_down = [this](const absl::Status& why) { on_down(why); };
  callbacks.on_message = [this](std::string_view topic, ByteView payload) {
    on_message(topic, payload);
  };
  callbacks.next_data = [this] { return next_data(); };
  LS_ASSIGN(mqtt_, Mqtt::start(std::move(options), std::move(callbacks)));
  return absl::OkStatus();
}

void Link::add_file(const wire::TransferId& transfer, const Path& path,
                    const crypto::Hash& merkle_root) {
  const std::lock_guard lock(mutex_);
  File& file = files_[transfer];
  file.path = path;
  file.merkle_root = merkle_root;
}

bool Link::send_data(const wire::Peer& peer, const wire::TransferId& transfer,
                     const std::vector<std::uint64_t>& indices) {
  {
    const std::lock_guard lock(mutex_);
    const auto found = files_.find(transfer);
    if (!mqtt_->up() || found == files_.end() || jobs_ + indices.size() > kJobsMax) return false;
    File& file = found->second;
    file.peer = peer;
    for (const std::uint64_t index : indices) jobs_ += file.wanted.insert(index).second ? 1 : 0;
  }
  mqtt_->wake();
  return true;
}

void Link::forget(const wire::TransferId& transfer) {
  drop_jobs(transfer);
  {
    const std::lock_guard lock(mutex_);
    files_.erase(transfer);
    forgotten_.push_back(transfer);
  }
  mqtt_->wake();
}

void Link::drop_jobs(const wire::TransferId& transfer) {
  const std::lock_guard lock(mutex_);
  const auto found = files_.find(transfer);
  if (found == files_.end()) return;
  jobs_ -= found->second.wanted.size();
  found->second.wanted.clear();
}

void Link::on_down(const absl::Status& why) {
  {
    // Who reconnects asks again.
    const std::lock_guard lock(mutex_);
    for (auto& [id, file] : files_) file.wanted.clear();
    jobs_ = 0;
  }
  // The chunk handed over last may not have left: it counts as unsent.
  handed_over_.reset();
  report();
  if (callbacks_.on_down) callbacks_.on_down(why);
}

void Link::on_message(std::string_view topic, ByteView payload) {
  // First what was sent before this arrived: its GET may rest on it.
  report();
  if (payload.size() > wire::kMessageMax) return;
  auto peer = wire::peer_of_inbox_topic(gateway_, topic);
  if (!peer.ok()) return;
  callbacks_.on_message(*std::move(peer), Bytes(payload.begin(), payload.end()));
}

std::optional<Mqtt::Outgoing> Link::next_data() {
  note_published();
  for (;;) {
    const std::optional<Job> job = next_job();
    if (!job) {
      report();
      return std::nullopt;
    }
    absl::StatusOr<Mqtt::Outgoing> message = read(*job);
    if (message.ok()) {
      handed_over_ = {job->transfer, job->index};
      return *std::move(message);
    }
    drop_jobs(job->transfer);
    open_.erase(job->transfer);
    if (callbacks_.on_broken) callbacks_.on_broken(job->transfer, message.status());
  }
}

// Called after the publish of the chunk that next_data() returned before.
void Link::note_published() {
  if (!handed_over_) return;
  published_[handed_over_->first].push_back(handed_over_->second);
  handed_over_.reset();
  if (++published_count_ >= kReportEvery) report();
}

void Link::report() {
  if (handed_over_) {
    published_[handed_over_->first].push_back(handed_over_->second);
    handed_over_.reset();
  }
  for (auto& [transfer, indices] : published_) callbacks_.on_sent(transfer, std::move(indices));
  published_.clear();
  published_count_ = 0;
}

std::optional<Link::Job> Link::next_job() {
  const std::lock_guard lock(mutex_);
  for (const wire::TransferId& id : forgotten_) open_.erase(id);
  forgotten_.clear();
  if (jobs_ == 0) return std::nullopt;
  auto turn = files_.upper_bound(served_last_);
  for (std::size_t tried = 0; tried <= files_.size(); ++tried, ++turn) {
    if (turn == files_.end()) turn = files_.begin();
    if (turn->second.wanted.empty()) continue;
    File& file = turn->second;
    Job job{turn->first, *file.wanted.begin(), {file.path, file.merkle_root, file.peer, {}}};
    file.wanted.erase(file.wanted.begin());
    --jobs_;
    served_last_ = turn->first;
    return job;
  }
  ensure(false);  // jobs_ counts what is wanted
  return std::nullopt;
}

absl::StatusOr<Mqtt::Outgoing> Link::read(const Job& job) {
  LS_ASSIGN(const ChunkFile* file, opened(job));
  if (job.index >= file->chunks()) return invalid("the file has {} chunks", file->chunks());
  LS_ASSIGN(Chunk chunk, file->read(wire::file_chunk_of(job.index, file->chunks())));
  const wire::Data data{job.transfer, job.index, std::move(chunk.proof), std::move(chunk.bytes)};
  return Mqtt::Outgoing{wire::data_topic(gateway_, job.file.peer), wire::encode(data), kDataQos};
}

absl::StatusOr<const ChunkFile*> Link::opened(const Job& job) {
  const auto found = open_.find(job.transfer);
  if (found != open_.end()) {
    found->second.used = ++uses_;
    return found->second.file.get();
  }
  if (open_.size() >= kOpenFilesMax) {
    open_.erase(std::min_element(open_.begin(), open_.end(), [](const auto& a, const auto& b) {
      return a.second.used < b.second.used;
    }));
  }
  LS_ASSIGN(auto file, ChunkFile::open(job.file.path));
  if (file->root() != job.file.merkle_root) {
    return data_loss("`{}` is not the file that was offered", job.file.path.string());
  }
  Open& entry = open_[job.transfer];
  entry = {std::move(file), ++uses_};
  return entry.file.get();
}

}  // namespace

absl::StatusOr<std::unique_ptr<GatewayLink>> GatewayLink::start(std::string gateway,
                                                                MqttOptions options,
                                                                Callbacks callbacks) {
  ensure(callbacks.on_message != nullptr && callbacks.on_sent != nullptr);
  auto link = std::make_unique<Link>(std::move(gateway), std::move(callbacks));
  LS_RETURN_IF_ERROR(link->connect(std::move(options)));
  return link;
}

}  // namespace latchstring::link
