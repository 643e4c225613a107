#include "gateway/archive/segment_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>

#include "gateway/base/status.h"
#include "gateway/crypto/encoding.h"

namespace latchstring::archive {
namespace {

constexpr std::uint64_t kBoxHeader = 8;

// The folder of a camera's day, and its entry in its parents, outlive a power cut.
absl::Status make_day_folder(const Path& folder) {
  std::error_code ignored;
  if (std::filesystem::is_directory(folder, ignored)) return absl::OkStatus();
  LS_RETURN_IF_ERROR(make_folder(folder));
  LS_RETURN_IF_ERROR(sync_folder(folder.parent_path()));
  return sync_folder(folder.parent_path().parent_path());
}

std::uint64_t big_endian(ByteView bytes) {
  std::uint64_t value = 0;
  for (const std::uint8_t byte : bytes) value = value << 8 | byte;
  return value;
}

// The offset of the first `uuid` box; the header of the MP4 (ftyp, moov) is all that comes before.
absl::StatusOr<std::uint64_t> find_box(const media::ReadAt& plain, std::uint64_t plain_size) {
  std::uint64_t at = 0;
  while (at + kBoxHeader <= plain_size && at <= media::kInitBytesMax) {
    std::array<std::uint8_t, kBoxHeader> header{};
    LS_RETURN_IF_ERROR(plain(at, header));
    if (as_text(ByteView(header).subspan(4)) == "uuid") return at;
    const std::uint64_t size = big_endian(ByteView(header).first(4));
    if (size < kBoxHeader) break;
    at += size;
  }
  return data_loss("it does not say whose footage it is");
}

struct AgeFile {
  std::uint64_t sealed_size = 0;
  absl::StatusOr<std::unique_ptr<crypto::age::Reader>> reader;
};

// The error: the file itself cannot be opened.
absl::StatusOr<AgeFile> open_age(const Path& file, const crypto::age::Identity& identity) {
  LS_ASSIGN(UniqueFd opened, open_file(file, O_RDONLY));
  const auto fd = std::make_shared<UniqueFd>(std::move(opened));
  struct stat found {};
  if (::fstat(fd->get(), &found) != 0) {
    return errno_status(fmt::format("cannot stat `{}`", file.string()));
  }
  const auto size = static_cast<std::uint64_t>(found.st_size);
  const crypto::age::Identity* identities[] = {&identity};
  return AgeFile{size, crypto::age::Reader::open(
                           size,
                           [fd](std::uint64_t offset, std::span<std::uint8_t> out) {
                             return pread_all(fd->get(), out, offset);
                           },
                           identities)};
}

}  // namespace

Path file_of(const Path& segments, const SegmentName& name) {
  return segments / (name.id() + ".age");
}

Path part_of(const Path& segments, const SegmentName& name) {
  return segments / (name.id() + ".part");
}

bool is_gone(const Path& segments, const SegmentName& name) {
  std::error_code unknown;
  return !std::filesystem::exists(file_of(segments, name), unknown) && !unknown;
}

absl::StatusOr<std::unique_ptr<SegmentWriter>> SegmentWriter::create(
    Path temporary, Path final_name, const crypto::age::Recipient& recipient) {
  LS_RETURN_IF_ERROR(make_day_folder(temporary.parent_path()));
  LS_ASSIGN(UniqueFd fd, open_file(temporary, O_WRONLY | O_CREAT | O_TRUNC));
  std::unique_ptr<SegmentWriter> writer(
      new SegmentWriter(std::move(temporary), std::move(final_name), std::move(fd)));
  const absl::Status begun = writer->begin(recipient);
  if (begun.ok()) return writer;
  // Nothing is in it yet; a full disk must not fill with such files.
  (void)::unlink(writer->temporary_.c_str());
  return begun;
}

absl::Status SegmentWriter::begin(const crypto::age::Recipient& recipient) {
  // Its name, too, outlives a power cut, or what is synced of it later could not be found.
  LS_RETURN_IF_ERROR(sync_folder(temporary_.parent_path()));
  LS_ASSIGN(age_, crypto::age::Writer::open({recipient}, [out = fd_.get()](ByteView sealed) {
              return write_all(out, sealed);
            }));
  return absl::OkStatus();
}

absl::Status SegmentWriter::write(ByteView plain) {
  if (age_->plain_bytes() + plain.size() > kSegmentFileMax) {
    return exhausted("the segment `{}` grew past {} bytes", final_.string(), kSegmentFileMax);
  }
  hash_.update(plain);
  return within(temporary_.string(), age_->write(plain));
}

absl::Status SegmentWriter::sync() {
  if (::fdatasync(fd_.get()) == 0) return absl::OkStatus();
  return errno_status(fmt::format("cannot sync `{}`", temporary_.string()));
}

absl::StatusOr<Written> SegmentWriter::finish() {
  LS_RETURN_IF_ERROR(within(temporary_.string(), age_->finish()));
  if (::fsync(fd_.get()) != 0) {
    return errno_status(fmt::format("cannot sync `{}`", temporary_.string()));
  }
  if (::rename(temporary_.c_str(), final_.c_str()) != 0) {
    return errno_status(fmt::format("cannot rename `{}`", temporary_.string()));
  }
  LS_RETURN_IF_ERROR(sync_folder(final_.parent_path()));
  return Written{age_->sealed_bytes(), crypto::to_hex(hash_.finish())};
}

absl::Status SegmentWriter::discard() {
  return remove_durably(temporary_);
}

absl::StatusOr<MediaView> media_view(media::ReadAt plain, std::uint64_t plain_size,
                                     const SegmentName& name) {
  const Bytes wanted = name.box();
  LS_ASSIGN(const std::uint64_t at, find_box(plain, plain_size));
  Bytes found(wanted.size());
  if (at + found.size() > plain_size) return data_loss("it does not say whose footage it is");
  LS_RETURN_IF_ERROR(plain(at, found));
  if (found != wanted) return data_loss("it is the footage of another segment");
  MediaView view;
  view.box_at = at;
  view.box_size = wanted.size();
  view.size = plain_size - view.box_size;
  view.read_at = [plain = std::move(plain), at, box_size = view.box_size](
                     std::uint64_t offset, std::span<std::uint8_t> out) -> absl::Status {
    if (offset < at) {
      const auto before =
          static_cast<std::size_t>(std::min<std::uint64_t>(out.size(), at - offset));
      LS_RETURN_IF_ERROR(plain(offset, out.first(before)));
      out = out.subspan(before);
      offset += before;
    }
    return out.empty() ? absl::OkStatus() : plain(offset + box_size, out);
  };
  return view;
}

absl::StatusOr<PlainFile> open_plain(const Path& file, const crypto::age::Identity& identity) {
  LS_ASSIGN(AgeFile opened, open_age(file, identity));
  absl::StatusOr<std::unique_ptr<crypto::age::Reader>>& reader = opened.reader;
  if (absl::IsInvalidArgument(reader.status()) || absl::IsPermissionDenied(reader.status())) {
    return data_loss("{}", message_of(reader.status()));
  }
  if (!reader.ok()) return reader.status();
  PlainFile plain;
  plain.sealed_size = opened.sealed_size;
  plain.size = (*reader)->plain_size();
  plain.read_at = [shared = std::shared_ptr<crypto::age::Reader>(*std::move(reader))](
                      std::uint64_t offset, std::span<std::uint8_t> out) {
    return shared->read(offset, out);
  };
  return plain;
}

absl::StatusOr<bool> is_sealed_to(const Path& file, const crypto::age::Identity& identity) {
  LS_ASSIGN(const AgeFile opened, open_age(file, identity));
  return !absl::IsPermissionDenied(opened.reader.status());
}

absl::StatusOr<MediaView> open_segment(const Path& segments, const SegmentName& name,
                                       const crypto::age::Identity& identity) {
  const std::string context = fmt::format("segment `{}`", name.id());
  absl::StatusOr<PlainFile> plain = open_plain(file_of(segments, name), identity);
  if (!plain.ok()) return within(context, plain.status());
  absl::StatusOr<MediaView> view = media_view(std::move(plain->read_at), plain->size, name);
  if (!view.ok()) return within(context, view.status());
  return view;
}

absl::Status read_through(const PlainFile& plain,
                          const std::function<absl::Status(ByteView)>& take) {
  Bytes buffer(crypto::age::kChunkPlain);
  for (std::uint64_t at = 0; at < plain.size; at += buffer.size()) {
    buffer.resize(
        static_cast<std::size_t>(std::min<std::uint64_t>(plain.size - at, buffer.size())));
    LS_RETURN_IF_ERROR(plain.read_at(at, buffer));
    LS_RETURN_IF_ERROR(take(buffer));
  }
  return absl::OkStatus();
}

}  // namespace latchstring::archive
