#include "tests/support/cells.h"

#include <fmt/format.h>

#include <cstdio>
#include <memory>

namespace latchstring::test {

std::vector<std::optional<Cells>> cells_of_file(const std::string& path,
                                                const std::string& options) {
  const std::string command = fmt::format(
      "ffmpeg -v error -nostdin {} -ignore_editlist 1 -f mp4 -i '{}' -map 0:v:0 -vsync passthrough "
      "-vf crop={}:{}:0:0 -f rawvideo -pix_fmt gray -",
      options, path, kCellsWidth, kCellsHeight);
  struct Close {
    void operator()(std::FILE* pipe) const { ::pclose(pipe); }
  };
  const std::unique_ptr<std::FILE, Close> pipe(::popen(command.c_str(), "r"));
  std::vector<std::optional<Cells>> out;
  std::vector<std::uint8_t> frame(std::size_t{kCellsWidth} * kCellsHeight);
  while (pipe && std::fread(frame.data(), 1, frame.size(), pipe.get()) == frame.size()) {
    out.push_back(read_cells(frame.data(), kCellsWidth));
  }
  return out;
}

}  // namespace latchstring::test
