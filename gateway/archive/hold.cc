#include "gateway/archive/hold.h"

#include <algorithm>
#include <charconv>

#include "gateway/archive/segment_file.h"
#include "gateway/base/status.h"
#include "gateway/crypto/encoding.h"

namespace latchstring::archive {
namespace {

constexpr std::uint64_t kHoldTextMax = 1 << 20;
constexpr std::string_view kVersionLine = "latchstring hold 1\n";
constexpr std::string_view kUntil = "until ";
constexpr std::string_view kBytes = "bytes ";
constexpr const char* kHoldText = "hold.txt";

std::string file_name(const SegmentName& name) {
  std::string file = name.id() + ".age";
  std::replace(file.begin(), file.end(), '/', '.');
  return file;
}

absl::StatusOr<HeldFile> hold_segment(const HoldJob& job, const Segment& segment,
                                      const DayKeys& keys) {
  const Path source = file_of(job.segments, segment.name);
  LS_ASSIGN(const crypto::age::Identity identity, keys.identity(segment.name.day, source));
  LS_ASSIGN(const PlainFile plain, open_plain(source, identity));
  HeldFile held{segment.name.id(), file_name(segment.name), 0, {}};
  const Path file = job.folder / held.file;
  LS_ASSIGN(const std::unique_ptr<SegmentWriter> writer,
            SegmentWriter::create(file.string() + ".part", file, job.household));
  LS_RETURN_IF_ERROR(
      read_through(plain, [&writer](ByteView bytes) { return writer->write(bytes); }));
  LS_ASSIGN(Written written, writer->finish());
  if (written.sha256 != segment.sha256) return data_loss("it is not what the index says");
  held.size_bytes = written.size_bytes;
  held.sha256 = std::move(written.sha256);
  return held;
}

// Takes `prefix` VALUE `\n` off the front.
std::optional<std::string_view> take_line(std::string_view& text, std::string_view prefix) {
  const std::size_t end = text.find('\n');
  if (end == text.npos || !text.starts_with(prefix)) return std::nullopt;
  const std::string_view value = text.substr(prefix.size(), end - prefix.size());
  text.remove_prefix(end + 1);
  return value;
}

}  // namespace

bool is_hold_name(std::string_view text) {
  return crypto::is_id(text);
}

absl::StatusOr<HeldFiles> run_hold(const HoldJob& job, const DayKeys& keys) {
  LS_RETURN_IF_ERROR(remove_hold(job.folder));  // what a crash had left of it
  HeldFiles held{job.hold, job.folder, {}};
  for (const Segment& segment : job.footage.segments) {
    absl::StatusOr<HeldFile> file = hold_segment(job, segment, keys);
    if (!file.ok()) {
      (void)remove_hold(job.folder);  // the next start removes what stays
      return within(fmt::format("cannot hold the segment `{}`", segment.name.id()), file.status());
    }
    held.files.push_back(*std::move(file));
  }
  return held;
}

absl::StatusOr<Hold> finish_hold(const HeldFiles& held, Instant until) {
  Hold hold{until, 0};
  std::string files;
  for (const HeldFile& file : held.files) {
    hold.size_bytes += file.size_bytes;
    files += fmt::format("{}  {}\n", file.sha256, file.file);
  }
  const std::string text = fmt::format("{}{}{}\n{}{}\n{}", kVersionLine, kUntil, to_rfc3339(until),
                                       kBytes, hold.size_bytes, files);
  LS_RETURN_IF_ERROR(write_file_durably(held.folder / kHoldText, text, 0600));
  return hold;
}

absl::StatusOr<std::optional<Hold>> read_hold(const Path& folder) {
  absl::StatusOr<std::string> content = read_file(folder / kHoldText, kHoldTextMax);
  if (absl::IsNotFound(content.status())) return std::nullopt;
  if (!content.ok()) return content.status();
  std::string_view text = *content;
  if (!text.starts_with(kVersionLine)) {
    return not_now("`{}` is not a hold of this program's version", (folder / kHoldText).string());
  }
  text.remove_prefix(kVersionLine.size());
  const auto until_text = take_line(text, kUntil);
  const auto bytes_text = take_line(text, kBytes);
  if (!until_text || !bytes_text)
    return data_loss("`{}` is damaged", (folder / kHoldText).string());
  Hold hold;
  LS_ASSIGN(hold.until, from_rfc3339(*until_text));
  std::from_chars(bytes_text->data(), bytes_text->data() + bytes_text->size(), hold.size_bytes);
  return hold;
}

absl::Status remove_hold(const Path& folder) {
  // The list first: without it the rest is an unfinished hold, which any start removes.
  std::error_code failed;
  if (!std::filesystem::exists(folder, failed)) return absl::OkStatus();
  LS_RETURN_IF_ERROR(remove_durably(folder / kHoldText));
  std::filesystem::remove_all(folder, failed);
  if (failed) return unavailable("cannot remove `{}`: {}", folder.string(), failed.message());
  return sync_folder(folder.parent_path());
}

}  // namespace latchstring::archive
