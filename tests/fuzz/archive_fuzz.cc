// Names of segments have one spelling, and only the file that holds a segment's own box passes for
// it.
#include <algorithm>

#include "gateway/archive/segment_file.h"
#include "gateway/base/ensure.h"
#include "gateway/base/status.h"

using namespace latchstring;

namespace {

absl::Status read_at(ByteView file, std::uint64_t offset, std::span<std::uint8_t> out) {
  if (offset > file.size() || out.size() > file.size() - offset) return data_loss("ends early");
  std::copy_n(file.begin() + static_cast<std::ptrdiff_t>(offset), out.size(), out.begin());
  return absl::OkStatus();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteView file(data, size);
  const auto name = archive::SegmentName::parse(as_text(file));
  if (name) ensure(name->id() == as_text(file) && archive::SegmentName::parse(name->id()) == name);

  const auto known = *archive::SegmentName::parse("front/2026-05-04/12-abcdefghij");
  const auto view = archive::media_view(
      [file](std::uint64_t offset, std::span<std::uint8_t> out) {
        return read_at(file, offset, out);
      },
      size, known);
  if (!view.ok()) return 0;
  const Bytes box = known.box();
  ensure(
      std::equal(box.begin(), box.end(), file.begin() + static_cast<std::ptrdiff_t>(view->box_at)));
  Bytes seen(static_cast<std::size_t>(view->size));
  ensure(view->read_at(0, seen).ok());
  ensure(seen.size() + box.size() == size);
  return 0;
}
