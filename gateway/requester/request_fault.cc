#include "gateway/requester/request_fault.h"

#include <array>
#include <string_view>

#include "gateway/base/status.h"

namespace latchstring::requester {
namespace {

struct Option {
  std::string_view member;  // of a request, docs/ref/objects.md
  std::string_view name;
  std::string_view hint;
};

constexpr std::string_view kTimeHint =
    "give date, time and offset from UTC, like 2026-05-04T21:50:00-05:00, and an end after the "
    "beginning";

constexpr std::array kOptions{
    Option{"case", "--case", "give the number of your case, in one line"},
    Option{"purpose", "--purpose",
           "give one word like traffic_collision; ask your administrator which words the household "
           "uses"},
    Option{"description", "--description", "shorten it, and leave out control characters"},
    Option{"scope.cameras", "--camera",
           "give an id or label of one camera that the household published; repeat --camera for "
           "more"},
    Option{"scope.from", "--from", kTimeHint},
    Option{"scope.to", "--to", kTimeHint},
};

}  // namespace

RequestFault request_fault(const absl::Status& why) {
  const std::string_view words = message_of(why);
  for (const Option& option : kOptions) {
    for (const std::string_view name : {option.member, option.name}) {
      const std::string start = fmt::format("`{}`: ", name);
      if (!words.starts_with(start)) continue;
      std::string rest(words.substr(start.size()));
      // The end is measured by the beginning.
      constexpr std::string_view kFrom = "`from`";
      if (const std::size_t at = rest.find(kFrom); at != rest.npos && option.name == "--to") {
        rest.replace(at, kFrom.size(), "`--from`");
      }
      return {fmt::format("`{}`: {}", option.name, rest), std::string(option.hint)};
    }
  }
  return {std::string(words), ""};
}

}  // namespace latchstring::requester
