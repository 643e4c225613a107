// release-S.html: what a person needs to know about one clip, to read and to print. One file
// without scripts or references to anything outside it; every word that came from somebody is
// escaped.
#pragma once

#include <string>
#include <string_view>

#include "gateway/wire/objects.h"

namespace latchstring::evidence {

struct SheetFacts {
  wire::Manifest manifest;  // its `files` without the sheet itself
  std::string agency;
  std::string badge;
  std::string case_number;
};

std::string sheet(const SheetFacts& facts);

}  // namespace latchstring::evidence
