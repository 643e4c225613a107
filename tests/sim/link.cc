#include "tests/sim/link.h"

#include "gateway/base/ensure.h"
#include "tests/sim/world.h"

namespace latchstring::sim {

SimLink::SimLink(Outside outside) : out_(std::move(outside)) {
  pace_ = out_.random.between(milliseconds{1},
                              out_.random.chance(0.3) ? seconds{2} : milliseconds{100});
}

bool SimLink::send_control(const wire::Peer& peer, Bytes sealed) {
  if (!up_) return false;
  out_.faults.boundary("letter, before it leaves");
  out_.on_letter(peer, sealed);
  out_.transmit(peer, false, std::move(sealed));
  out_.faults.boundary("letter, after it left");
  return true;
}

void SimLink::add_file(const wire::TransferId& transfer, const Path& path,
                       const crypto::Hash& merkle_root) {
  File& file = files_[transfer];
  file.path = path;
  file.merkle_root = merkle_root;
}

bool SimLink::send_data(const wire::Peer& peer, const wire::TransferId& transfer,
                        const std::vector<std::uint64_t>& indices) {
  out_.faults.boundary("chunks asked of the link");
  const auto found = files_.find(transfer);
  if (!up_ || found == files_.end()) return false;
  found->second.peer = peer;
  found->second.wanted.insert(indices.begin(), indices.end());
  if (!pumping_) {
    pumping_ = true;
    out_.later(milliseconds{1}, [this] { pump(); });
  }
  return true;
}

void SimLink::forget(const wire::TransferId& transfer) {
  files_.erase(transfer);
}

void SimLink::set_up(bool up) {
  up_ = up;
  if (up) return;
  for (auto& [id, file] : files_) file.wanted.clear();
  report();
}

void SimLink::pump() {
  pumping_ = false;
  for (auto& [id, file] : files_) {
    if (!up_ || file.wanted.empty()) continue;
    const std::uint64_t index = *file.wanted.begin();
    file.wanted.erase(file.wanted.begin());
    publish(id, file, index);
    pumping_ = true;
    out_.later(pace_, [this] { pump(); });
    return;
  }
  report();
}

void SimLink::publish(const wire::TransferId& transfer, File& file, std::uint64_t index) {
  if (file.open == nullptr) {
    auto opened = link::ChunkFile::open(file.path);
    if (!opened.ok()) throw Violation("what is on offer lies in the outbox", file.path.string());
    file.open = *std::move(opened);
    ensure(file.open->root() == file.merkle_root);
  }
  auto chunk = file.open->read(wire::file_chunk_of(index, file.open->chunks()));
  ensure(chunk.ok());
  const bool last = index + 1 == file.open->chunks();
  if (last) out_.faults.boundary("last index, before it leaves");
  out_.on_chunk(transfer, index);
  out_.transmit(
      file.peer, true,
      wire::encode(wire::Data{transfer, index, std::move(chunk->proof), std::move(chunk->bytes)}));
  published_[transfer].push_back(index);
  out_.faults.boundary(last ? "last index, after it left" : "chunk left, not marked");
  if (out_.random.chance(0.2)) report();
}

void SimLink::report() {
  auto published = std::move(published_);
  published_.clear();
  for (const auto& [transfer, indices] : published) out_.on_sent(transfer, indices);
}

}  // namespace latchstring::sim
