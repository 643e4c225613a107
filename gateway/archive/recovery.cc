#include "gateway/archive/recovery.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

#include "gateway/archive/segment_file.h"
#include "gateway/base/status.h"
#include "gateway/crypto/encoding.h"

namespace latchstring::archive {
namespace {

// Names in a folder, sorted; none where there is no folder.
absl::StatusOr<std::vector<std::string>> names_in(const Path& folder) {
  std::vector<std::string> names;
  std::error_code failed;
  std::filesystem::directory_iterator entry(folder, failed);
  if (failed == std::errc::no_such_file_or_directory) return names;
  while (!failed && entry != std::filesystem::directory_iterator()) {
    names.push_back(entry->path().filename().string());
    entry.increment(failed);
  }
  if (failed) return unavailable("cannot read folder `{}`: {}", folder.string(), failed.message());
  std::sort(names.begin(), names.end());
  return names;
}

Instant end_of(const media::SegmentScan& scan) {
  const media::FragmentMark& last = scan.fragments.back();
  return last.first_frame_utc +
         std::chrono::ceil<Duration>(std::chrono::nanoseconds(last.duration_ns));
}

media::ReadAt in_memory(const Bytes& bytes) {
  return [&bytes](std::uint64_t offset, std::span<std::uint8_t> out) -> absl::Status {
    if (offset > bytes.size() || out.size() > bytes.size() - offset) {
      return data_loss("the file ends early");
    }
    std::copy_n(bytes.begin() + static_cast<std::ptrdiff_t>(offset), out.size(), out.begin());
    return absl::OkStatus();
  };
}

absl::StatusOr<Bytes> whole_chunks(const Path& file, const crypto::age::Identity& identity) {
  LS_ASSIGN(const UniqueFd fd, open_file(file, O_RDONLY));
  struct stat found {};
  if (::fstat(fd.get(), &found) != 0) {
    return errno_status(fmt::format("cannot stat `{}`", file.string()));
  }
  return crypto::age::recover_truncated(
      static_cast<std::uint64_t>(found.st_size),
      [&fd](std::uint64_t offset, std::span<std::uint8_t> out) {
        return pread_all(fd.get(), out, offset);
      },
      identity, kSegmentFileMax);
}

// Whole fragments from the start of a file on.
struct Rest {
  Bytes plain;
  media::SegmentScan scan;
};

// nullopt: not one.
absl::StatusOr<std::optional<Rest>> rest_of(const Path& file, const SegmentName& name,
                                            const crypto::age::Identity& identity) {
  absl::StatusOr<Bytes> plain = whole_chunks(file, identity);
  // Cut short inside the age header: nothing was written that could be read.
  if (absl::IsInvalidArgument(plain.status()) || absl::IsDataLoss(plain.status())) {
    return std::nullopt;
  }
  if (!plain.ok()) return plain.status();
  if (plain->empty()) return std::nullopt;
  LS_ASSIGN(const MediaView view, media_view(in_memory(*plain), plain->size(), name));
  LS_ASSIGN(media::SegmentScan scan, media::scan_segment(view.read_at, view.size));
  if (scan.fragments.empty()) return std::nullopt;
  const std::uint64_t whole = view.plain_offset(scan.whole_bytes);
  plain->resize(static_cast<std::size_t>(whole));
  return Rest{*std::move(plain), std::move(scan)};
}

absl::StatusOr<Segment> write_anew(const Path& segments, SegmentName name, const Bytes& plain,
                                   const media::SegmentScan& scan,
                                   const crypto::age::Recipient& recipient) {
  name.recovered = true;
  LS_ASSIGN(const std::unique_ptr<SegmentWriter> writer,
            SegmentWriter::create(part_of(segments, name), file_of(segments, name), recipient));
  absl::Status status = writer->write(plain);
  absl::StatusOr<Written> written;
  if (status.ok()) {
    written = writer->finish();
    status = written.status();
  }
  if (!status.ok()) {
    (void)writer->discard();  // a full disk has no room for half of a second copy
    return status;
  }
  Segment segment;
  segment.time = {name.start, end_of(scan)};
  segment.name = std::move(name);
  segment.size_bytes = written->size_bytes;
  segment.sha256 = std::move(written->sha256);
  return segment;
}

// A crash between the last chunk and the new name: nothing is missing.
absl::StatusOr<Segment> rename_whole(const Path& segments, const SegmentName& name,
                                     const DayKeys& keys) {
  const Path part = part_of(segments, name);
  LS_ASSIGN(const UniqueFd fd, open_file(part, O_RDONLY));
  if (::fsync(fd.get()) != 0) {
    return errno_status(fmt::format("cannot sync `{}`", part.string()));
  }
  if (::rename(part.c_str(), file_of(segments, name).c_str()) != 0) {
    return errno_status(fmt::format("cannot rename `{}`", part.string()));
  }
  LS_RETURN_IF_ERROR(sync_folder(part.parent_path()));
  return examine(segments, name, keys);
}

absl::StatusOr<PlainFile> open_whole(const Path& segments, const SegmentName& name,
                                     const DayKeys& keys) {
  const Path file = file_of(segments, name);
  LS_ASSIGN(const crypto::age::Identity identity, keys.identity(name.day, file));
  return open_plain(file, identity);
}

absl::StatusOr<Segment> row_of(const PlainFile& plain, const SegmentName& name) {
  LS_ASSIGN(const MediaView view, media_view(plain.read_at, plain.size, name));
  LS_ASSIGN(const media::SegmentScan scan, media::scan_segment(view.read_at, view.size));
  if (scan.truncated || scan.fragments.empty())
    return data_loss("it does not hold whole fragments");
  Segment segment;
  segment.name = name;
  segment.time = {name.start, end_of(scan)};
  segment.size_bytes = plain.sealed_size;
  return segment;
}

absl::StatusOr<std::optional<Rest>> rest_of_damaged(const Path& segments, const SegmentName& name,
                                                    const DayKeys& keys,
                                                    const crypto::age::Identity& identity) {
  if (name.recovered) return std::nullopt;  // its own name is the one that it would be given
  const absl::Status read = examine(segments, name, keys).status();
  if (read.ok()) return std::nullopt;
  if (!absl::IsDataLoss(read)) return read;
  absl::StatusOr<std::optional<Rest>> rest = rest_of(file_of(segments, name), name, identity);
  // Not even its header can be believed.
  if (absl::IsDataLoss(rest.status()) || absl::IsPermissionDenied(rest.status())) {
    return std::nullopt;
  }
  return rest;
}

absl::StatusOr<std::optional<Segment>> nothing_in(const Path& part) {
  LS_RETURN_IF_ERROR(remove_durably(part));
  return std::nullopt;
}

}  // namespace

absl::StatusOr<std::vector<CameraDay>> list_days(const Path& segments) {
  std::vector<CameraDay> days;
  LS_ASSIGN(const std::vector<std::string> cameras, names_in(segments));
  for (const std::string& camera : cameras) {
    if (!is_camera_name(camera)) continue;
    LS_ASSIGN(const std::vector<std::string> of_camera, names_in(segments / camera));
    for (const std::string& day : of_camera) {
      if (is_day(day)) days.push_back({camera, day});
    }
  }
  return days;
}

absl::StatusOr<DayFiles> list_files(const Path& segments, const CameraDay& day) {
  DayFiles files;
  const Path folder = segments / day.camera / day.day;
  LS_ASSIGN(const std::vector<std::string> names, names_in(folder));
  for (const std::string& file : names) {
    const Path path(file);
    const auto name =
        SegmentName::parse(fmt::format("{}/{}/{}", day.camera, day.day, path.stem().string()));
    if (name && path.extension() == ".age") {
      files.whole.push_back(*name);
    } else if (name && path.extension() == ".part") {
      files.parts.push_back(*name);
    } else {
      files.foreign.push_back(folder / file);
    }
  }
  return files;
}

absl::StatusOr<Segment> look_at(const Path& segments, const SegmentName& name,
                                const DayKeys& keys) {
  LS_ASSIGN(const PlainFile plain, open_whole(segments, name, keys));
  return row_of(plain, name);
}

absl::StatusOr<Segment> examine(const Path& segments, const SegmentName& name,
                                const DayKeys& keys) {
  LS_ASSIGN(const PlainFile plain, open_whole(segments, name, keys));
  LS_ASSIGN(Segment segment, row_of(plain, name));
  crypto::Sha256 hash;
  LS_RETURN_IF_ERROR(read_through(plain, [&hash](ByteView bytes) {
    hash.update(bytes);
    return absl::OkStatus();
  }));
  segment.sha256 = crypto::to_hex(hash.finish());
  return segment;
}

absl::StatusOr<bool> can_salvage(const Path& segments, const SegmentName& name,
                                 const DayKeys& keys) {
  LS_ASSIGN(const crypto::age::Identity identity, keys.identity(name.day, file_of(segments, name)));
  LS_ASSIGN(const std::optional<Rest> rest, rest_of_damaged(segments, name, keys, identity));
  return rest.has_value();
}

absl::StatusOr<std::optional<Segment>> salvage(const Path& segments, const SegmentName& name,
                                               const DayKeys& keys) {
  LS_ASSIGN(const crypto::age::Identity identity, keys.identity(name.day, file_of(segments, name)));
  LS_ASSIGN(const std::optional<Rest> rest, rest_of_damaged(segments, name, keys, identity));
  if (!rest) return std::nullopt;
  LS_ASSIGN(Segment segment,
            write_anew(segments, name, rest->plain, rest->scan, identity.recipient()));
  return segment;
}

absl::StatusOr<std::optional<Segment>> recover(const Path& segments, const SegmentName& name,
                                               const DayKeys& keys) {
  const Path part = part_of(segments, name);
  // Half of an earlier recovery: what it was made from is still there.
  if (name.recovered) return nothing_in(part);
  LS_ASSIGN(const crypto::age::Identity identity, keys.identity(name.day, part));
  if (open_plain(part, identity).ok()) return rename_whole(segments, name, keys);
  LS_ASSIGN(const std::optional<Rest> rest, rest_of(part, name, identity));
  if (!rest) return nothing_in(part);
  LS_ASSIGN(Segment segment,
            write_anew(segments, name, rest->plain, rest->scan, identity.recipient()));
  LS_RETURN_IF_ERROR(remove_durably(part));
  return segment;
}

}  // namespace latchstring::archive
