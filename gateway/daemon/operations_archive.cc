// archive.*: what footage is there, and whether it is whole.
#include <memory>

#include "gateway/base/status.h"
#include "gateway/daemon/operations.h"

namespace latchstring::daemon {
namespace {

using control::Reply;
using control::Request;

constexpr std::size_t kSegmentsPerChore = 16;

absl::StatusOr<json::Writer> list(Daemon& daemon) {
  LS_ASSIGN(const std::vector<archive::DayTotal> days, daemon.archive().day_totals());
  std::vector<json::Writer> rows;
  for (const archive::DayTotal& day : days) {
    json::Writer row;
    row.string("camera", day.camera)
        .string("day", day.day)
        .string("from", to_rfc3339(day.time.from))
        .string("to", to_rfc3339(day.time.to))
        .natural("segments", day.segments)
        .natural("bytes", day.size_bytes)
        .integer("seconds", std::chrono::duration_cast<std::chrono::seconds>(day.length).count())
        .natural("recovered", day.recovered);
    rows.push_back(std::move(row));
  }
  return json::Writer().objects("days", rows);
}

json::Writer report_json(Daemon& daemon, const archive::CheckReport& report, bool repair) {
  std::vector<json::Writer> faults;
  const auto add = [&](const std::vector<std::string>& names, std::string_view fault,
                       bool repaired) {
    for (const std::string& name : names) {
      json::Writer one;
      one.string("segment", name).string("fault", fault).boolean("repaired", repaired);
      faults.push_back(std::move(one));
    }
  };
  add(report.added, "the index did not know it", repair);
  add(report.recovered, "cut short by a crash", repair);
  add(report.dropped, "the index names it, but there is no file", repair);
  add(report.unreadable, "cannot be read", false);
  return json::Writer()
      .integer("segments", report.segments)
      .natural("bytes", daemon.archive().bytes())
      .boolean("ok", report.clean())
      .objects("faults", faults);
}

// Index and files first, then the content of every segment, a few at a time: a chore of seconds
// lets others through, and only what it reads is kept from being evicted.
struct Check {
  bool repair = false;
  Reply reply;
  archive::CheckReport report;
  std::string last;  // id of the last segment that was taken
  archive::Footage reading;
  std::vector<std::string> damaged;
};

void examine_some(Daemon& daemon, const std::shared_ptr<Check>& check) {
  auto page = daemon.archive().page(check->last, kSegmentsPerChore);
  if (!page.ok()) return check->reply.fail(page.status());
  check->reading = *std::move(page);
  const std::vector<archive::Segment>& segments = check->reading.segments;
  if (segments.empty()) {
    return check->reply.ok(report_json(daemon, check->report, check->repair));
  }
  check->last = segments.back().name.id();
  const bool queued = daemon.slow_chores().run(
      [check, examine = daemon.archive().examiner()] {
        for (const archive::Segment& segment : check->reading.segments) {
          const absl::Status whole = examine(segment);
          if (whole.ok()) continue;
          check->damaged.push_back(fmt::format("{}: {}", segment.name.id(), message_of(whole)));
        }
      },
      [&daemon, check] {
        auto& unreadable = check->report.unreadable;
        unreadable.insert(unreadable.end(), check->damaged.begin(), check->damaged.end());
        check->report.segments -= static_cast<int>(check->damaged.size());
        check->damaged.clear();
        examine_some(daemon, check);
      });
  if (!queued) check->reply.fail(unavailable("too much is waiting; try again"));
}

void check(Daemon& daemon, bool repair, const Reply& reply) {
  auto check = std::make_shared<Check>(Check{repair, reply, {}, {}, {}, {}});
  auto report = daemon.archive().check(repair);
  if (!report.ok()) return reply.fail(report.status());
  check->report = *std::move(report);
  examine_some(daemon, check);
}

void answer(const Reply& reply, const absl::StatusOr<json::Writer>& result) {
  if (result.ok()) return reply.ok(*result);
  reply.fail(result.status());
}

}  // namespace

void add_archive_operations(Daemon& daemon, control::Handlers& handlers) {
  handlers["archive.list"] = [&daemon](Request&, const Reply& reply) {
    answer(reply, list(daemon));
  };
  handlers["archive.check"] = [&daemon](Request& asked, const Reply& reply) {
    check(daemon, asked.arguments.flag("repair"), reply);
  };
}

}  // namespace latchstring::daemon
