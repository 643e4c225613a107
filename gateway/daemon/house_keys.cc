#include "gateway/daemon/house_keys.h"

#include "gateway/base/status.h"
#include "gateway/crypto/encoding.h"
#include "gateway/state/schema.h"

namespace latchstring::daemon {
namespace {

constexpr std::uint64_t kRecipientFileMax = 4096;

absl::StatusOr<std::string> gateway_id(store::Database& database) {
  LS_ASSIGN(const auto known, state::find_setting(database, "gateway-id"));
  if (known) return *known;
  std::string id = crypto::random_id();
  LS_RETURN_IF_ERROR(state::keep_setting(database, "gateway-id", id));
  return id;
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
  if (!recipient.ok()) return within(file.string(), recipient.status());
  return recipient;
}

}  // namespace

absl::StatusOr<std::unique_ptr<HouseKeys>> open_house_keys(const config::Config& config,
                                                           crypto::Keyring& keyring,
                                                           store::Database& database) {
  LS_ASSIGN(std::string id, gateway_id(database));
  LS_ASSIGN(crypto::age::Recipient archive, archive_recipient(config.archive_recipient_file()));
  LS_ASSIGN(crypto::SigningKey signing, keyring.signing_key("gateway-signing"));
  LS_ASSIGN(crypto::SigningKey ledger, keyring.signing_key("ledger-signing"));
  LS_ASSIGN(crypto::age::Identity inbox, keyring.identity("inbox"));
  return std::unique_ptr<HouseKeys>(new HouseKeys{
      std::move(id), std::move(signing), std::move(ledger), std::move(inbox), std::move(archive)});
}

}  // namespace latchstring::daemon
