#include "gateway/daemon/rules.h"

#include <algorithm>
#include <utility>

#include "gateway/base/status.h"
#include "gateway/crypto/hash.h"
#include "policy/analysis/analysis.h"

namespace latchstring::daemon {
namespace {

constexpr std::string_view kKernelClock = "kernel";

// A key file says who may ask, as much as the rules do.
std::string identity_of(const state::AcceptedRules& rules) {
  std::string all = crypto::sha256_hex(rules.text);
  for (const auto& [path, key] : rules.key_files) all += path + crypto::sha256_hex(key);
  return crypto::sha256_hex(all);
}

// Null where this version of the program cannot read them any more.
std::shared_ptr<const policy::Policy> load_remembered(const state::AcceptedRules& rules) {
  const auto read_key = [&](std::string_view path) -> absl::StatusOr<std::string> {
    const auto found = rules.key_files.find(std::string(path));
    if (found == rules.key_files.end()) {
      return not_found("no key file `{}` is remembered", path);
    }
    return found->second;
  };
  auto loaded = policy::load(rules.text, "last-valid-rules", read_key);
  return loaded.ok() ? *std::move(loaded) : nullptr;
}

// Where they cannot be read nobody's yes counts.
void tell_new_pins(const trust::Residents& residents, state::House& house) {
  const auto all = residents.list();
  house.waiting.clear();
  if (!all.ok()) {
    for (const std::string& name : state::household_of(house).all())
      house.waiting.emplace(name, Instant{});
    return;
  }
  for (const trust::Resident& resident : *all) {
    if (resident.yes_from) house.waiting[resident.name] = *resident.yes_from;
  }
}

}  // namespace

absl::Status check_rules(const Path& file) {
  return policy::load_and_test(file).status();
}

Rules::Rules(const config::Config& config, store::Database& database, const Clock& clock)
    : config_(config), database_(database), clock_(clock), history_(database) {}

absl::Status Rules::reload() {
  if (last_valid_ == nullptr) recall();
  key_files_.clear();
  auto loaded = load();
  absl::Status remembered;
  if (loaded.ok()) {
    current_ = *std::move(loaded);
    remembered = remember();
    if (absl::IsResourceExhausted(remembered)) loaded = remembered;
  }
  if (loaded.ok()) {
    last_valid_ = current_;
    fault_.clear();
  } else {
    current_.reset();
    fault_ = std::string(message_of(loaded.status()));
  }
  const std::string before =
      std::exchange(in_force_, current_ == nullptr ? "broken" : identity_of(accepted()));
  untold_ = untold_ || before != in_force_;
  recount();
  return remembered;
}

absl::StatusOr<std::shared_ptr<const policy::Policy>> Rules::load() {
  LS_ASSIGN(policy::Source source, policy::read_source(file()));
  text_ = source.text;
  const policy::ReadKeyFile read = source.read_key_file;
  source.read_key_file = [this, read](std::string_view path) -> absl::StatusOr<std::string> {
    LS_ASSIGN(std::string key, read(path));
    key_files_[std::string(path)] = key;
    return key;
  };
  return policy::load_and_test(source);
}

state::AcceptedRules Rules::accepted() const {
  state::AcceptedRules rules{text_, key_files_, {}, "assumed", ""};
  if (config_.clock == ClockTrust::kernel) rules.clock = kKernelClock;
  if (config_.location) rules.home = to_text(*config_.location);
  for (const config::Camera& camera : config_.cameras) {
    rules.sources[camera.id] = camera.user.empty() ? camera.url : camera.user + " " + camera.url;
  }
  return rules;
}

absl::Status Rules::remember() {
  LS_ASSIGN(store::Transaction transaction, database_.begin());
  LS_RETURN_IF_ERROR(history_.accept(accepted(), now()));
  const std::set<std::string> named(current_->residents.begin(), current_->residents.end());
  if (last_valid_ != nullptr) {
    for (const std::string& resident : last_valid_->residents) {
      if (!named.contains(resident)) LS_RETURN_IF_ERROR(history_.leave(resident, now()));
    }
  }
  for (const std::string& resident : named) LS_RETURN_IF_ERROR(history_.stay(resident));
  return transaction.commit();
}

// After a restart. Whatever fails here leaves us without: nothing is received while the file is
// broken.
void Rules::recall() {
  const auto rules = history_.newest();
  if (rules.ok() && *rules) last_valid_ = load_remembered(**rules);
}

// What cannot be read refuses everything.
void Rules::recount() {
  earlier_.clear();
  leaving_.clear();
  left_.clear();
  needs_kernel_clock_ = false;
  next_ = Instant::max();
  if (!count_earlier().ok()) earlier_.emplace_back();
  std::erase_if(remembered_, [this](const auto& each) {
    return std::none_of(earlier_.begin(), earlier_.end(), [&](const state::Earlier& earlier) {
      return earlier.rules == each.second;
    });
  });
}

std::shared_ptr<const policy::Policy> Rules::remembered(const state::AcceptedRules& rules) {
  const auto [found, is_new] = remembered_.try_emplace(identity_of(rules));
  if (is_new) found->second = load_remembered(rules);
  return found->second;
}

absl::Status Rules::count_earlier() {
  const auto wait_until = [this](Instant until) { next_ = std::min(next_, until); };
  LS_ASSIGN(const auto replaced, history_.replaced());
  for (const state::ReplacedRules& each : replaced) {
    const Instant until = each.at == Instant{} ? Instant{} : each.at + state::kReplacedCountFor;
    add_earlier(each.rules, until);
    wait_until(until);
  }
  // Where the newest could not be remembered, what it replaces is the newest still.
  LS_ASSIGN(const auto newest, history_.newest());
  if (current_ != nullptr && newest && *newest != accepted()) add_earlier(*newest, Instant{});
  LS_ASSIGN(const auto leaving, history_.leaving());
  for (const auto& [name, left] : leaving) {
    (left.agreed ? left_ : leaving_).insert(name);
    wait_until(left.since == Instant{} ? Instant{} : left.since + state::kLeavesFor);
  }
  return absl::OkStatus();
}

void Rules::add_earlier(const state::AcceptedRules& rules, Instant until) {
  state::Earlier earlier;
  earlier.rules = remembered(rules);
  earlier.until = until;
  const state::AcceptedRules present = accepted();
  for (const auto& [camera, source] : present.sources) {
    const auto before = rules.sources.find(camera);
    if (before == rules.sources.end() || before->second != source) {
      earlier.strange_cameras.insert(camera);
    }
  }
  // Where it cannot be read, the house stood nowhere: no place is listened to.
  if (const auto home = place_from(rules.home); home.ok()) earlier.home = *home;
  needs_kernel_clock_ = needs_kernel_clock_ || rules.clock == kKernelClock;
  earlier_.push_back(std::move(earlier));
}

bool Rules::pass() {
  const bool waits = !earlier_.empty() || !leaving_.empty() || !left_.empty();
  if (!waits || !clock_.is_right() || clock_.now() < next_) return false;
  const auto passed = [this]() -> absl::Status {
    LS_ASSIGN(store::Transaction transaction, database_.begin());
    LS_RETURN_IF_ERROR(history_.pass(clock_.now()));
    return transaction.commit();
  }();
  if (passed.ok()) recount();
  return passed.ok();
}

void tell_docket(const Rules& rules, const trust::Residents& residents,
                 const config::Config& config, state::House& house) {
  house.rules = rules.current();
  house.last_valid = rules.last_valid();
  house.earlier = rules.earlier();
  house.leaving = rules.leaving();
  house.left = rules.left();
  house.home = config.location;
  house.clock_of_before = nullptr;
  if (config.clock != ClockTrust::kernel && rules.needs_kernel_clock()) {
    house.clock_of_before = [] { return SystemClock(ClockTrust::kernel).is_right(); };
  }
  house.labels.clear();
  for (const config::Camera& camera : config.cameras) {
    if (!camera.label.empty()) house.labels[camera.label] = camera.id;
  }
  tell_new_pins(residents, house);
}

}  // namespace latchstring::daemon
