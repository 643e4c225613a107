#include "gateway/cli/init.h"

#include <absl/time/time.h>

#include <chrono>
#include <set>

#include "gateway/base/status.h"
#include "gateway/cli/files.h"
#include "gateway/crypto/encoding.h"
#include "gateway/crypto/keyring.h"
#include "gateway/state/schema.h"
#include "gateway/trust/trust.h"
#include "policy/engine/wall_clock.h"

namespace latchstring::cli {
namespace {

// Addresses, names and habits of a household are nobody else's business.
constexpr unsigned kFileMode = 0640;

// Takes away what was made, newest first, unless it is told to keep it.
class Undo {
 public:
  Undo() = default;
  Undo(const Undo&) = delete;
  Undo& operator=(const Undo&) = delete;
  ~Undo() {
    std::error_code ignored;
    for (auto path = made_.rbegin(); path != made_.rend(); ++path)
      std::filesystem::remove_all(*path, ignored);
  }
  // What is about to be made; what is there already stays.
  void add(const Path& path) {
    std::error_code ignored;
    if (!std::filesystem::exists(path, ignored)) made_.push_back(path);
  }
  void keep() { made_.clear(); }

 private:
  std::vector<Path> made_;
};

absl::Status make_folder_with(Undo& undo, const Path& path, unsigned mode) {
  undo.add(path);
  return make_folder(path, mode);
}

crypto::Secret secret_of(const control::Pin& pin) {
  return crypto::Secret::copy_of(as_bytes(pin.view()));
}

// The database of a new house. Without its id in there a gateway does not start: an emptied
// database would be another house, that nobody paused and that has given nothing yet.
absl::Status found(const config::Config& config, const std::vector<control::SignedBy>& residents) {
  LS_ASSIGN(const std::unique_ptr<store::Database> database,
            state::open_database(config.database()));
  const SystemClock clock(ClockTrust::assumed);
  LS_ASSIGN(const std::unique_ptr<trust::Residents> list, trust::Residents::open(*database, clock));
  LS_ASSIGN(store::Transaction transaction, database->begin());
  for (const control::SignedBy& resident : residents) {
    LS_ASSIGN(const std::string hash, trust::hash_pin(secret_of(resident.pin)));
    LS_RETURN_IF_ERROR(list->add(resident.resident, hash));
  }
  LS_RETURN_IF_ERROR(state::keep_setting(*database, "gateway-id", crypto::random_id()));
  return transaction.commit();
}

// One year from today, by the household's calendar.
std::string a_year_ahead(const std::string& timezone) {
  absl::TimeZone zone = absl::UTCTimeZone();
  absl::LoadTimeZone(timezone, &zone);
  const absl::CivilDay today = absl::ToCivilDay(absl::Now(), zone);
  const absl::CivilDay end(today.year() + 1, today.month(), today.day());
  return absl::FormatCivilTime(end);
}

// The texts of both files, checked by the very readers that the daemon uses.
struct Texts {
  std::string gateway;
  std::string rules;
  config::Config config;
};

absl::StatusOr<Texts> make_texts(const Plan& plan) {
  Texts texts;
  texts.gateway = config::fresh_gateway_yaml(plan.gateway);
  LS_ASSIGN(texts.config, config::load(texts.gateway, plan.folder / "gateway.yaml"));
  FreshRules fresh{plan.gateway.name, plan.timezone, {}, a_year_ahead(plan.timezone)};
  for (const control::SignedBy& resident : plan.residents)
    fresh.residents.push_back(resident.resident);
  texts.rules = fresh_house_rules(fresh);
  LS_RETURN_IF_ERROR(load_rules(texts.rules, texts.config.rules).status());
  return texts;
}

// Whether nothing but these lies in a folder; also where there is none.
bool holds_only(const Path& folder, const std::set<std::string>& names) {
  std::error_code fault;
  for (std::filesystem::directory_iterator at(folder, fault), end; !fault && at != end;
       at.increment(fault)) {
    if (!names.contains(at->path().filename().string())) return false;
  }
  return !fault || fault == std::errc::no_such_file_or_directory;
}

// What an interrupted make_house() leaves, and nothing beside it: no gateway.yaml, no password, no
// agency's key, and no archive or lock, which a daemon makes at its first start.
bool is_half_made(const Path& folder, const Path& state) {
  return holds_only(folder, {"keys", state.filename().string(), "house-rules.yaml",
                             "house-rules.yaml.new", "gateway.yaml.new"}) &&
         holds_only(folder / "keys", {}) &&
         holds_only(state, {"credentials", "keyring", "state.db", "state.db-wal", "state.db-shm",
                            "archive-recipient.txt", "archive-recipient.txt.new"}) &&
         holds_only(state / "credentials", {});
}

bool is_there(const Path& file) {
  std::error_code ignored;
  return std::filesystem::exists(file, ignored);
}

}  // namespace

absl::Status refuse_existing(const Path& folder, const std::string& state_dir) {
  const Path config = folder / "gateway.yaml";
  if (is_there(config)) return not_now("there is a house already: `{}`", config.string());
  const Path state = (folder / state_dir).lexically_normal();
  if (is_there(state / "state.db") || is_there(state / "keyring")) {
    if (!is_half_made(folder, state))
      return not_now("there is a house already in `{}`, without its `{}`: restore that file",
                     state.string(), config.string());
    const bool apart = state.parent_path() != (folder / "state").lexically_normal().parent_path();
    return not_now(
        "an `init` was interrupted here, and what it left is no house: remove the folder `{}`{} "
        "and run `init` again",
        folder.string(), apart ? fmt::format(" and the folder `{}`", state.string()) : "");
  }
  const Path rules = folder / "house-rules.yaml";
  if (is_there(rules)) return not_now("there is a house already: `{}`", rules.string());
  return absl::OkStatus();
}

absl::StatusOr<Made> make_house(const Plan& plan,
                                const std::function<absl::Status(const Made&)>& show) {
  LS_RETURN_IF_ERROR(refuse_existing(plan.folder, plan.gateway.state_dir));
  LS_RETURN_IF_ERROR(check_timezone(plan.timezone));
  LS_ASSIGN(const Texts texts, make_texts(plan));
  const config::Config& config = texts.config;

  Undo undo;
  LS_RETURN_IF_ERROR(make_folder_with(undo, plan.folder, 0755));
  LS_RETURN_IF_ERROR(make_folder_with(undo, plan.folder / "keys", 0755));
  LS_RETURN_IF_ERROR(make_folder_with(undo, config.state_dir, 0700));
  LS_RETURN_IF_ERROR(make_folder_with(undo, config.credentials_dir(), 0700));
  const std::string database = config.database().string();
  for (const Path& path :
       {config.keyring(), Path(database), Path(database + "-wal"), Path(database + "-shm"),
        config.archive_recipient_file(), config.rules, config.file})
    undo.add(path);

  LS_ASSIGN(const std::unique_ptr<crypto::Keyring> keyring,
            crypto::Keyring::open(config.keyring()));
  LS_ASSIGN(const crypto::SigningKey signing, keyring->signing_key("gateway-signing"));
  LS_RETURN_IF_ERROR(keyring->signing_key("ledger-signing").status());
  LS_RETURN_IF_ERROR(keyring->identity("inbox").status());
  LS_RETURN_IF_ERROR(found(config, plan.residents));
  crypto::age::Identity archive = crypto::age::Identity::generate();
  LS_RETURN_IF_ERROR(
      write_file_durably(config.archive_recipient_file(), archive.recipient().text() + "\n", 0600));
  LS_RETURN_IF_ERROR(write_file_durably(config.rules, texts.rules, kFileMode));
  Made made{std::move(archive), crypto::spoken_fingerprint(signing.verify_key()),
            keyring->source() == crypto::KeySource::plain_file};
  LS_RETURN_IF_ERROR(show(made));
  // Last: a folder with a gateway.yaml is a whole house.
  LS_RETURN_IF_ERROR(write_file_durably(config.file, texts.gateway, kFileMode));
  undo.keep();
  return made;
}

absl::Status check_timezone(std::string_view name) {
  if (policy::is_of_a_place(name) && policy::WallClock::open(std::string(name)).ok())
    return absl::OkStatus();
  return invalid("`{}` is not the time zone of a place; write it like America/Chicago", name);
}

std::string machine_timezone() {
  std::error_code failed;
  const Path link = std::filesystem::read_symlink("/etc/localtime", failed);
  constexpr std::string_view kFolder = "zoneinfo/";
  const std::string target = failed ? std::string() : link.string();
  const std::size_t at = target.find(kFolder);
  const std::string name = at == std::string::npos ? "" : target.substr(at + kFolder.size());
  return !name.empty() && check_timezone(name).ok() ? name : "UTC";
}

}  // namespace latchstring::cli
