#include <algorithm>

#include "gateway/base/ensure.h"
#include "gateway/proof/merkle.h"

namespace latchstring::proof {
namespace {

constexpr std::uint8_t kLeafPrefix = 0x00;

}  // namespace

ChunkTree::ChunkTree(std::size_t chunk_bytes) : chunk_bytes_(chunk_bytes) {
  ensure(chunk_bytes > 0);
  chunk_.update({&kLeafPrefix, 1});
}

void ChunkTree::update(ByteView bytes) {
  while (!bytes.empty()) {
    // A full chunk is closed when the next byte comes, so that a file never ends in an empty one.
    if (filled_ == chunk_bytes_) close_chunk();
    const ByteView part = bytes.first(std::min(bytes.size(), chunk_bytes_ - filled_));
    chunk_.update(part);
    filled_ += part.size();
    bytes = bytes.subspan(part.size());
  }
}

void ChunkTree::finish() {
  close_chunk();
}

void ChunkTree::close_chunk() {
  tree_.append(chunk_.finish());
  chunk_.update({&kLeafPrefix, 1});
  filled_ = 0;
}

}  // namespace latchstring::proof
