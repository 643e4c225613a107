// An officer's disk that forgets what was not synced: writes count when save_map() made them so.
#pragma once

#include <map>
#include <optional>

#include "gateway/link/receiver.h"

namespace latchstring::sim {

class ForgetfulPart final : public link::PartStore {
 public:
  absl::Status write(std::uint64_t offset, ByteView bytes) override {
    unsynced_[offset] = Bytes(bytes.begin(), bytes.end());
    return absl::OkStatus();
  }
  absl::Status read(std::uint64_t offset, std::span<std::uint8_t> out) override {
    const auto& chunks = unsynced_.contains(offset) ? unsynced_ : synced_;
    const auto found = chunks.find(offset);
    if (found == chunks.end() || found->second.size() != out.size()) {
      return absl::DataLossError("no such chunk");
    }
    std::copy(found->second.begin(), found->second.end(), out.begin());
    return absl::OkStatus();
  }
  absl::Status save_map(const link::Bitmap& stored) override {
    for (auto& [offset, bytes] : unsynced_) synced_[offset] = std::move(bytes);
    unsynced_.clear();
    map_ = stored;
    return absl::OkStatus();
  }
  absl::StatusOr<link::Bitmap> load_map(const link::Incoming& file) override {
    return map_ ? *map_ : link::Bitmap(file.chunks);
  }

  void crash() { unsynced_.clear(); }
  // The file, its chunks in order.
  Bytes bytes() const {
    std::map<std::uint64_t, Bytes> chunks = synced_;
    for (const auto& [offset, part] : unsynced_) chunks[offset] = part;
    Bytes whole;
    for (const auto& [offset, part] : chunks) whole.insert(whole.end(), part.begin(), part.end());
    return whole;
  }

 private:
  std::map<std::uint64_t, Bytes> unsynced_;  // by offset in the file
  std::map<std::uint64_t, Bytes> synced_;
  std::optional<link::Bitmap> map_;
};

}  // namespace latchstring::sim
