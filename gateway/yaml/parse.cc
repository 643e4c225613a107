// yaml-cpp's events into our tree, refusing whatever is not plainly one thing.
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <fmt/format.h>

#include <algorithm>
#include <sstream>

#include "gateway/base/ensure.h"
#include "gateway/yaml/guess.h"
#include "gateway/yaml/scan.h"
#include "gateway/yaml/yaml.h"

namespace latchstring::yaml {
namespace {

struct Abandon {  // thrown through the parser: nothing after this fault can be trusted
  int line;
};

// Columns of yaml-cpp count bytes from 0; ours count characters from 1.
class Source {
 public:
  explicit Source(std::string_view text) : text_(text) {}

  std::string_view text() const { return text_; }
  std::size_t offset(const YAML::Mark& mark) const {
    return std::min(static_cast<std::size_t>(std::max(mark.pos, 0)), text_.size());
  }
  char at(const YAML::Mark& mark) const {
    return offset(mark) < text_.size() ? text_[offset(mark)] : '\n';
  }
  Place place(const YAML::Mark& mark, std::size_t bytes = 1) const {
    return place_in_line(mark.line + 1, offset(mark), bytes);
  }
  Place place(std::size_t at, std::size_t bytes) const {
    const std::string_view before = text_.substr(0, at);
    const auto newlines = std::count(before.begin(), before.end(), '\n');
    return place_in_line(static_cast<int>(newlines) + 1, at, bytes);
  }

 private:
  Place place_in_line(int line, std::size_t at, std::size_t bytes) const {
    const std::string_view before = text_.substr(0, at);
    const std::size_t start = before.rfind('\n') + 1;  // npos + 1 is 0
    const std::size_t width = count_characters(text_.substr(at, bytes));
    return {line, static_cast<int>(count_characters(before.substr(start))) + 1,
            std::max(1, static_cast<int>(width))};
  }

  const std::string_view text_;
};

class Builder final : public YAML::EventHandler {
 public:
  Builder(const Source& source, Faults& faults) : source_(source), faults_(faults) {}

  std::optional<Node> root;

  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    if (expects_key()) {
      refuse(source_.place(mark), "A key is missing before this colon.", "write a word before it");
    }
    refuse_properties(mark, anchor);
    Place place = source_.place(mark);
    std::string of = "A value";
    std::string hint = "write a value, or take the line out";
    if (!stack_.empty() && stack_.back().is_map()) {
      place = stack_.back().keys.back().place;
      of = fmt::format("The value of \"{}\"", stack_.back().keys.back().text);
      hint = missing_value_hint();
    } else if (const auto dash = lone_dash(source_.text(), source_.offset(mark))) {
      place = source_.place(*dash, 1);
    }
    missing_.push_back({place, of + " is missing.", hint});
    add(Node{Node::Kind::scalar, place, "", true, {}, {}});  // parsing goes on for further faults
  }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override {
    refuse(source_.place(mark), "References (\"*name\") are not allowed.", "write the text out");
  }

  void OnScalar(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                const std::string& value) override {
    refuse_properties(mark, anchor);
    const char first = source_.at(mark);
    const bool quoted = first == '"' || first == '\'';
    const std::size_t length = quoted ? quoted_length(mark) : plain_length(mark, value);
    const Place place = source_.place(mark, length);
    if (expects_key()) {
      add_key(place, value);
      key_end_ = source_.offset(mark) + length;
    } else {
      add(Node{Node::Kind::scalar, place, value, quoted, {}, {}});
    }
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    open(mark, anchor, Node::Kind::list);
  }
  void OnSequenceEnd() override { close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    open(mark, anchor, Node::Kind::map);
  }
  void OnMapEnd() override { close(); }

  // Faults for values that are not there; on the line where reading stopped they follow from that.
  void tell_missing(int stopped_at_line) {
    for (const Missing& each : missing_) {
      if (each.place.line != stopped_at_line) faults_.add(each.place, each.message, each.hint);
    }
  }

 private:
  struct Missing {
    Place place;
    std::string message;
    std::string hint;
  };

  [[noreturn]] void refuse(const Place& place, std::string message, std::string hint) {
    faults_.add(place, std::move(message), std::move(hint));
    throw Abandon{place.line};
  }

  bool expects_key() const {
    return !stack_.empty() && stack_.back().is_map() &&
           stack_.back().keys.size() == stack_.back().items.size();
  }

  // yaml-cpp reports a tag only by its meaning, and `! x` like a quoted x; the source tells.
  void refuse_properties(const YAML::Mark& mark, YAML::anchor_t anchor) {
    const char first = source_.at(mark);
    if (anchor != 0 || first == '&') {
      refuse(source_.place(mark), "Anchors (\"&name\") are not allowed.",
             "take it out, or put the text in quotes");
    }
    if (first == '!') {
      refuse(source_.place(mark), "Tags (\"!name\") are not allowed.",
             "take it out, or put the text in quotes");
    }
  }

  // By what follows the key whose value is not there.
  std::string missing_value_hint() const {
    std::string_view rest = source_.text().substr(key_end_);
    rest.remove_prefix(std::min(rest.find_first_not_of(' '), rest.size()));
    if (rest.starts_with(',') || rest.starts_with('}')) return "a list is written with [ and ]";
    rest.remove_prefix(std::min(rest.find_first_not_of(": "), rest.size()));
    if (rest.size() > 1 && rest[0] == '#' && rest[1] != ' ') {
      return "what follows # is a comment: put the value in quotes";
    }
    return "write a value, or take the line out";
  }

  std::size_t quoted_length(const YAML::Mark& mark) {
    const std::size_t open = source_.offset(mark);
    const std::size_t close = closing_quote(source_.text(), open);
    if (close == std::string_view::npos) {
      refuse(source_.place(mark), "This quote is not closed on its line.",
             fmt::format("close it with {}", source_.at(mark)));
    }
    return close - open + 1;
  }

  std::size_t plain_length(const YAML::Mark& mark, const std::string& value) {
    const char first = source_.at(mark);
    if (first == '|' || first == '>') {
      refuse(source_.place(mark), "A block of text (\"|\" or \">\") is not allowed.",
             "write the text on one line, in quotes");
    }
    if (source_.text().substr(source_.offset(mark), value.size()) != value) {
      const Guess guess = why_run_on(source_.text(), source_.offset(mark));
      refuse(source_.place(guess.at, guess.bytes), guess.message, guess.hint);
    }
    return value.size();
  }

  void add_key(const Place& place, const std::string& text) {
    Node& map = stack_.back();
    for (const Key& key : map.keys) {
      if (key.text != text) continue;
      // A hint that could be followed by taking the stricter one out would open what was closed.
      faults_.add(place,
                  fmt::format("\"{}\" is here twice (first at line {}).", text, key.place.line),
                  stack_.size() == 1
                      ? fmt::format("move what stands here up to line {}, both under one \"{}\"",
                                    key.place.line, text)
                      : "keep the stricter of the two");
      break;
    }
    map.keys.push_back({text, place});
  }

  void open(const YAML::Mark& mark, YAML::anchor_t anchor, Node::Kind kind) {
    if (expects_key()) {
      refuse(source_.place(mark), "A key must be a plain word, not a list or a map.",
             "write `name: value`");
    }
    refuse_properties(mark, anchor);
    if (static_cast<int>(stack_.size()) >= kDepthMax) {
      refuse(source_.place(mark), fmt::format("This is nested more than {} deep.", kDepthMax),
             "nothing here needs so many brackets or levels: take some out");
    }
    stack_.push_back(Node{kind, source_.place(mark), "", false, {}, {}});
  }

  void close() {
    Node done = std::move(stack_.back());
    stack_.pop_back();
    add(std::move(done));
  }

  void add(Node node) {
    if (stack_.empty()) {
      root = std::move(node);
    } else {
      stack_.back().items.push_back(std::move(node));
    }
  }

  const Source& source_;
  Faults& faults_;
  std::vector<Node> stack_;
  std::vector<Missing> missing_;
  std::size_t key_end_ = 0;  // in the text, of the key last read
};

// Whatever follows the document is refused, whatever it is.
class NothingMore final : public YAML::EventHandler {
 public:
  NothingMore(const Source& source, Faults& faults) : source_(source), faults_(faults) {}
  void OnDocumentStart(const YAML::Mark& mark) override { refuse(mark); }
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t) override { refuse(mark); }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override { refuse(mark); }
  void OnScalar(const YAML::Mark& mark, const std::string&, YAML::anchor_t,
                const std::string&) override {
    refuse(mark);
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t,
                       YAML::EmitterStyle::value) override {
    refuse(mark);
  }
  void OnSequenceEnd() override {}
  void OnMapStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t,
                  YAML::EmitterStyle::value) override {
    refuse(mark);
  }
  void OnMapEnd() override {}

 private:
  void refuse(const YAML::Mark& mark) {
    faults_.add(source_.place(mark), "A second document begins here; a file holds only one.",
                "take out the line \"---\" or \"...\" and what does not belong");
    throw Abandon{mark.line + 1};
  }
  const Source& source_;
  Faults& faults_;
};

std::string without_carriage_returns(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\r' && i + 1 < text.size() && text[i + 1] == '\n') continue;
    out += text[i];
  }
  return out;
}

// The line where reading stopped before the end; 0: it did not.
int parse_events(const Source& source, Builder& builder, Faults& faults) {
  std::istringstream stream{std::string(source.text())};
  try {
    YAML::Parser parser(stream);
    if (parser.HandleNextDocument(builder)) {
      NothingMore nothing(source, faults);
      while (parser.HandleNextDocument(nothing)) {
      }
    }
    return 0;
  } catch (const Abandon& abandon) {
    return abandon.line;
  } catch (const YAML::Exception& problem) {
    const Guess guess = why_stopped(source.text(), source.offset(problem.mark));
    const Place place = source.place(guess.at, guess.bytes);
    faults.add(place, guess.message, guess.hint);
    return place.line;
  }
}

}  // namespace

std::optional<Node> parse(std::string_view text, Faults& faults, const std::string& root_hint) {
  if (text.size() > kBytesMax) {
    faults.add({},
               fmt::format("This file has {} bytes; at most {} are read.", text.size(), kBytesMax),
               "take out what is not needed, comments too");
    return std::nullopt;
  }
  const std::string clean = without_carriage_returns(text);
  if (!scan_bytes(clean, faults)) return std::nullopt;
  const Source source(clean);
  Builder builder(source, faults);
  const Faults before = faults;
  const int stopped_at_line = parse_events(source, builder, faults);
  builder.tell_missing(stopped_at_line);
  if (const auto open = stopped_at_line == 0 ? std::nullopt : unclosed_bracket(clean)) {
    // All that follows was read as if it stood inside: those faults are none.
    faults = before;
    faults.add(open->place, fmt::format("This \"{}\" is not closed.", open->which),
               fmt::format("close it with {}", open->which == '[' ? ']' : '}'));
  }
  if (faults.count() != before.count()) return std::nullopt;
  if (!builder.root) {
    faults.add({}, "This file is empty.", root_hint);
  } else if (!builder.root->is_map()) {
    faults.add(builder.root->place, "This file must be keys with values (`key: value`).",
               root_hint);
  }
  if (faults.count() != before.count()) return std::nullopt;
  return std::move(builder.root);
}

}  // namespace latchstring::yaml
