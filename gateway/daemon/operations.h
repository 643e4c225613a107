// What a household can do, performed: the handlers behind control's table of operations.
// Threads: loop; PINs are checked on the chores thread.
// Arguments and results: docs/ref/control.md.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "gateway/control/control.h"
#include "gateway/daemon/daemon.h"
#include "gateway/json/json.h"

namespace latchstring::daemon {

control::Handlers household_operations(Daemon& daemon);

// The groups it is made of.
void add_house_operations(Daemon& daemon, control::Handlers& handlers);
void add_rules_operations(Daemon& daemon, control::Handlers& handlers);
void add_camera_operations(Daemon& daemon, control::Handlers& handlers);
void add_request_operations(Daemon& daemon, control::Handlers& handlers);
void add_share_operations(Daemon& daemon, control::Handlers& handlers);
void add_agency_operations(Daemon& daemon, control::Handlers& handlers);
void add_resident_operations(Daemon& daemon, control::Handlers& handlers);
void add_log_operations(Daemon& daemon, control::Handlers& handlers);
void add_archive_operations(Daemon& daemon, control::Handlers& handlers);

// Checks every PIN given, one after another, and goes on with the residents' names: all of them
// right, or none. Answers the caller itself where one is wrong.
using Authenticated = std::function<void(std::vector<std::string> residents)>;
void authenticate(Daemon& daemon, std::vector<control::SignedBy> pins, control::Reply reply,
                  Authenticated then);

// Resets that are due, and new PINs whose yes counts by now. True where there were any: the docket
// is to be told.
absl::StatusOr<bool> pass_new_pins(Daemon& daemon);

// `rules` of status, policy.reload and policy.apply_now.
json::Writer rules_json(const Rules& rules);
// `sharing` of status, pause and resume.
json::Writer sharing_of(Daemon& daemon);
// Who has not answered yet, where an answer is still needed; empty while only something else is in
// the way.
std::vector<std::string> waiting_for(Daemon& daemon, const release::State& request);
json::Writer camera_json(Daemon& daemon, const CameraState& camera);

}  // namespace latchstring::daemon
