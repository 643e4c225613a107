// One request as it comes through a door, checked against its row of the table.
// Form: one JSON object on one line: {"v":1,"op":NAME,"args":{...},"pins":[{"resident":R,"pin":P}],
// "new_pin":P,"passphrase":P}; docs/ref/control.md.
// Limits: kLineMax and those of operations.h. Thread: any.
#pragma once

#include <absl/status/statusor.h>
#include <sys/types.h>

#include <cstring>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "gateway/base/files.h"
#include "gateway/base/time.h"
#include "gateway/control/operations.h"
#include "gateway/json/json.h"

namespace latchstring::control {

inline constexpr std::size_t kLineMax = 1024 * 1024;
inline constexpr std::size_t kPinMax = 128;            // bytes; a passphrase too
inline constexpr std::size_t kFilePassphraseMin = 12;  // bytes; of a gift's file

// A PIN or passphrase on its way to the daemon: wiped when it goes, copied nowhere else.
class Pin {
 public:
  Pin() = default;
  explicit Pin(std::string_view text);
  Pin(Pin&& other) noexcept;
  Pin& operator=(Pin&& other) noexcept;
  ~Pin();

  bool empty() const { return size_ == 0; }
  std::string_view view() const { return {memory_.get(), size_}; }

 private:
  std::unique_ptr<char[]> memory_;
  std::size_t size_ = 0;
};

// Overwrites the text and empties it.
void wipe(std::string& text);

struct SignedBy {
  std::string resident;
  Pin pin;
};

// Reading one that is not in the operation's row, or as another kind, is a bug.
class Arguments {
 public:
  using Held = std::variant<std::string, std::uint64_t, bool, Instant>;

  bool has(std::string_view name) const { return held_.find(name) != held_.end(); }
  const std::string& text(std::string_view name) const;  // also name and id; missing: empty
  std::uint64_t number(std::string_view name, std::uint64_t otherwise) const;
  bool flag(std::string_view name) const;  // missing: false
  Instant instant(std::string_view name) const;
  void set(std::string_view name, Held value) { held_.insert_or_assign(std::string(name), value); }

 private:
  std::map<std::string, Held, std::less<>> held_;
};

struct Request {
  const Operation* operation = nullptr;
  Arguments arguments;
  std::vector<SignedBy> pins;  // each resident at most once
  Pin new_pin;                 // not empty exactly where operation->new_pin
  Pin passphrase;              // not empty exactly where operation->passphrase
  UniqueFd pipe;               // write end; valid exactly where operation->takes_pipe
  uid_t uid = 0;               // of the caller
};

// InvalidArgument: not a request, or it does not fit its row. NotFound: no such operation.
// The pipe and the uid are the door's to fill. Wipes `line`.
absl::StatusOr<Request> parse_request(std::string line);

// The answer of a door that has nothing more to say: one line with its newline.
std::string error_line(const absl::Status& why, std::string_view hint);

// How a handler answers: from the loop thread, exactly once; later calls are ignored. Copies are
// the same answer. When the last copy goes without an answer, the caller is told that it failed.
class Reply {
 public:
  class Target {
   public:
    virtual ~Target() = default;
    virtual void answer(std::string line) = 0;  // any thread
  };
  explicit Reply(std::shared_ptr<Target> target);  // shared: the door and the handler both hold it

  void ok(const json::Writer& result) const;
  // `hint`: what the caller may do about it; may be empty.
  void fail(const absl::Status& why, std::string_view hint = {}) const;

 private:
  struct Once;
  std::shared_ptr<Once> once_;
};

// Runs on the loop thread, never waits. May move parts out of the request. Work that takes long is
// handed to another thread, which posts back.
using Handler = std::function<void(Request& request, Reply reply)>;
using Handlers = std::map<std::string, Handler, std::less<>>;

}  // namespace latchstring::control
