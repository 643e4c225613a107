#include "gateway/evidence/names.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace latchstring::evidence {
namespace {

// A number without leading zeros, taken off the front.
std::optional<int> take_number(std::string_view& text, int max) {
  int number = 0;
  const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (fault != std::errc() || text[0] == '0' || number < 1 || number > max) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return number;
}

}  // namespace

Names::Names(const ClipNumber& of) {
  const std::string suffix =
      of.part == 1 ? fmt::format("{}", of.piece) : fmt::format("{}-{}", of.piece, of.part);
  clip = fmt::format("clip-{}.mp4", suffix);
  manifest = fmt::format("manifest-{}.jws", suffix);
  readable = fmt::format("manifest-{}.json", suffix);
  frames = fmt::format("frames-{}.csv", suffix);
  regions = fmt::format("regions-{}.json", suffix);
  sheet = fmt::format("release-{}.html", suffix);
  proof = fmt::format("ledger-proof-{}.txt", suffix);
  delivery = fmt::format("delivery-{}.jws", suffix);
  receipt = fmt::format("receipt-{}.jws", suffix);
  sealed_clip = clip + ".age";
  sealed_tar = fmt::format("release-{}.tar.age", suffix);
}

std::vector<std::string> Names::in_folder() const {
  return {clip, manifest, readable, frames, regions, sheet, proof, delivery, receipt};
}

std::optional<ClipNumber> clip_of(std::string_view name, bool sealed) {
  const std::size_t dash = name.find_first_of("0123456789");
  if (dash == std::string_view::npos) return std::nullopt;
  std::string_view rest = name.substr(dash);
  ClipNumber clip;
  const std::optional<int> piece = take_number(rest, kPiecesMax);
  if (!piece) return std::nullopt;
  clip.piece = *piece;
  if (!rest.empty() && rest[0] == '-') {
    rest.remove_prefix(1);
    const std::optional<int> part = rest.empty() ? std::nullopt : take_number(rest, kPartsMax);
    if (!part) return std::nullopt;
    clip.part = *part;
  }
  // What the clip's files are called decides; this also refuses `clip-1-1.mp4`.
  const Names names(clip);
  const std::vector<std::string> known =
      sealed ? std::vector{names.sealed_clip, names.sealed_tar} : names.in_folder();
  if (std::find(known.begin(), known.end(), name) == known.end()) return std::nullopt;
  return clip;
}

}  // namespace latchstring::evidence
