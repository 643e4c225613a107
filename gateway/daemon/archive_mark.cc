#include "gateway/daemon/archive_mark.h"

#include "gateway/base/status.h"
#include "gateway/crypto/encoding.h"
#include "gateway/state/schema.h"

namespace latchstring::daemon {
namespace {

constexpr std::string_view kSetting = "archive-id";

// Empty: it has none.
absl::StatusOr<std::string> id_in(const Path& folder) {
  absl::StatusOr<std::string> text = read_file(folder / "archive-id", kMarkBytesMax);
  if (absl::IsNotFound(text.status())) return std::string{};
  if (!text.ok()) return text.status();
  if (text->ends_with('\n')) text->pop_back();
  return crypto::is_id(*text) ? *text : std::string{};
}

}  // namespace

ArchiveMark::ArchiveMark(Path folder, store::Database& database)
    : folder_(std::move(folder)), database_(database) {
  const auto known = state::find_setting(database_, kSetting);
  const bool is_first = known.ok() && !*known;
  fault_at_start_ = is_first ? std::string(message_of(accept())) : look();
}

std::string ArchiveMark::fault() const {
  return fault_at_start_.empty() ? look() : fault_at_start_;
}

std::string ArchiveMark::look() const {
  const auto known = state::find_setting(database_, kSetting);
  if (!known.ok()) return std::string(message_of(known.status()));
  const absl::StatusOr<std::string> found = id_in(folder_);
  if (!found.ok()) return std::string(message_of(found.status()));
  if (*known && **known == *found) return {};
  return fmt::format(
      "the archive in `{}` is not the one that was recorded to before: is its disk not mounted, or "
      "another one? New footage goes into what is there. Stop the daemon, mount the right disk and "
      "start again; or, if this folder is meant, `latchstring archive accept`",
      folder_.string());
}

// The file first: a folder with an id that nobody remembers is taken at the next start.
absl::Status ArchiveMark::accept() {
  LS_ASSIGN(std::string id, id_in(folder_));
  if (id.empty()) {
    id = crypto::random_id();
    LS_RETURN_IF_ERROR(make_folder(folder_));
    LS_RETURN_IF_ERROR(write_file_durably(folder_ / "archive-id", id + "\n", 0600));
  }
  LS_RETURN_IF_ERROR(state::keep_setting(database_, kSetting, id));
  fault_at_start_.clear();
  return absl::OkStatus();
}

}  // namespace latchstring::daemon
