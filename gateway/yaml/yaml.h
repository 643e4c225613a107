// Strict YAML: a small, unambiguous part of YAML 1.2 that a household can write by hand. What could
// mean two things is refused: anchors, aliases, tags, duplicate or non-scalar keys, values left
// out, quotes not closed on their line, values over several lines, a second document, tabs,
// no-break spaces, curly quotes and invisible characters. Pure; any thread. Reading typed values
// out of the tree: gateway/yaml/keys.h. Limits: kBytesMax, kDepthMax, Faults::kFaultsMax.
#pragma once

#include <absl/status/status.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace latchstring::yaml {

inline constexpr std::size_t kBytesMax = 64 * 1024;
inline constexpr int kDepthMax = 12;

// Where something stands: line and column count from 1, columns and width in characters.
struct Place {
  int line = 1;
  int column = 1;
  int width = 1;
};

struct Key {
  std::string text;
  Place place;
};

struct Node {
  enum class Kind { scalar, list, map };
  Kind kind = Kind::scalar;
  Place place;
  std::string text;         // scalar
  bool quoted = false;      // scalar
  std::vector<Node> items;  // list; map: the values
  std::vector<Key> keys;    // map: keys[i] belongs to items[i]; in the file's order, no duplicates

  bool is_scalar() const { return kind == Kind::scalar; }
  bool is_list() const { return kind == Kind::list; }
  bool is_map() const { return kind == Kind::map; }
  // The value of this key of a map; nullptr when it is not there.
  const Node* find(std::string_view key) const;
};

// What is wrong with a file, each with file:line:column, the line itself and a caret line with a
// hint:
//   house-rules.yaml:41:5: I don't know "puprose" in an allow rule.
//      41 |     puprose: [burglary, vehicle_theft]
//         |     ^^^^^^^   did you mean "purpose"?
class Faults {
 public:
  static constexpr std::size_t kFaultsMax = 20;

  Faults(std::string_view file_name, std::string_view text);

  void add(const Place& at, std::string message, std::string hint = {});
  // About two lines at once; the message may have several lines.
  void add_pair(int first_line, int second_line, std::string message);

  bool empty() const { return entries_.empty(); }
  std::size_t count() const { return entries_.size(); }
  // All faults by line; the first kFaultsMax, and how many more.
  std::string text() const;
  // InvalidArgument with text(), or ok.
  absl::Status status() const;

 private:
  struct Entry {
    int line;
    int column;
    std::string text;
  };
  std::string file_name_;
  std::vector<std::string> lines_;
  std::vector<Entry> entries_;
};

// The tree of the one document; its root is a map. nullopt: `faults` says why. `root_hint`: how
// such a file begins.
std::optional<Node> parse(std::string_view text, Faults& faults, const std::string& root_hint = {});

}  // namespace latchstring::yaml
