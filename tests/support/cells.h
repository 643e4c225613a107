// Cells: a frame's number and UTC as black and white blocks in the picture's top left corner, drawn
// by the test camera and read back from decoded pictures. 28 x 4 cells of 8 x 8 pixels survive x264
// at low bit rates; a checksum tells a readable frame from anything else. Bits, most significant
// first, row by row: 0xA5, frame number (32), microseconds since 1970 (56), CRC-16/CCITT of the 11
// bytes before (16). tests/support/cells.py reads the same.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "gateway/base/time.h"

namespace latchstring::test {

inline constexpr int kCell = 8;
inline constexpr int kCellColumns = 28;
inline constexpr int kCellRows = 4;
inline constexpr int kCellsWidth = kCell * kCellColumns;
inline constexpr int kCellsHeight = kCell * kCellRows;

struct Cells {
  std::uint32_t frame = 0;
  Instant utc;
};

namespace cells_detail {

constexpr std::size_t kBytes = kCellColumns * kCellRows / 8;
using Packed = std::array<std::uint8_t, kBytes>;

inline std::uint16_t crc16(const std::uint8_t* bytes, std::size_t size) {
  unsigned crc = 0xffff;
  for (std::size_t i = 0; i < size; ++i) {
    crc ^= static_cast<unsigned>(bytes[i]) << 8;
    for (int bit = 0; bit < 8; ++bit) crc = (crc & 0x8000) != 0 ? (crc << 1) ^ 0x1021 : crc << 1;
  }
  return static_cast<std::uint16_t>(crc & 0xffff);
}

inline Packed pack(const Cells& cells) {
  Packed out{};
  out[0] = 0xA5;
  const auto micros = static_cast<std::uint64_t>(cells.utc.time_since_epoch().count());
  for (unsigned i = 0; i < 4; ++i)
    out[1 + i] = static_cast<std::uint8_t>(cells.frame >> (24 - 8 * i));
  for (unsigned i = 0; i < 7; ++i) out[5 + i] = static_cast<std::uint8_t>(micros >> (48 - 8 * i));
  const std::uint16_t crc = crc16(out.data(), 12);
  out[12] = static_cast<std::uint8_t>(crc >> 8);
  out[13] = static_cast<std::uint8_t>(crc & 0xff);
  return out;
}

}  // namespace cells_detail

// Into a luma plane of at least kCellsWidth x kCellsHeight pixels.
inline void draw_cells(const Cells& cells, std::uint8_t* luma, std::size_t stride) {
  const auto packed = cells_detail::pack(cells);
  for (std::size_t y = 0; y < std::size_t{kCellsHeight}; ++y) {
    for (std::size_t x = 0; x < std::size_t{kCellsWidth}; ++x) {
      const std::size_t bit = (y / kCell) * kCellColumns + x / kCell;
      const bool white = ((packed[bit / 8] >> (7 - bit % 8)) & 1) != 0;
      luma[y * stride + x] = white ? 235 : 16;
    }
  }
}

// nullopt: no cells there, or not readable.
inline std::optional<Cells> read_cells(const std::uint8_t* luma, std::size_t stride) {
  cells_detail::Packed packed{};
  for (std::size_t bit = 0; bit < packed.size() * 8; ++bit) {
    const std::size_t left = (bit % kCellColumns) * kCell, top = (bit / kCellColumns) * kCell;
    unsigned sum = 0;
    for (std::size_t y = 2; y < 6; ++y) {
      for (std::size_t x = 2; x < 6; ++x) sum += luma[(top + y) * stride + left + x];
    }
    if (sum / 16 >= 126) packed[bit / 8] |= static_cast<std::uint8_t>(0x80 >> (bit % 8));
  }
  Cells cells;
  std::uint64_t micros = 0;
  for (std::size_t i = 1; i < 5; ++i) cells.frame = (cells.frame << 8) | packed[i];
  for (std::size_t i = 5; i < 12; ++i) micros = (micros << 8) | packed[i];
  cells.utc = Instant{Duration{static_cast<std::int64_t>(micros)}};
  if (packed != cells_detail::pack(cells)) return std::nullopt;
  return cells;
}

// Of every frame that an MP4 file decodes to, edit lists ignored, in presentation order; nullopt
// for a frame without readable cells. Runs ffmpeg; an empty answer: it could not read the file.
// `options` stand before the input, for example `-t 5`.
std::vector<std::optional<Cells>> cells_of_file(const std::string& path,
                                                const std::string& options = "");

}  // namespace latchstring::test
