// A tar that is read holds exactly the files it should, and is what our writer makes of them.
#include "gateway/base/bytes.h"
#include "gateway/base/ensure.h"
#include "gateway/evidence/ustar.h"

using namespace latchstring;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view archive = as_text({data, size});
  const std::vector<std::string> names{"manifest-1.jws", "frames-1.csv"};
  const auto files = evidence::read_ustar(archive, names);
  if (!files.ok()) return 0;
  ensure(files->size() == names.size());
  std::uint64_t seconds = 0;  // every header holds its own time; compare all but that
  for (const char c : archive.substr(136, 11)) {
    seconds = seconds * 8 + static_cast<std::uint64_t>(c - '0');
  }
  std::string again;
  const absl::Status written =
      evidence::write_ustar(*files, from_unix_seconds(static_cast<std::int64_t>(seconds)), size,
                            [&again](ByteView bytes) {
                              again += as_text(bytes);
                              return absl::OkStatus();
                            });
  ensure(written.ok() && again.size() == size);
  ensure(evidence::read_ustar(again, names).ok());
  return 0;
}
