#include "gateway/control/request.h"

#include <strings.h>

#include <algorithm>
#include <set>
#include <utility>

#include "gateway/base/ensure.h"
#include "gateway/base/status.h"

namespace latchstring::control {
namespace {

constexpr std::size_t kIdLength = 10;
constexpr std::uint64_t kNumberMax = (1ull << 53) - 1;

void wipe_texts(json::Value& value) {
  if (auto* text = value.as<std::string>()) wipe(*text);
  if (auto* list = value.as<json::List>())
    for (json::Value& item : *list) wipe_texts(item);
  if (auto* object = value.as<json::Object>())
    for (json::Member& member : *object) wipe_texts(member.second);
}

// The secrets of a parsed line, wiped however its reading ends.
class WipeAtEnd {
 public:
  explicit WipeAtEnd(json::Value& line) : line_(line) {}
  WipeAtEnd(const WipeAtEnd&) = delete;
  WipeAtEnd& operator=(const WipeAtEnd&) = delete;
  ~WipeAtEnd() {
    auto* object = line_.as<json::Object>();
    if (object == nullptr) return;
    for (json::Member& member : *object)
      if (member.first == "pins" || member.first == "new_pin" || member.first == "passphrase")
        wipe_texts(member.second);
  }

 private:
  json::Value& line_;
};

bool is_lower(char c) {
  return c >= 'a' && c <= 'z';
}

bool is_name(std::string_view text) {
  if (text.empty() || text.size() > kWordMax || !is_lower(text.front())) return false;
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return is_lower(c) || (c >= '0' && c <= '9') || c == '_'; });
}

bool is_id(std::string_view text) {
  return text.size() == kIdLength && std::all_of(text.begin(), text.end(), [](char c) {
           return is_lower(c) || (c >= '2' && c <= '7');
         });
}

bool is_plain(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte >= 0x20 && byte != 0x7f;
  });
}

absl::StatusOr<Arguments::Held> read_text(Kind kind, const std::string& text) {
  switch (kind) {
    case Kind::name:
      if (!is_name(text)) return invalid("must be a name: a-z, 0-9 and _, a letter first");
      return Arguments::Held(text);
    case Kind::id:
      if (!is_id(text)) return invalid("must be an id: ten characters of a-z and 2-7");
      return Arguments::Held(text);
    case Kind::instant: {
      LS_ASSIGN(const Instant instant, from_rfc3339(text));
      return Arguments::Held(instant);
    }
    case Kind::text:
      if (text.size() > kTextMax) return invalid("must have at most {} bytes", kTextMax);
      if (!is_plain(text)) return invalid("must not hold control characters");
      return Arguments::Held(text);
    case Kind::number:
    case Kind::flag:
      break;
  }
  return invalid("must not be text");
}

absl::StatusOr<Arguments::Held> read_argument(Kind kind, const json::Value& value) {
  if (kind == Kind::flag) {
    if (const bool* flag = value.as<bool>()) return Arguments::Held(*flag);
    return invalid("must be true or false");
  }
  if (kind == Kind::number) {
    const auto* number = value.as<std::int64_t>();
    if (number == nullptr || *number < 0 || static_cast<std::uint64_t>(*number) > kNumberMax)
      return invalid("must be a whole number from 0 to {}", kNumberMax);
    return Arguments::Held(static_cast<std::uint64_t>(*number));
  }
  const auto* text = value.as<std::string>();
  if (text == nullptr) return invalid("must be text");
  return read_text(kind, *text);
}

absl::Status read_arguments(const json::Value* given, Request& request) {
  const auto* object = given == nullptr ? nullptr : given->as<json::Object>();
  if (given != nullptr && object == nullptr) return invalid("`args` must be an object");
  const std::span<const Argument> rows = request.operation->arguments;
  if (object != nullptr) {
    for (const auto& [name, value] : *object) {
      const std::string& wanted = name;
      const auto row = std::find_if(rows.begin(), rows.end(),
                                    [&](const Argument& a) { return a.name == wanted; });
      if (row == rows.end())
        return invalid("`{}` takes no argument `{}`", request.operation->name, name);
      absl::StatusOr<Arguments::Held> held = read_argument(row->kind, value);
      if (!held.ok()) return within(fmt::format("argument `{}`", name), held.status());
      request.arguments.set(name, *std::move(held));
    }
  }
  for (const Argument& row : rows)
    if (row.required && !request.arguments.has(row.name))
      return invalid("`{}` needs the argument `{}`: {}", request.operation->name, row.name,
                     row.sentence);
  return absl::OkStatus();
}

absl::StatusOr<Pin> take_pin(std::string_view member, const json::Value* value) {
  const auto* text = value == nullptr ? nullptr : value->as<std::string>();
  if (text == nullptr || text->empty()) return invalid("`{}` must be text", member);
  if (text->size() > kPinMax) return invalid("`{}` has more than {} bytes", member, kPinMax);
  return Pin(*text);
}

absl::StatusOr<SignedBy> read_signer(const json::Value& value) {
  const auto* object = value.as<json::Object>();
  if (object == nullptr || object->size() != 2)
    return invalid("`pins` must be a list of objects with `resident` and `pin`");
  SignedBy signer;
  for (const json::Member& member : *object) {
    if (member.first == "resident") {
      const auto* name = member.second.as<std::string>();
      if (name == nullptr || !is_name(*name)) return invalid("`resident` must be a name");
      signer.resident = *name;
    } else if (member.first == "pin") {
      LS_ASSIGN(signer.pin, take_pin("pin", &member.second));
    } else {
      return invalid("`pins` has no member `{}`", member.first);
    }
  }
  return signer;
}

absl::Status read_pins(const json::Value* given, Request& request) {
  const auto* list = given == nullptr ? nullptr : given->as<json::List>();
  if (given != nullptr && list == nullptr) return invalid("`pins` must be a list");
  const bool some = list != nullptr && !list->empty();
  const Signed by = request.operation->by;
  if (some && by == Signed::nobody) return invalid("`{}` takes no PIN", request.operation->name);
  if (!some && by == Signed::must)
    return invalid("`{}` needs the PIN of a resident", request.operation->name);
  if (!some) return absl::OkStatus();
  if (list->size() > kResidentsMax) return invalid("more than {} PINs", kResidentsMax);
  std::set<std::string> seen;
  for (const json::Value& item : *list) {
    LS_ASSIGN(SignedBy signer, read_signer(item));
    if (!seen.insert(signer.resident).second)
      return invalid("the resident `{}` is named twice", signer.resident);
    request.pins.push_back(std::move(signer));
  }
  return absl::OkStatus();
}

absl::Status read_secret(std::string_view member, const json::Value* given, bool wanted,
                         const Request& request, Pin& into) {
  if (given != nullptr && !wanted)
    return invalid("`{}` takes no `{}`", request.operation->name, member);
  if (!wanted) return absl::OkStatus();
  if (given == nullptr) return invalid("`{}` needs a `{}`", request.operation->name, member);
  LS_ASSIGN(into, take_pin(member, given));
  return absl::OkStatus();
}

// The members of a line, found before any of them is read.
struct Line {
  const json::Value* version = nullptr;
  const json::Value* operation = nullptr;
  const json::Value* arguments = nullptr;
  const json::Value* pins = nullptr;
  const json::Value* new_pin = nullptr;
  const json::Value* passphrase = nullptr;
};

absl::StatusOr<Line> find_members(const json::Object& object) {
  Line line;
  const std::pair<std::string_view, const json::Value**> known[] = {
      {"v", &line.version}, {"op", &line.operation},    {"args", &line.arguments},
      {"pins", &line.pins}, {"new_pin", &line.new_pin}, {"passphrase", &line.passphrase}};
  for (const json::Member& member : object) {
    const auto* place = std::find_if(std::begin(known), std::end(known),
                                     [&](const auto& k) { return k.first == member.first; });
    if (place == std::end(known)) return invalid("a request has no member `{}`", member.first);
    *place->second = &member.second;
  }
  return line;
}

absl::StatusOr<Request> read_request(const json::Value& value) {
  const auto* object = value.as<json::Object>();
  if (object == nullptr) return invalid("a request must be an object");
  LS_ASSIGN(const Line line, find_members(*object));
  const auto* version = line.version == nullptr ? nullptr : line.version->as<std::int64_t>();
  if (version == nullptr || *version != 1)
    return invalid("this daemon speaks version 1; restart it after an upgrade");
  const auto* name = line.operation == nullptr ? nullptr : line.operation->as<std::string>();
  if (name == nullptr) return invalid("a request must name its operation as `op`");
  Request request;
  request.operation = find_operation(*name);
  if (request.operation == nullptr) return not_found("there is no operation `{}`", *name);
  LS_RETURN_IF_ERROR(read_arguments(line.arguments, request));
  LS_RETURN_IF_ERROR(read_pins(line.pins, request));
  LS_RETURN_IF_ERROR(
      read_secret("new_pin", line.new_pin, request.operation->new_pin, request, request.new_pin));
  LS_RETURN_IF_ERROR(read_secret("passphrase", line.passphrase, request.operation->passphrase,
                                 request, request.passphrase));
  return request;
}

}  // namespace

Pin::Pin(std::string_view text)
    : memory_(std::make_unique<char[]>(text.size())), size_(text.size()) {
  std::copy(text.begin(), text.end(), memory_.get());
}

Pin::Pin(Pin&& other) noexcept
    : memory_(std::move(other.memory_)), size_(std::exchange(other.size_, 0)) {}

Pin& Pin::operator=(Pin&& other) noexcept {
  std::swap(memory_, other.memory_);
  std::swap(size_, other.size_);
  return *this;
}

Pin::~Pin() {
  if (memory_ != nullptr) explicit_bzero(memory_.get(), size_);
}

void wipe(std::string& text) {
  explicit_bzero(text.data(), text.size());
  text.clear();
}

const std::string& Arguments::text(std::string_view name) const {
  static const std::string none;
  const auto found = held_.find(name);
  if (found == held_.end()) return none;
  ensure(std::holds_alternative<std::string>(found->second));
  return std::get<std::string>(found->second);
}

std::uint64_t Arguments::number(std::string_view name, std::uint64_t otherwise) const {
  const auto found = held_.find(name);
  if (found == held_.end()) return otherwise;
  ensure(std::holds_alternative<std::uint64_t>(found->second));
  return std::get<std::uint64_t>(found->second);
}

bool Arguments::flag(std::string_view name) const {
  const auto found = held_.find(name);
  if (found == held_.end()) return false;
  ensure(std::holds_alternative<bool>(found->second));
  return std::get<bool>(found->second);
}

Instant Arguments::instant(std::string_view name) const {
  const auto found = held_.find(name);
  ensure(found != held_.end() && std::holds_alternative<Instant>(found->second));
  return std::get<Instant>(found->second);
}

absl::StatusOr<Request> parse_request(std::string line) {
  json::Limits limits;
  limits.bytes = kLineMax;
  absl::StatusOr<json::Value> value = json::parse(line, limits);
  wipe(line);
  if (!value.ok()) return within("request", value.status());
  const WipeAtEnd wiper(*value);
  return read_request(*value);
}

}  // namespace latchstring::control
