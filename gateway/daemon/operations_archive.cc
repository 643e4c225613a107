// archive.*: what footage is there, and whether it is whole.
#include <memory>

#include "gateway/base/status.h"
#include "gateway/daemon/lost_keys.h"
#include "gateway/daemon/operations.h"

namespace latchstring::daemon {
namespace {

using control::Reply;
using control::Request;

constexpr std::size_t kSegmentsPerChore = 16;
constexpr std::size_t kFaultsMax = 1000;  // that an answer names

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
        .natural("recovered", day.recovered)
        .optional_string("key_fault", day.key_fault ? day.key_fault->what : "");
    rows.push_back(std::move(row));
  }
  return json::Writer().objects("days", rows);
}

// What is to be said of one segment, or of a day. `known`: an earlier start or repair met it, or no
// repair ever could do anything; it is said again, but nothing is left to do.
struct Fault {
  std::string_view segment;
  std::string text;
  bool repaired = false;
  bool known = false;
  Interval time = {};         // empty: not known
  std::string_view day = {};  // instead of a segment
};

class Faults {
 public:
  void add(const Fault& fault) {
    if (!fault.known && !fault.repaired) ++left_;
    if (said_.size() == kFaultsMax) return;
    json::Writer one;
    one.string(fault.day.empty() ? "segment" : "day", fault.day.empty() ? fault.segment : fault.day)
        .string("fault", fault.text)
        .boolean("repaired", fault.repaired)
        .boolean("known", fault.known);
    if (!fault.time.empty()) {
      one.string("from", to_rfc3339(fault.time.from)).string("to", to_rfc3339(fault.time.to));
    }
    said_.push_back(std::move(one));
  }
  void add_all(const std::vector<std::string>& names, std::string_view text, bool repaired,
               bool known = false) {
    for (const std::string& name : names) add({name, std::string(text), repaired, known});
  }
  const std::vector<json::Writer>& said() const { return said_; }
  std::uint64_t left() const { return left_; }

 private:
  std::vector<json::Writer> said_;
  std::uint64_t left_ = 0;  // that a repair has not met yet, or could not mend now
};

std::string text_of(const archive::DamagedSegment& damaged, bool repair) {
  std::string text =
      damaged.known ? "known to be damaged" : fmt::format("damaged: {}", damaged.why);
  if (!damaged.saved.empty()) {
    const double seconds = static_cast<double>(damaged.saved.length().count()) / 1e6;
    text += fmt::format("; its first {:.1f} seconds are kept", seconds);
  } else if (damaged.known || repair) {
    text += "; nothing of it can be released";
  }
  return text;
}

json::Writer report_json(Daemon& daemon, const archive::CheckReport& report, bool repair) {
  Faults faults;
  faults.add_all(report.added, "the index did not know it", repair);
  faults.add_all(report.recovered, "cut short by a crash", repair);
  faults.add_all(report.returned, "missing or damaged before, and whole again", repair);
  for (const archive::MissingSegment& missing : report.missing) {
    faults.add({missing.segment, "its file is gone", false, missing.known || repair, missing.time});
  }
  for (const archive::DamagedSegment& damaged : report.damaged) {
    faults.add({damaged.segment, text_of(damaged, repair), !damaged.saved.empty() && !damaged.known,
                damaged.known || repair, damaged.time});
  }
  for (const archive::KeylessDay& day : report.keyless) {
    faults.add({"",
                fmt::format("its key {}, and its footage ({}) cannot be opened", day.fault.what,
                            amount_of(day)),
                false,
                true,
                {},
                day.day});
  }
  faults.add_all(report.unreadable, "cannot be read, and is left as it is", false, true);
  faults.add_all(report.failed, "could not be read or mended now", false);
  const std::string fault = daemon.archive_mark().fault();
  return json::Writer()
      .integer("segments", report.segments)
      .natural("bytes", daemon.archive().bytes())
      .boolean("ok", report.clean() && fault.empty())
      .optional_string("fault", fault)
      .natural("left", faults.left())
      .objects("faults", faults.said());
}

// Index and files first, then the content of every segment, a few at a time: a chore of seconds
// lets others through, and only what it reads is kept from being evicted.
struct Check {
  bool repair = false;
  Reply reply;
  archive::CheckReport report;
  std::string last;  // id of the last segment that was taken
  archive::Footage reading;
  std::vector<archive::Examined> examined;
};

void take_examined(Daemon& daemon, Check& check) {
  for (const archive::Examined& examined : check.examined) {
    const absl::Status noted = daemon.archive().note(examined, check.repair, check.report);
    if (noted.ok()) continue;
    check.report.failed.push_back(fmt::format("{}: {}", examined.row.name.id(), message_of(noted)));
  }
  check.examined.clear();
}

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
      [check, examine = daemon.archive().examiner(check->repair)] {
        for (const archive::Segment& segment : check->reading.segments) {
          check->examined.push_back(examine(segment));
        }
      },
      [&daemon, check] {
        take_examined(daemon, *check);
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

absl::StatusOr<json::Writer> accept(Daemon& daemon) {
  LS_RETURN_IF_ERROR(daemon.archive_mark().accept());
  daemon.tell(fmt::format("the archive in `{}` was accepted as the right one",
                          daemon.config().archive_dir().string()));
  return json::Writer();
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
  handlers["archive.accept"] = [&daemon](Request&, const Reply& reply) {
    answer(reply, accept(daemon));
  };
}

}  // namespace latchstring::daemon
