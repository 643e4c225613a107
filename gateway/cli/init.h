// What `latchstring init` makes: the files of a house, its keys and its database. Thread: main.
#pragma once

#include <absl/status/statusor.h>

#include <functional>
#include <string>
#include <vector>

#include "gateway/config/config.h"
#include "gateway/control/request.h"
#include "gateway/crypto/age.h"

namespace latchstring::cli {

struct Plan {
  Path folder;
  config::Fresh gateway;
  std::string timezone;
  std::vector<control::SignedBy> residents;  // each with the PIN they chose
};

struct Made {
  crypto::age::Identity archive;  // kept nowhere: it is on the screen, then on paper
  std::string fingerprint;        // of the gateway's signing key, as it is read aloud
  bool kek_in_the_open = false;   // the key-encryption key is a file beside the keys
};

// `show` is called before the house is whole, for nobody could open what a house seals whose
// identity was never seen: an error of it ends all. FailedPrecondition: there is a house already,
// or a part of one that an interrupted run left. What was made is taken away again on any error.
absl::StatusOr<Made> make_house(const Plan& plan,
                                const std::function<absl::Status(const Made&)>& show);
absl::Status refuse_existing(const Path& folder, const std::string& state_dir);

// `America/Chicago`: known to this machine.
absl::Status check_timezone(std::string_view name);
// What this machine is set to; UTC where it does not say.
std::string machine_timezone();

}  // namespace latchstring::cli
