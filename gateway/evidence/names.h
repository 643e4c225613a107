// The names of the files of one clip. Suffix S: `N` for the first part of piece N, `N-P` for part
// P of it, counted from 1.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace latchstring::evidence {

inline constexpr int kPiecesMax = 1'000;
inline constexpr int kPartsMax = 16;
inline constexpr std::string_view kSealedFolder = "sealed";

struct ClipNumber {
  int piece = 1;
  int part = 1;
  friend auto operator<=>(const ClipNumber&, const ClipNumber&) = default;
};

struct Names {
  explicit Names(const ClipNumber& clip);
  // What the sealed tar holds, in its order.
  std::vector<std::string> in_tar() const { return {manifest, frames, regions, sheet}; }
  // What a gift in a file holds, in its order.
  std::vector<std::string> in_gift() const {
    return {manifest, readable, clip, frames, regions, sheet, proof};
  }
  // Everything an evidence folder holds of this clip, but for what is kept sealed.
  std::vector<std::string> in_folder() const;

  std::string clip;         // clip-S.mp4
  std::string manifest;     // manifest-S.jws
  std::string readable;     // manifest-S.json
  std::string frames;       // frames-S.csv
  std::string regions;      // regions-S.json
  std::string sheet;        // release-S.html
  std::string proof;        // ledger-proof-S.txt
  std::string delivery;     // delivery-S.jws
  std::string receipt;      // receipt-S.jws
  std::string sealed_clip;  // clip-S.mp4.age
  std::string sealed_tar;   // release-S.tar.age
};

// Whose file this is; nullopt: no name of an evidence folder. `sealed`: in its folder `sealed`.
std::optional<ClipNumber> clip_of(std::string_view name, bool sealed);

}  // namespace latchstring::evidence
