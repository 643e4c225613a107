#include "gateway/daemon/house_keys.h"

#include "gateway/base/status.h"
#include "gateway/crypto/encoding.h"
#include "gateway/state/schema.h"

namespace latchstring::daemon {
namespace {

constexpr std::uint64_t kRecipientFileMax = 4096;
constexpr std::string_view kSigning = "gateway-signing";
constexpr std::string_view kLedger = "ledger-signing";
constexpr std::string_view kInbox = "inbox";

absl::StatusOr<std::string> gateway_id(const config::Config& config, store::Database& database) {
  LS_ASSIGN(auto known, state::find_setting(database, "gateway-id"));
  if (known) return *std::move(known);
  return not_now(
      "the database `{}` is empty: restore it from a copy; `latchstring init` makes one for a new "
      "house only",
      config.database().string());
}

absl::StatusOr<crypto::age::Recipient> archive_recipient(const Path& file) {
  const auto text = read_file(file, kRecipientFileMax);
  if (!text.ok()) {
    return not_now("`{}` cannot be read ({}): make the house with `latchstring init`",
                   file.string(), message_of(text.status()));
  }
  std::string_view line = *text;
  while (!line.empty() && (line.back() == '\n' || line.back() == ' ')) line.remove_suffix(1);
  auto recipient = crypto::age::Recipient::parse(line);
  if (!recipient.ok()) {
    return not_now(
        "`{}` does not hold a recipient ({}): it is one line, age1..., the public half "
        "of the identity that `latchstring init` showed; `age-keygen -y` prints it",
        file.string(), message_of(recipient.status()));
  }
  return recipient;
}

Path file_of(const config::Config& config, std::string_view name) {
  return config.keyring() / fmt::format("{}.key", name);
}

std::string setting_of(std::string_view name) {
  return fmt::format("public-key:{}", name);
}

// Before it is made: what this house is known by is not made anew.
absl::Status check_is_there(const config::Config& config, const crypto::Keyring& keyring,
                            store::Database& database, std::string_view name) {
  LS_ASSIGN(const auto known, state::find_setting(database, setting_of(name)));
  if (!known || !absl::IsNotFound(keyring.load(name).status())) return absl::OkStatus();
  return not_now(
      "the key `{}` is missing: this house's tickets and evidence name `{}`; restore `{}` from the "
      "backup, for no new one is made in its place",
      name, *known, file_of(config, name).string());
}

absl::Status check_is_known(const config::Config& config, store::Database& database,
                            std::string_view name, std::string_view public_half) {
  LS_ASSIGN(const auto known, state::find_setting(database, setting_of(name)));
  if (!known) return state::keep_setting(database, setting_of(name), public_half);
  if (*known == public_half) return absl::OkStatus();
  return not_now(
      "the key `{}` is another one than before: this house's tickets and evidence name `{}`, not "
      "`{}`; restore `{}` from the backup of this very house",
      name, *known, public_half, file_of(config, name).string());
}

}  // namespace

absl::StatusOr<std::unique_ptr<HouseKeys>> open_house_keys(const config::Config& config,
                                                           crypto::Keyring& keyring,
                                                           store::Database& database) {
  LS_ASSIGN(std::string id, gateway_id(config, database));
  LS_ASSIGN(crypto::age::Recipient archive, archive_recipient(config.archive_recipient_file()));
  for (const std::string_view name : {kSigning, kLedger, kInbox}) {
    LS_RETURN_IF_ERROR(check_is_there(config, keyring, database, name));
  }
  LS_ASSIGN(crypto::SigningKey signing, keyring.signing_key(kSigning));
  LS_ASSIGN(crypto::SigningKey ledger, keyring.signing_key(kLedger));
  LS_ASSIGN(crypto::age::Identity inbox, keyring.identity(kInbox));
  LS_RETURN_IF_ERROR(check_is_known(config, database, kSigning, signing.verify_key().thumbprint()));
  LS_RETURN_IF_ERROR(check_is_known(config, database, kLedger, ledger.verify_key().thumbprint()));
  LS_RETURN_IF_ERROR(check_is_known(config, database, kInbox, inbox.recipient().text()));
  return std::unique_ptr<HouseKeys>(new HouseKeys{
      std::move(id), std::move(signing), std::move(ledger), std::move(inbox), std::move(archive)});
}

}  // namespace latchstring::daemon
