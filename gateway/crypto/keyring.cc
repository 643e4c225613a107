#include "gateway/crypto/keyring.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>

#include "gateway/base/status.h"
#include "gateway/crypto/encoding.h"
#include "gateway/crypto/password.h"
#include "gateway/crypto/wrap.h"

namespace latchstring::crypto {
namespace {

constexpr std::string_view kVersionLine = "latchstring key 1\n";
constexpr std::string_view kSuffix = ".key";
constexpr std::string_view kLeftOver = ".key.new";  // of a write that a crash cut short
constexpr std::string_view kCheck = "check";        // wraps nothing: tells whether the key fits
constexpr std::string_view kPassphraseContext = "kek";
constexpr std::size_t kKeyBytes = 32;
constexpr std::size_t kNameMax = 64;
constexpr unsigned kPrivate = 0600;

bool is_name(std::string_view name) {
  const auto fits = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
  };
  return !name.empty() && name.size() <= kNameMax && std::all_of(name.begin(), name.end(), fits);
}

absl::Status check_name(std::string_view name) {
  return is_name(name) ? absl::OkStatus() : invalid("`{}` cannot be the name of a key", name);
}

bool is_there(const Path& path) {
  return ::access(path.c_str(), F_OK) == 0;
}

// Straight into locked memory. Files of other users' reach are refused where asked.
absl::StatusOr<Secret> read_secret(const Path& path, bool must_be_private) {
  LS_ASSIGN(const UniqueFd fd, open_file(path, O_RDONLY));
  struct stat found {};
  if (::fstat(fd.get(), &found) != 0) return errno_status("cannot look at `" + path.string() + "`");
  if (!S_ISREG(found.st_mode)) {
    return not_now("`{}` is no file: put the key back from a copy", path.string());
  }
  if (must_be_private && (found.st_mode & 077) != 0) {
    return not_now("others may read `{}`; run `chmod 600` on it", path.string());
  }
  if (found.st_size > static_cast<off_t>(kKeyringSecretMax)) {
    return data_loss("`{}` is too large for a key", path.string());
  }
  Secret secret(static_cast<std::size_t>(found.st_size));
  LS_RETURN_IF_ERROR(within(path.string(), pread_all(fd.get(), secret.bytes(), 0)));
  return secret;
}

absl::StatusOr<Secret> read_key(const Path& path, bool must_be_private) {
  LS_ASSIGN(Secret key, read_secret(path, must_be_private));
  if (key.size() == kKeyBytes) return key;
  return not_now("`{}` has {} bytes; a key-encryption key has {}: put it back from a copy",
                 path.string(), key.size(), kKeyBytes);
}

// Wrapped, so public; but what a crash left half written is never read and goes at the next start.
absl::Status remove_left_overs(const Path& folder) {
  std::error_code failure;
  std::vector<Path> found;
  for (const auto& entry : std::filesystem::directory_iterator(folder, failure)) {
    if (entry.path().filename().string().ends_with(kLeftOver)) found.push_back(entry.path());
  }
  if (failure) return unavailable("cannot list `{}`: {}", folder.string(), failure.message());
  for (const Path& path : found) LS_RETURN_IF_ERROR(remove_durably(path));
  return absl::OkStatus();
}

absl::Status overwrite(const Path& path) {
  LS_ASSIGN(const UniqueFd fd, open_file(path, O_WRONLY));
  struct stat found {};
  if (::fstat(fd.get(), &found) != 0) return errno_status("cannot look at `" + path.string() + "`");
  const Bytes noise = random_bytes(static_cast<std::size_t>(found.st_size));
  LS_RETURN_IF_ERROR(within(path.string(), pwrite_all(fd.get(), noise, 0)));
  if (::fsync(fd.get()) != 0) return errno_status("cannot sync `" + path.string() + "`");
  return absl::OkStatus();
}

// salt, then the key-encryption key wrapped by what Argon2id makes of the passphrase.
absl::StatusOr<Secret> kek_from_passphrase(const Path& file, const Secret& passphrase) {
  if (!is_there(file)) {
    const Bytes salt = random_bytes(kSaltBytes);
    LS_ASSIGN(const Secret derived, key_from_password(passphrase, salt));
    Secret kek = Secret::random(kKeyBytes);
    const Bytes wrapped = wrap(derived, kek, kPassphraseContext);
    const std::string content = std::string(as_text(salt)).append(as_text(wrapped));
    LS_RETURN_IF_ERROR(write_file_durably(file, content, kPrivate));
    return kek;
  }
  LS_ASSIGN(const Secret content, read_secret(file, false));
  if (content.size() != kSaltBytes + kWrapOverhead + kKeyBytes) {
    return data_loss("`{}` is damaged", file.string());
  }
  LS_ASSIGN(const Secret derived, key_from_password(passphrase, content.view().first(kSaltBytes)));
  absl::StatusOr<Secret> kek =
      unwrap(derived, content.view().subspan(kSaltBytes), kPassphraseContext);
  if (!kek.ok()) return denied("the passphrase of `{}` is wrong", file.string());
  return kek;
}

}  // namespace

Keyring::Keyring(Path folder, Secret kek, KeySource source)
    : folder_(std::move(folder)), kek_(std::move(kek)), source_(source) {}

absl::StatusOr<std::unique_ptr<Keyring>> Keyring::open(const Path& folder) {
  LS_RETURN_IF_ERROR(make_folder(folder, 0700));
  if (const char* credentials = std::getenv("CREDENTIALS_DIRECTORY"); credentials != nullptr) {
    const Path file = Path(credentials) / "latchstring-kek";
    if (is_there(file)) {
      LS_ASSIGN(Secret kek, read_key(file, false));
      return check(folder, std::move(kek), KeySource::credential);
    }
  }
  if (is_there(folder / "kek-passphrase")) {
    return not_now("the keys in `{}` need their passphrase", folder.string());
  }
  const Path file = folder / "kek";
  // Without its key-encryption key the folder is lost; a new one would only hide that.
  if (!is_there(file) && is_there(folder / "check.key")) {
    return not_now("the keys in `{}` cannot be opened: `{}` is missing; restore it from the backup",
                   folder.string(), file.string());
  }
  if (!is_there(file)) {
    const Secret made = Secret::random(kKeyBytes);
    LS_RETURN_IF_ERROR(write_file_durably(file, as_text(made.view()), kPrivate));
  }
  LS_ASSIGN(Secret kek, read_key(file, true));
  return check(folder, std::move(kek), KeySource::plain_file);
}

absl::StatusOr<std::unique_ptr<Keyring>> Keyring::open_with_passphrase(const Path& folder,
                                                                       const Secret& passphrase) {
  LS_RETURN_IF_ERROR(make_folder(folder, 0700));
  if (is_there(folder / "kek") ||
      (is_there(folder / "check.key") && !is_there(folder / "kek-passphrase"))) {
    return not_now("the keys in `{}` are not under a passphrase", folder.string());
  }
  LS_ASSIGN(Secret kek, kek_from_passphrase(folder / "kek-passphrase", passphrase));
  return check(folder, std::move(kek), KeySource::passphrase);
}

absl::StatusOr<std::unique_ptr<Keyring>> Keyring::check(Path folder, Secret kek, KeySource source) {
  LS_RETURN_IF_ERROR(remove_left_overs(folder));
  std::unique_ptr<Keyring> ring(new Keyring(std::move(folder), std::move(kek), source));
  const absl::Status fits = ring->load(kCheck).status();
  if (fits.ok()) return ring;
  if (absl::IsNotFound(fits) && ring->names().empty()) {
    LS_RETURN_IF_ERROR(ring->store(kCheck, Secret::random(kKeyBytes)));
    return ring;
  }
  return not_now("the keys in `{}` do not open with this key-encryption key: {}",
                 ring->folder_.string(), message_of(fits));
}

Path Keyring::file_of(std::string_view name) const {
  return folder_ / std::string(name).append(kSuffix);
}

absl::Status Keyring::store(std::string_view name, const Secret& secret) {
  LS_RETURN_IF_ERROR(check_name(name));
  const Bytes wrapped = wrap(kek_, secret, name);
  const std::string content = std::string(kVersionLine).append(as_text(wrapped));
  if (content.size() > kKeyringSecretMax) return exhausted("key `{}` is too large", name);
  return write_file_durably(file_of(name), content, kPrivate);
}

absl::StatusOr<Secret> Keyring::load(std::string_view name) const {
  LS_RETURN_IF_ERROR(check_name(name));
  const Path file = file_of(name);
  if (!is_there(file)) {
    return not_found("there is no key `{}`: put `{}` back from a copy", name, file.string());
  }
  LS_ASSIGN(const Secret content, read_secret(file, false));
  if (!as_text(content.view()).starts_with(kVersionLine)) {
    return data_loss(
        "key `{}` is damaged, or of a newer version of this program: put it back from "
        "a copy",
        file.string());
  }
  absl::StatusOr<Secret> secret = unwrap(kek_, content.view().subspan(kVersionLine.size()), name);
  if (!secret.ok()) {
    return data_loss(
        "key `{}` is damaged, or another key-encryption key made it ({}): put it back "
        "from a copy",
        file.string(), message_of(secret.status()));
  }
  return secret;
}

absl::Status Keyring::destroy(std::string_view name) {
  LS_RETURN_IF_ERROR(check_name(name));
  const Path file = file_of(name);
  if (!is_there(file)) return absl::OkStatus();
  LS_RETURN_IF_ERROR(overwrite(file));
  LS_RETURN_IF_ERROR(remove_durably(file));
  if (is_there(file)) return internal("key `{}` is still there after it was removed", name);
  return absl::OkStatus();
}

std::vector<std::string> Keyring::names() const {
  std::vector<std::string> names;
  std::error_code failure;
  for (const auto& entry : std::filesystem::directory_iterator(folder_, failure)) {
    const std::string file = entry.path().filename().string();
    if (!file.ends_with(kSuffix)) continue;
    const std::string name = file.substr(0, file.size() - kSuffix.size());
    if (is_name(name) && name != kCheck) names.push_back(name);
  }
  std::sort(names.begin(), names.end());
  return names;
}

absl::StatusOr<Secret> Keyring::load_or_make(std::string_view name) {
  absl::StatusOr<Secret> held = load(name);
  if (!absl::IsNotFound(held.status())) return held;
  Secret made = Secret::random(kKeyBytes);
  LS_RETURN_IF_ERROR(store(name, made));
  return made;
}

absl::StatusOr<SigningKey> Keyring::signing_key(std::string_view name) {
  LS_ASSIGN(const Secret seed, load_or_make(name));
  return SigningKey::from_seed(seed.view());
}

absl::StatusOr<age::Identity> Keyring::identity(std::string_view name) {
  LS_ASSIGN(Secret secret, load_or_make(name));
  return age::Identity::from_secret(std::move(secret));
}

}  // namespace latchstring::crypto
