#include "gateway/daemon/rules.h"

#include <utility>

#include "gateway/base/status.h"
#include "gateway/crypto/hash.h"
#include "gateway/state/schema.h"
#include "policy/analysis/analysis.h"

namespace latchstring::daemon {
namespace {

constexpr std::string_view kRulesText = "last-valid-rules";
constexpr std::string_view kKeyFile = "last-valid-key:";

}  // namespace

absl::Status check_rules(const Path& file) {
  return policy::load_and_test(file).status();
}

absl::Status Rules::reload() {
  if (last_valid_ == nullptr) recall();
  key_files_.clear();
  auto loaded = load();
  if (loaded.ok()) {
    current_ = *std::move(loaded);
    last_valid_ = current_;
    fault_.clear();
  } else {
    current_.reset();
    fault_ = std::string(message_of(loaded.status()));
  }
  const std::string before = std::exchange(in_force_, what_is_in_force());
  untold_ = untold_ || before != in_force_;
  return current_ == nullptr ? absl::OkStatus() : remember();
}

// A key file says who may ask, as much as the rules do.
std::string Rules::what_is_in_force() const {
  if (current_ == nullptr) return "broken";
  std::string all = current_->sha256;
  for (const auto& [path, key] : key_files_) all += path + crypto::sha256_hex(key);
  return crypto::sha256_hex(all);
}

absl::StatusOr<std::shared_ptr<const policy::Policy>> Rules::load() {
  LS_ASSIGN(policy::Source source, policy::read_source(file_));
  text_ = source.text;
  const policy::ReadKeyFile read = source.read_key_file;
  source.read_key_file = [this, read](std::string_view path) -> absl::StatusOr<std::string> {
    LS_ASSIGN(std::string key, read(path));
    key_files_[std::string(path)] = key;
    return key;
  };
  return policy::load_and_test(source);
}

absl::Status Rules::remember() {
  LS_ASSIGN(store::Transaction transaction, database_.begin());
  LS_RETURN_IF_ERROR(database_.run("DELETE FROM settings WHERE name LIKE 'last-valid-%'"));
  LS_RETURN_IF_ERROR(state::keep_setting(database_, kRulesText, text_));
  for (const auto& [path, key] : key_files_) {
    LS_RETURN_IF_ERROR(state::keep_setting(database_, fmt::format("{}{}", kKeyFile, path), key));
  }
  return transaction.commit();
}

// After a restart with a broken file. Whatever fails here leaves us without: nothing is received.
void Rules::recall() {
  const auto text = state::find_setting(database_, kRulesText);
  if (!text.ok() || !*text) return;
  const auto read_key = [this](std::string_view path) -> absl::StatusOr<std::string> {
    LS_ASSIGN(auto key, state::find_setting(database_, fmt::format("{}{}", kKeyFile, path)));
    if (!key) return not_found("no key file `{}` is remembered", path);
    return *std::move(key);
  };
  auto loaded = policy::load(**text, "last-valid-rules", read_key);
  if (loaded.ok()) last_valid_ = *std::move(loaded);
}

}  // namespace latchstring::daemon
