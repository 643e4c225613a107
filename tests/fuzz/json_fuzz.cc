// Whatever parses is printed, and parses again to the same print.
#include "gateway/base/bytes.h"
#include "gateway/base/ensure.h"
#include "gateway/json/json.h"

using namespace latchstring;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = as_text({data, size});
  for (const bool fractions : {false, true}) {
    json::Limits limits;
    limits.fractions = fractions;
    const auto value = json::parse(text, limits);
    if (!value.ok()) continue;
    const std::string printed = json::to_text(*value);
    limits.bytes = printed.size();
    const auto again = json::parse(printed, limits);
    ensure(again.ok() && json::to_text(*again) == printed);
    json::Reader reader(*value);
    (void)reader.optional_string("a", 10);
    (void)reader.objects("b", 3);
    (void)reader.done();
  }
  ensure(json::parse(json::quote(text), {.bytes = 8 * size + 2}).ok() ||
         text.find('\0') != std::string_view::npos);
  return 0;
}
