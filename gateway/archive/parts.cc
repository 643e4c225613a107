#include "gateway/archive/parts.h"

#include "gateway/archive/stretch.h"
#include "gateway/base/ensure.h"
#include "gateway/base/status.h"

namespace latchstring::archive {
namespace {

using StretchPtr = std::shared_ptr<const Stretch>;

// The first kept picture, or nullopt; the reader stands at its start again.
absl::StatusOr<std::optional<Instant>> first_kept(FootageReader& reader) {
  for (;;) {
    LS_ASSIGN(const std::optional<AccessUnit> unit, reader.next());
    if (!unit) return std::nullopt;
    if (!unit->keep || unit->track != Track::video) continue;
    LS_RETURN_IF_ERROR(reader.rewind());
    return unit->utc;
  }
}

std::vector<SourceSegment> sources_of(const Stretch& stretch, const Interval& window) {
  std::vector<SourceSegment> sources;
  for (const Source& source : stretch.sources) {
    if (intersection(source.time(), window).empty()) continue;
    const Segment& segment = source.segment;
    sources.push_back({segment.name.id(), segment.sha256, segment.ledger_index});
  }
  return sources;
}

// Appends the part if there is a picture in it, and tells its first one.
absl::StatusOr<std::optional<Instant>> add_part(const StretchPtr& stretch, const GrantTerms& terms,
                                                const Window& window, std::vector<Part>& parts) {
  ensure(terms.interval.contains(window.interval));
  auto reader = std::make_unique<StretchReader>(stretch, window);
  LS_ASSIGN(const std::optional<Instant> first, first_kept(*reader));
  if (!first) return first;
  Part part{terms, std::move(reader), sources_of(*stretch, {*first, window.interval.to})};
  part.terms.native = window.edge == Edge::native;
  parts.push_back(std::move(part));
  return first;
}

absl::Status cut_stretch(const StretchPtr& stretch, const GrantTerms& terms,
                         std::vector<Part>& parts) {
  Window window{terms.interval, Edge::exact, terms.redaction.keep_audio};
  if (!terms.native) return add_part(stretch, terms, window, parts).status();
  window.edge = Edge::native;
  std::vector<Part> native;
  LS_ASSIGN(const std::optional<Instant> first, add_part(stretch, terms, window, native));
  // What lies before the first IDR, or everything where there is none.
  window.edge = Edge::exact;
  window.interval.to = first.value_or(terms.interval.to);
  if (!window.interval.empty()) {
    LS_RETURN_IF_ERROR(add_part(stretch, terms, window, parts).status());
  }
  for (Part& part : native) parts.push_back(std::move(part));
  return absl::OkStatus();
}

absl::Status no_footage(const GrantTerms& terms) {
  return not_found("there is no footage of `{}` between {} and {}", terms.camera,
                   to_rfc3339(terms.interval.from), to_rfc3339(terms.interval.to));
}

absl::StatusOr<std::vector<StretchPtr>> open_granted(const Path& segments, const DayKeys& keys,
                                                     const GrantTerms& terms,
                                                     const Footage& footage) {
  if (terms.interval.empty()) return invalid("the interval is empty");
  ensure(footage.camera == terms.camera);
  return open_stretches(segments, keys, footage);
}

// A reader of one access unit.
class OneFrame final : public FootageReader {
 public:
  OneFrame(StreamInfo info, AccessUnit unit) : info_(std::move(info)), unit_(std::move(unit)) {}
  const StreamInfo& info() const override { return info_; }
  absl::StatusOr<std::optional<AccessUnit>> next() override {
    if (std::exchange(given_, true)) return std::nullopt;
    return unit_;
  }
  absl::Status rewind() override {
    given_ = false;
    return absl::OkStatus();
  }

 private:
  const StreamInfo info_;
  const AccessUnit unit_;
  bool given_ = false;
};

}  // namespace

absl::StatusOr<std::vector<Part>> cut_parts(const Path& segments, const DayKeys& keys,
                                            const GrantTerms& terms, const Footage& footage) {
  LS_ASSIGN(const std::vector<StretchPtr> stretches, open_granted(segments, keys, terms, footage));
  std::vector<Part> parts;
  for (const StretchPtr& stretch : stretches) {
    LS_RETURN_IF_ERROR(cut_stretch(stretch, terms, parts));
  }
  if (parts.empty()) return no_footage(terms);
  return parts;
}

absl::StatusOr<Part> first_part(const Path& segments, const DayKeys& keys, const GrantTerms& terms,
                                const Footage& footage) {
  LS_ASSIGN(const std::vector<StretchPtr> stretches, open_granted(segments, keys, terms, footage));
  std::vector<Part> parts;
  for (const StretchPtr& stretch : stretches) {
    const Window window{terms.interval, Edge::exact, terms.redaction.keep_audio};
    LS_RETURN_IF_ERROR(add_part(stretch, terms, window, parts).status());
    if (!parts.empty()) return std::move(parts.front());
  }
  return no_footage(terms);
}

absl::StatusOr<Part> newest_frame(const Path& segments, const DayKeys& keys,
                                  const GrantTerms& terms, const Footage& footage) {
  LS_ASSIGN(const std::vector<StretchPtr> stretches, open_granted(segments, keys, terms, footage));
  for (auto stretch = stretches.rbegin(); stretch != stretches.rend(); ++stretch) {
    StretchReader reader(*stretch, {terms.interval, Edge::native, false});
    std::optional<AccessUnit> newest;
    for (;;) {
      LS_ASSIGN(std::optional<AccessUnit> unit, reader.next());
      if (!unit) break;
      if (unit->is_key) newest = std::move(unit);
    }
    if (!newest) continue;
    const Instant utc = newest->utc;
    return Part{terms, std::make_unique<OneFrame>(reader.info(), *std::move(newest)),
                sources_of(**stretch, {utc, utc + Duration{1}})};
  }
  return no_footage(terms);
}

}  // namespace latchstring::archive
