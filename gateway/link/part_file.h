// PartFile: a PartStore in a folder: NAME.part holds the chunks at their place, NAME.map says which
// of them are there. The map names the file by its Merkle root, so that the map of another file of
// the same name is never believed. Format of the map: docs/ref/transfer.md.
#pragma once

#include <absl/status/statusor.h>

#include <memory>

#include "gateway/base/files.h"
#include "gateway/link/receiver.h"

namespace latchstring::link {

class PartFile final : public PartStore {
 public:
  static absl::StatusOr<std::unique_ptr<PartFile>> open(const Path& folder, std::string_view name);

  absl::Status write(std::uint64_t offset, ByteView bytes) override;
  absl::Status read(std::uint64_t offset, std::span<std::uint8_t> out) override;
  absl::Status save_map(const Bitmap& stored) override;
  absl::StatusOr<Bitmap> load_map(const Incoming& file) override;

  // The checked file under its own name; the map goes.
  absl::Status finish(const Path& target);
  // Both files go: the transfer was taken back.
  absl::Status discard();

 private:
  PartFile(Path part, Path map, UniqueFd fd);
  const Path part_;
  const Path map_;
  const UniqueFd fd_;
  crypto::Hash root_{};
  std::uint64_t size_ = 0;
};

}  // namespace latchstring::link
