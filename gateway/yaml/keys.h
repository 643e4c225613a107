// Key tables: which keys a map may have, of what type, with which default. One table feeds the
// reader, --help, the JSON Schema and the reference document, so that they cannot disagree.
// Pure; any thread. Faults are collected; after one, a getter returns a harmless value.
#pragma once

#include <absl/status/statusor.h>

#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gateway/base/time.h"
#include "gateway/yaml/yaml.h"

namespace latchstring::yaml {

enum class Type : std::uint8_t {
  text,         // any words, quoted or plain
  identifier,   // [a-z][a-z0-9_]*, at most kIdentifierMax characters
  yes_no,       // the plain words yes and no
  integer,      // plain digits, no leading zeros
  number,       // plain decimal number
  duration,     // `30 minutes`: seconds, minutes, hours, days
  bytes,        // `64 GiB`: KiB, MiB, GiB, TiB
  distance,     // `400 metres`: metres, kilometres
  date,         // `2027-03-31`
  word,         // one of `words`
  days,         // `every_day`, or some of mon tue wed thu fri sat sun
  time_window,  // `all_day`, or "22:00 to 06:00" (quoted)
  texts,        // one text or a list of them
  identifiers,  // one identifier or a list of them; with `words`: or one of these alone
  list,         // a list whose items the caller reads
  map,          // a map that the caller reads
  any           // the caller reads it
};

enum class Need : std::uint8_t { optional, mandatory };

// One row of a key table.
struct KeyRow {
  std::string_view name;
  Type type = Type::text;
  Need need = Need::optional;
  std::string_view fallback = {};  // the default, as it would be written; empty: simply absent
  std::string_view sentence = {};  // what it does, for help, schema and reference
  std::string_view words =
      {};                  // Type::word and identifiers: the words allowed, separated by spaces
  std::int64_t least = 0;  // integer, bytes (bytes), duration (seconds), distance (metres)
  std::int64_t most = std::numeric_limits<std::int32_t>::max();
};

inline constexpr std::size_t kIdentifierMax = 64;
inline constexpr std::size_t kTextMax = 1000;  // characters of one text value

// A value together with where it stands, for faults found later.
template <class T>
struct Placed {
  T value;
  Place place;
};
using Word = Placed<std::string>;

// A window of the wall clock: [from, to) in minutes of the day; to < from runs over midnight.
struct TimeWindow {
  int from_minute = 0;
  int to_minute = 24 * 60;
};

// Single values; nullopt after adding a fault.
std::optional<std::string> read_text(const Node& node, Faults& faults);
std::optional<std::string> read_identifier(const Node& node, Faults& faults);
std::optional<bool> read_yes_no(const Node& node, Faults& faults);
std::optional<std::int64_t> read_integer(const Node& node, const KeyRow& row, Faults& faults);
std::optional<double> read_number(const Node& node, Faults& faults);
std::optional<Duration> read_duration(const Node& node, const KeyRow& row, Faults& faults);
std::optional<std::int64_t> read_bytes(const Node& node, const KeyRow& row, Faults& faults);
std::optional<std::int64_t> read_distance(const Node& node, const KeyRow& row, Faults& faults);
// Year, month, day as YYYYMMDD; a day that the calendar has.
std::optional<int> read_date(const Node& node, Faults& faults);

// The nearest of `words` within a small edit distance; empty when none is near.
std::string nearest(std::string_view word, std::span<const std::string> words);
// `did you mean "purpose"?`, or empty.
std::string did_you_mean(std::string_view word, std::span<const std::string> words);

bool is_identifier(std::string_view text);

// For hints of a MapReader, both may be left out.
struct Advice {
  std::string like = {};  // how such a map is written: `begin with "name: ..."`
  std::string (*belongs)(std::string_view key) = nullptr;  // `"officer" belongs in "who"`, or empty
};

// A map read by its table. The constructor refuses unknown keys and names missing mandatory ones.
class MapReader {
 public:
  // `what` stands in messages: "an allow rule". A node that is no map is a fault.
  MapReader(const Node& node, std::span<const KeyRow> table, std::string what, Faults& faults,
            const Advice& advice = {});

  bool has(std::string_view key) const { return node(key) != nullptr; }
  // nullptr when it is not in the file.
  const Node* node(std::string_view key) const;
  // Where the key's value stands, or the map where it is absent.
  Place place(std::string_view key) const;
  const Place& place() const { return place_; }

  // Each returns the file's value, else the table's default (nullopt: neither, or faulty).
  std::optional<std::string> text(std::string_view key) const;  // also identifier and word
  bool yes_no(std::string_view key) const;
  std::optional<std::int64_t> integer(std::string_view key) const;
  std::optional<double> number(std::string_view key) const;
  std::optional<Duration> duration(std::string_view key) const;
  std::optional<std::int64_t> bytes(std::string_view key) const;
  std::optional<std::int64_t> distance(std::string_view key) const;  // metres
  std::optional<int> date(std::string_view key) const;
  std::optional<TimeWindow> time_window(std::string_view key) const;
  std::optional<std::vector<bool>> days(std::string_view key) const;  // Monday first
  std::vector<Word> words(std::string_view key) const;                // texts and identifiers

 private:
  const KeyRow& row(std::string_view key) const;
  // The file's node, else one made of the default; nullopt when there is neither.
  std::optional<Node> value(std::string_view key) const;
  // The keys that were meant.
  std::vector<std::string> refuse_unknown_keys(const Advice& advice);
  void name_missing_keys(const std::vector<std::string>& misspelt);

  const Node& node_;
  const std::span<const KeyRow> table_;
  const std::string what_;
  const Place place_;
  Faults& faults_;
};

}  // namespace latchstring::yaml
