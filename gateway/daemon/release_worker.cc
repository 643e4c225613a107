#include "gateway/daemon/release_worker.h"

#include <algorithm>
#include <filesystem>

#include "gateway/base/status.h"

namespace latchstring::daemon {

ReleaseWorker::ReleaseWorker(Loop& loop, archive::Cutter cutter, const redact::Redactor& redactor,
                             const seal::Sealer& sealer, std::function<void(Made)> on_made)
    : loop_(loop),
      cutter_(std::move(cutter)),
      redactor_(redactor),
      sealer_(sealer),
      on_made_(std::move(on_made)),
      thread_([this] { serve(); }) {}

ReleaseWorker::~ReleaseWorker() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    for (const auto& [key, cancel] : held_) cancel->request();
  }
  wake_.notify_all();
  thread_.join();
}

ReleaseWorker::Key ReleaseWorker::key_of(const Work& work) {
  return {work.grant.terms().release_id, work.grant.terms().piece};
}

void ReleaseWorker::start(Work work) {
  const Key key = key_of(work);
  auto cancel = std::make_shared<worker::Cancel>();
  {
    const std::lock_guard lock(mutex_);
    held_[key] = cancel;
    waiting_.push_back({std::move(work), std::move(cancel)});
  }
  wake_.notify_one();
}

void ReleaseWorker::cancel(const Key& key) {
  const std::lock_guard lock(mutex_);
  const auto found = held_.find(key);
  if (found == held_.end()) return;
  found->second->request();
  held_.erase(found);
}

bool ReleaseWorker::is_free() const {
  const std::lock_guard lock(mutex_);
  return held_.empty();
}

std::set<int> ReleaseWorker::pieces_of(const std::string& release) const {
  const std::lock_guard lock(mutex_);
  std::set<int> pieces;
  for (const auto& [key, cancel] : held_) {
    if (key.first == release) pieces.insert(key.second);
  }
  return pieces;
}

std::optional<double> ReleaseWorker::progress(const Key& key) const {
  const std::lock_guard lock(mutex_);
  if (at_work_ != key) return std::nullopt;
  return progress_;
}

void ReleaseWorker::serve() {
  for (;;) {
    std::optional<Job> job;
    {
      std::unique_lock lock(mutex_);
      wake_.wait(lock, [this] { return stopping_ || !waiting_.empty(); });
      if (stopping_) return;
      job.emplace(std::move(waiting_.front()));
      waiting_.pop_front();
      at_work_ = key_of(job->work);
      progress_ = 0;
    }
    const Key key = key_of(job->work);
    const Instant delete_after = job->work.context.delete_at();
    const Path folder = job->work.folder;
    const auto cancel = job->cancel;
    auto parts = make(*job);
    job.reset();  // ends the lease
    if (!folder.empty() && (!parts.ok() || cancel->requested())) {
      std::error_code ignored;
      std::filesystem::remove_all(folder, ignored);
    }
    report({key, std::move(parts), delete_after}, cancel);
  }
}

void ReleaseWorker::report(Made done, std::shared_ptr<worker::Cancel> cancel) {
  {
    const std::lock_guard lock(mutex_);
    at_work_.reset();
  }
  auto made = std::make_shared<Made>(std::move(done));
  // A dropped post: the loop stops. The piece stays `working` in the database and is made anew.
  [[maybe_unused]] const bool posted = loop_.post([this, made, cancel] {
    if (cancel->requested()) return;  // cancelled meanwhile: cancel() let go of it
    {
      const std::lock_guard lock(mutex_);
      held_.erase(made->key);
    }
    on_made_(std::move(*made));
  });
}

absl::StatusOr<ReleaseWorker::Parts> ReleaseWorker::make(Job& job) {
  const worker::Cancel& cancel = *job.cancel;
  if (cancel.requested()) return absl::CancelledError("taken back before it began");
  LS_ASSIGN(std::vector<Clip> clips, cutter_.cut(std::move(job.work.grant), job.work.footage));
  if (clips.size() > kPartsMax) {
    return exhausted("the footage makes {} parts, more than {}", clips.size(), kPartsMax);
  }
  job.work.context.parts = static_cast<int>(clips.size());
  Parts parts = std::vector<seal::PackedClip>{};
  if (!job.work.folder.empty()) {
    LS_RETURN_IF_ERROR(make_folder(job.work.folder));
    parts = std::vector<SealedClip>{};
  }
  std::size_t done = 0;
  const double share = 1.0 / static_cast<double>(clips.size());
  for (Clip& clip : clips) {
    const double share_from = static_cast<double>(done++) * share;
    LS_ASSIGN(RedactedClip redacted, redact(std::move(clip), cancel, share_from, share));
    LS_RETURN_IF_ERROR(add(std::move(redacted), job.work, cancel, parts));
  }
  return parts;
}

absl::Status ReleaseWorker::add(RedactedClip redacted, const Work& work,
                                const worker::Cancel& cancel, Parts& parts) {
  if (auto* packed = std::get_if<std::vector<seal::PackedClip>>(&parts)) {
    LS_ASSIGN(
        seal::PackedClip clip,
        sealer_.pack(std::move(redacted), static_cast<int>(packed->size()) + 1, work.context));
    packed->push_back(std::move(clip));
    return absl::OkStatus();
  }
  auto& sealed = std::get<std::vector<SealedClip>>(parts);
  LS_ASSIGN(SealedClip clip,
            sealer_.seal(std::move(redacted), static_cast<int>(sealed.size()) + 1, work.context,
                         work.folder, [&cancel] { return cancel.requested(); }));
  sealed.push_back(std::move(clip));
  return absl::OkStatus();
}

absl::StatusOr<RedactedClip> ReleaseWorker::redact(Clip clip, const worker::Cancel& cancel,
                                                   double share_from, double share) {
  if (clip.terms().native) return redactor_.pass(std::move(clip), cancel);
  const auto on_progress = [this, share_from, share](double done) {
    const std::lock_guard lock(mutex_);
    progress_ = std::max(progress_, share_from + share * done);
  };
  return redactor_.redact(std::move(clip), on_progress, cancel);
}

}  // namespace latchstring::daemon
