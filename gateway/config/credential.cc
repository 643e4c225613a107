#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>

#include "gateway/base/owner.h"
#include "gateway/base/status.h"
#include "gateway/config/config.h"

namespace latchstring::config {
namespace {

// Where systemd put it; empty where it did not. systemd guards that folder itself.
Path passed_file(std::string_view name) {
  const char* folder = std::getenv("CREDENTIALS_DIRECTORY");
  if (folder == nullptr) return {};
  const Path passed = Path(folder) / name;
  return ::access(passed.c_str(), F_OK) == 0 ? passed : Path();
}

absl::Status check_owned(const Path& path, std::string_view name) {
  struct stat about {};
  if (::stat(path.c_str(), &about) != 0)
    return not_now("there is no credential `{}`: write it to `{}`, mode 0600", name, path.string());
  if ((about.st_mode & 077) != 0)
    return not_now("others may read the credential `{}`: chmod 600 `{}`", name, path.string());
  return absl::OkStatus();
}

bool is_line(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return static_cast<unsigned char>(c) >= 0x20 && c != 0x7f;
  });
}

}  // namespace

absl::StatusOr<std::string> read_credential(const Config& config, std::string_view name) {
  if (!is_name(name)) return invalid("`{}` is no name of a credential", name);
  Path path = passed_file(name);
  if (path.empty()) {
    path = config.credentials_dir() / name;
    LS_RETURN_IF_ERROR(check_owned(path, name));
  }
  absl::StatusOr<std::string> text = read_file(path, kCredentialBytesMax);
  if (!text.ok()) return within(fmt::format("credential `{}`", name), text.status());
  if (text->ends_with('\n')) text->pop_back();
  if (!is_line(*text)) return not_now("the credential `{}` is not one line of text", name);
  return text;
}

absl::Status write_credential(const Config& config, std::string_view name, std::string_view value) {
  if (!is_name(name)) return invalid("`{}` is no name of a credential", name);
  if (!is_line(value) || value.size() >= kCredentialBytesMax)
    return invalid("a credential is one line of at most {} bytes", kCredentialBytesMax - 1);
  LS_RETURN_IF_ERROR(make_folder(config.credentials_dir(), 0700));
  LS_RETURN_IF_ERROR(give_to_owner(config.credentials_dir()));
  std::string line(value);
  line += '\n';
  const absl::Status written = write_file_durably(config.credentials_dir() / name, line, 0600);
  explicit_bzero(line.data(), line.size());
  LS_RETURN_IF_ERROR(written);
  return give_to_owner(config.credentials_dir() / name);
}

absl::Status remove_credential(const Config& config, std::string_view name) {
  if (!is_name(name)) return invalid("`{}` is no name of a credential", name);
  const Path file = config.credentials_dir() / name;
  std::error_code failed;
  return std::filesystem::exists(file, failed) ? remove_durably(file) : absl::OkStatus();
}

}  // namespace latchstring::config
