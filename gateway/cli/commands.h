// The commands of `latchstring`, each file a group. A command sets session.run; main() runs it.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "gateway/cli/ask.h"
#include "gateway/cli/session.h"
#include "gateway/command_line/command_line.h"
#include "policy/analysis/analysis.h"

namespace latchstring::cli {

void add_init_command(CLI::App& app, Session& session);
void add_status_command(CLI::App& app, Session& session);
void add_camera_commands(CLI::App& app, Session& session);
void add_resident_commands(CLI::App& app, Session& session);
void add_agency_commands(CLI::App& app, Session& session);
void add_policy_commands(CLI::App& app, Session& session);
void add_compare_commands(CLI::App& group, Session& session);  // of the group `policy`
void add_apply_command(CLI::App& group, Session& session);     // of `policy` too
void add_request_commands(CLI::App& app, Session& session);
void add_share_command(CLI::App& app, Session& session);
void add_pause_commands(CLI::App& app, Session& session);
void add_log_commands(CLI::App& app, Session& session);
void add_archive_commands(CLI::App& app, Session& session);
void add_redact_command(CLI::App& app, Session& session);

// The program with all of them.
void add_commands(CLI::App& app, Session& session);

// --as RESIDENT, repeated, and --pin-fd N.
struct SignOptions {
  std::vector<std::string> residents;
  std::optional<int> pin_fd;

  void add_to(CLI::App& command, bool required);
  Secrets secrets() const { return {pin_fd, "--pin-fd"}; }
  absl::StatusOr<std::vector<control::SignedBy>> pins() const {
    return ask_pins(residents, secrets());
  }
};

// What a command remembers of its options until it runs: shared with CLI11, which fills it.
template <class Options>
std::shared_ptr<Options> keep() {
  return std::make_shared<Options>();
}

// What a command of `policy` prints; its exit code.
int tell(const policy::Output& output);

// The answer's JSON, or what `show` says of it; the exit code.
int show_answer(const control::Answer& answer, bool as_json,
                const std::function<void(const json::Value&)>& show);

}  // namespace latchstring::cli
