#include "gateway/archive/parts.h"

#include <algorithm>
#include <iterator>

#include "gateway/archive/stretch.h"
#include "gateway/base/ensure.h"
#include "gateway/base/status.h"
#include "gateway/media/viewing_copy.h"

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

// From the first source with a moment of the window to the last one, and where that begins: units
// name their source by its place in this list.
struct Sources {
  std::size_t first = 0;
  std::vector<SourceSegment> segments;
};

Sources sources_of(const Stretch& stretch, const Interval& window) {
  const auto touches = [&window](const Source& source) {
    return !intersection(source.time(), window).empty();
  };
  const auto& all = stretch.sources;
  const auto first = std::find_if(all.begin(), all.end(), touches);
  const auto last = std::find_if(all.rbegin(), std::make_reverse_iterator(first), touches).base();
  Sources sources;
  sources.first = static_cast<std::size_t>(first - all.begin());
  for (auto source = first; source != last; ++source) {
    const Segment& segment = source->segment;
    sources.segments.push_back({segment.name.id(), segment.sha256, segment.ledger_index});
  }
  return sources;
}

// Appends the part if there is a picture in it, and tells its first one.
absl::StatusOr<std::optional<Instant>> add_part(const StretchPtr& stretch, const GrantTerms& terms,
                                                const Window& window, std::string note,
                                                std::vector<Part>& parts) {
  ensure(terms.interval.contains(window.interval));
  auto reader = std::make_unique<StretchReader>(stretch, window, std::move(note));
  LS_ASSIGN(const std::optional<Instant> first, first_kept(*reader));
  if (!first) return first;
  Sources sources = sources_of(*stretch, {*first, window.interval.to});
  reader->count_sources_from(sources.first);
  Part part{terms, std::move(reader), std::move(sources.segments)};
  part.terms.native = window.edge == Edge::native;
  parts.push_back(std::move(part));
  return first;
}

// Exact, the original, and for originals that not every player plays, a copy that it does.
absl::Status cut_native(const StretchPtr& stretch, const GrantTerms& terms, bool copies,
                        std::vector<Part>& parts) {
  Window window{terms.interval, Edge::native, terms.redaction.keep_audio};
  std::vector<Part> native;
  LS_ASSIGN(const std::optional<Instant> first, add_part(stretch, terms, window, "", native));
  // What lies before the first IDR, or everything where there is none.
  window.edge = Edge::exact;
  window.interval.to = first.value_or(terms.interval.to);
  if (!window.interval.empty()) {
    const std::string note =
        first ? fmt::format(
                    "the beginning of part {}, encoded anew: the camera's own pictures can "
                    "be cut only where part {} begins",
                    parts.size() + 2, parts.size() + 2)
              : "encoded anew: the camera's own pictures cannot be cut within this stretch";
    LS_RETURN_IF_ERROR(add_part(stretch, terms, window, note, parts).status());
  }
  if (!first) return absl::OkStatus();
  const StreamInfo info = native.front().reader->info();
  parts.push_back(std::move(native.front()));
  LS_ASSIGN(const bool is_wanted, media::wants_viewing_copy(info));
  if (!is_wanted || !copies) return absl::OkStatus();
  window.interval = {*first, terms.interval.to};
  const std::string note = fmt::format(
      "a viewing copy of part {}, encoded anew so that any player plays it; not the original",
      parts.size());
  return add_part(stretch, terms, window, note, parts).status();
}

absl::StatusOr<std::vector<Part>> cut_stretches(const std::vector<StretchPtr>& stretches,
                                                const GrantTerms& terms, bool copies) {
  const Window exact{terms.interval, Edge::exact, terms.redaction.keep_audio};
  std::vector<Part> parts;
  for (const StretchPtr& stretch : stretches) {
    LS_RETURN_IF_ERROR(terms.native ? cut_native(stretch, terms, copies, parts)
                                    : add_part(stretch, terms, exact, "", parts).status());
  }
  return parts;
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
  LS_ASSIGN(std::vector<Part> parts, cut_stretches(stretches, terms, true));
  if (terms.native && parts.size() > kPartsWithCopiesMax) {
    LS_ASSIGN(parts, cut_stretches(stretches, terms, false));
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
    LS_RETURN_IF_ERROR(add_part(stretch, terms, window, "", parts).status());
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
    const std::size_t source = newest->source;
    const Segment& segment = (*stretch)->sources[source].segment;
    newest->source = 0;
    return Part{terms,
                std::make_unique<OneFrame>(reader.info(), *std::move(newest)),
                {{segment.name.id(), segment.sha256, segment.ledger_index}}};
  }
  return no_footage(terms);
}

}  // namespace latchstring::archive
