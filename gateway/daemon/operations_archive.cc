// archive.*: what footage is there, and whether it is whole.
#include <map>

#include "gateway/base/status.h"
#include "gateway/daemon/operations.h"

namespace latchstring::daemon {
namespace {

using control::Reply;
using control::Request;

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

absl::StatusOr<json::Writer> list(Daemon& daemon) {
  LS_RETURN_IF_ERROR(daemon.archive().collect());
  LS_ASSIGN(const std::vector<archive::Span> spans, daemon.archive().spans());
  std::map<std::string, Interval> cameras;
  for (const archive::Span& span : spans) {
    auto [known, fresh] = cameras.try_emplace(span.camera, span.interval);
    if (!fresh) known->second.to = std::max(known->second.to, span.interval.to);
  }
  std::vector<json::Writer> rows;
  for (const auto& [camera, whole] : cameras) {
    LS_ASSIGN(const archive::Footage footage, daemon.archive().footage(camera, whole));
    std::map<std::string, Day> days;
    for (const archive::Segment& segment : footage.segments) {
      add_to(days[segment.name.day], segment);
    }
    for (const auto& [name, day] : days) {
      json::Writer row;
      row.string("camera", camera)
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

absl::StatusOr<json::Writer> check(Daemon& daemon, bool repair) {
  LS_ASSIGN(const archive::CheckReport report, daemon.archive().check(repair));
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
    answer(reply, check(daemon, asked.arguments.flag("repair")));
  };
}

}  // namespace latchstring::daemon
