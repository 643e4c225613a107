// archive.*: what footage is there, and whether it is whole.
#include <map>
#include <memory>

#include "gateway/base/status.h"
#include "gateway/daemon/operations.h"

namespace latchstring::daemon {
namespace {

using control::Reply;
using control::Request;

constexpr std::size_t kSegmentsPerChore = 16;

struct Day {
  Interval time;
  std::uint64_t bytes = 0;
  std::uint64_t segments = 0;
  std::uint64_t recovered = 0;
  Duration length{0};
};

void add_to(Day& day, const archive::Segment& segment) {
  day.time.from =
      day.segments == 0 ? segment.time.from : std::min(day.time.from, segment.time.from);
  day.time.to = std::max(day.time.to, segment.time.to);
  day.bytes += segment.size_bytes;
  day.recovered += segment.name.recovered ? 1 : 0;
  day.length += segment.time.length();
  ++day.segments;
}

// Of every camera, all that is indexed.
absl::StatusOr<std::vector<archive::Footage>> everything(Daemon& daemon) {
  LS_RETURN_IF_ERROR(daemon.archive().collect());
  LS_ASSIGN(const std::vector<archive::Span> spans, daemon.archive().spans());
  std::map<std::string, Interval> cameras;
  for (const archive::Span& span : spans) {
    auto [known, fresh] = cameras.try_emplace(span.camera, span.interval);
    if (!fresh) known->second.to = std::max(known->second.to, span.interval.to);
  }
  std::vector<archive::Footage> all;
  for (const auto& [camera, whole] : cameras) {
    LS_ASSIGN(archive::Footage footage, daemon.archive().footage(camera, whole));
    all.push_back(std::move(footage));
  }
  return all;
}

absl::StatusOr<json::Writer> list(Daemon& daemon) {
  LS_ASSIGN(const std::vector<archive::Footage> all, everything(daemon));
  std::vector<json::Writer> rows;
  for (const archive::Footage& footage : all) {
    std::map<std::string, Day> days;
    for (const archive::Segment& segment : footage.segments) {
      add_to(days[segment.name.day], segment);
    }
    for (const auto& [name, day] : days) {
      json::Writer row;
      row.string("camera", footage.camera)
          .string("day", name)
          .string("from", to_rfc3339(day.time.from))
          .string("to", to_rfc3339(day.time.to))
          .natural("segments", day.segments)
          .natural("bytes", day.bytes)
          .integer("seconds", std::chrono::duration_cast<std::chrono::seconds>(day.length).count())
          .natural("recovered", day.recovered);
      rows.push_back(std::move(row));
    }
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
// lets others through.
struct Check {
  bool repair = false;
  Reply reply;
  archive::CheckReport report;
  std::vector<archive::Footage> footage;  // as long as it lives, these segments stay
  std::vector<archive::Segment> left;
  std::vector<std::string> damaged;
};

void examine_some(Daemon& daemon, const std::shared_ptr<Check>& check) {
  if (check->left.empty()) {
    return check->reply.ok(report_json(daemon, check->report, check->repair));
  }
  const std::size_t count = std::min(kSegmentsPerChore, check->left.size());
  const std::vector<archive::Segment> some(check->left.end() - static_cast<std::ptrdiff_t>(count),
                                           check->left.end());
  check->left.resize(check->left.size() - count);
  const bool queued = daemon.slow_chores().run(
      [check, some, examine = daemon.archive().examiner()] {
        for (const archive::Segment& segment : some) {
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
  auto footage = everything(daemon);
  if (!footage.ok()) return reply.fail(footage.status());
  check->footage = *std::move(footage);
  for (const archive::Footage& of_camera : check->footage) {
    check->left.insert(check->left.end(), of_camera.segments.begin(), of_camera.segments.end());
  }
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
