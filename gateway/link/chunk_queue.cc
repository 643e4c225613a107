#include "gateway/link/chunk_queue.h"

#include "gateway/base/ensure.h"
#include "gateway/base/status.h"

namespace latchstring::link {

ChunkQueue::ChunkQueue(Broken broken, Open open)
    : broken_(std::move(broken)), open_(std::move(open)) {}

void ChunkQueue::add(const wire::TransferId& transfer, const Path& path,
                     const crypto::Hash& merkle_root) {
  const std::lock_guard lock(mutex_);
  const auto [file, added] = files_.try_emplace(transfer);
  if (added) file->second.generation = next_generation_++;
  file->second.path = path;
  file->second.merkle_root = merkle_root;
}

bool ChunkQueue::want(const wire::Peer& peer, const wire::TransferId& transfer,
                      const std::vector<std::uint64_t>& indices) {
  const std::lock_guard lock(mutex_);
  const auto found = files_.find(transfer);
  if (found == files_.end() || jobs_ + indices.size() > kJobsMax) return false;
  File& file = found->second;
  file.peer = peer;
  for (const std::uint64_t index : indices) jobs_ += file.wanted.insert(index).second ? 1 : 0;
  return true;
}

void ChunkQueue::forget(const wire::TransferId& transfer) {
  const std::lock_guard lock(mutex_);
  const auto found = files_.find(transfer);
  if (found == files_.end()) return;
  drop_wanted(found->second);
  files_.erase(found);
  forgotten_.push_back(transfer);
}

void ChunkQueue::clear() {
  const std::lock_guard lock(mutex_);
  for (auto& [id, file] : files_) file.wanted.clear();
  jobs_ = 0;
}

absl::StatusOr<std::optional<ChunkQueue::Published>> ChunkQueue::publish_next(
    const Publish& publish) {
  for (;;) {
    const std::optional<Job> job = next_job();
    if (!job) return std::nullopt;
    const absl::StatusOr<wire::Data> data = read(*job);
    {
      // Held while it is published: forget() returns before or after, never in between.
      const std::lock_guard lock(mutex_);
      if (!is_current(*job)) continue;
      if (data.ok()) {
        LS_RETURN_IF_ERROR(publish(job->peer, *data));
        return Published{job->transfer, job->index};
      }
      drop_wanted(files_.at(job->transfer));
    }
    opened_.erase(job->transfer);
    if (broken_) broken_(job->transfer, data.status());
  }
}

std::optional<ChunkQueue::Job> ChunkQueue::next_job() {
  const std::lock_guard lock(mutex_);
  for (const wire::TransferId& id : forgotten_) opened_.erase(id);
  forgotten_.clear();
  if (jobs_ == 0) return std::nullopt;
  auto turn = files_.upper_bound(served_last_);
  for (std::size_t tried = 0; tried <= files_.size(); ++tried, ++turn) {
    if (turn == files_.end()) turn = files_.begin();
    File& file = turn->second;
    if (file.wanted.empty()) continue;
    Job job{turn->first, *file.wanted.begin(), file.generation,
            file.path,   file.merkle_root,     file.peer};
    file.wanted.erase(file.wanted.begin());
    --jobs_;
    served_last_ = turn->first;
    return job;
  }
  ensure(false);  // jobs_ counts what is wanted
  return std::nullopt;
}

// While it was read, somebody may have taken it back.
bool ChunkQueue::is_current(const Job& job) const {
  const auto found = files_.find(job.transfer);
  return found != files_.end() && found->second.generation == job.generation;
}

void ChunkQueue::drop_wanted(File& file) {
  jobs_ -= file.wanted.size();
  file.wanted.clear();
}

absl::StatusOr<wire::Data> ChunkQueue::read(const Job& job) {
  LS_ASSIGN(const ChunkFile* file, opened(job));
  if (job.index >= file->chunks()) return invalid("the file has {} chunks", file->chunks());
  LS_ASSIGN(Chunk chunk, file->read(wire::file_chunk_of(job.index, file->chunks())));
  return wire::Data{job.transfer, job.index, std::move(chunk.proof), std::move(chunk.bytes)};
}

absl::StatusOr<const ChunkFile*> ChunkQueue::opened(const Job& job) {
  auto found = opened_.find(job.transfer);
  if (found == opened_.end()) {
    LS_ASSIGN(auto file, open_(job.path));
    found = opened_.emplace(job.transfer, Opened{std::move(file), 0}).first;
  } else if (!found->second.file->is_open()) {
    LS_RETURN_IF_ERROR(found->second.file->reopen());
  }
  const ChunkFile& file = *found->second.file;
  if (file.root() != job.merkle_root) {
    return data_loss("`{}` is not the file that was offered", job.path.string());
  }
  found->second.used = ++uses_;
  keep_limits();
  return &file;
}

// The one in use was used last, so that it is never the one that goes.
void ChunkQueue::keep_limits() {
  std::size_t descriptors = 0;
  std::uint64_t bytes = 0;
  for (const auto& [id, opened] : opened_) {
    descriptors += opened.file->is_open() ? 1 : 0;
    bytes += opened.file->tree_bytes();
  }
  for (; descriptors > kOpenFilesMax; --descriptors) least_used(true)->second.file->close();
  while (bytes > kTreeBytesMax && opened_.size() > 1) {
    const auto least = least_used(false);
    bytes -= least->second.file->tree_bytes();
    opened_.erase(least);
  }
}

std::map<wire::TransferId, ChunkQueue::Opened>::iterator ChunkQueue::least_used(bool open_only) {
  auto least = opened_.end();
  for (auto one = opened_.begin(); one != opened_.end(); ++one) {
    if (open_only && !one->second.file->is_open()) continue;
    if (least == opened_.end() || one->second.used < least->second.used) least = one;
  }
  ensure(least != opened_.end());
  return least;
}

}  // namespace latchstring::link
