#include "gateway/evidence/frames.h"

#include "gateway/base/status.h"

namespace latchstring::evidence {
namespace {

constexpr std::string_view kHeader = "frame,utc,source";

std::string_view take(std::string_view& text, char end) {
  const std::size_t at = text.find(end);
  const std::string_view taken = text.substr(0, at);
  text.remove_prefix(at == std::string_view::npos ? text.size() : at + 1);
  return taken;
}

absl::StatusOr<FrameTime> read_row(std::string_view row, std::uint64_t number) {
  if (take(row, ',') != fmt::format("{}", number)) return invalid("frame {} is due", number);
  LS_ASSIGN(const Instant utc, from_rfc3339(take(row, ',')));
  if (row.find(',') != std::string_view::npos) return invalid("more than three columns");
  return FrameTime{utc, std::string(row)};
}

}  // namespace

std::string frames_csv(const std::vector<FrameTime>& frames) {
  std::string text = fmt::format("{}\n", kHeader);
  std::uint64_t number = 0;
  for (const FrameTime& frame : frames) {
    text += fmt::format("{},{},{}\n", number++, to_rfc3339(frame.utc), frame.source);
  }
  return text;
}

absl::StatusOr<std::uint64_t> read_frames_csv(
    std::string_view text, const std::function<absl::Status(const FrameTime&)>& each) {
  if (text.empty() || text.back() != '\n') return invalid("it does not end with a line feed");
  if (take(text, '\n') != kHeader) return invalid("its first line is not `{}`", kHeader);
  std::uint64_t rows = 0;
  while (!text.empty()) {
    const absl::StatusOr<FrameTime> frame = read_row(take(text, '\n'), rows);
    const absl::Status status = frame.ok() ? each(*frame) : frame.status();
    if (!status.ok()) return within(fmt::format("line {}", rows + 2), status);
    ++rows;
  }
  return rows;
}

}  // namespace latchstring::evidence
