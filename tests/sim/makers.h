// A stand-in for sealing, where no footage is at hand: a sealed clip made of given files. It still
// asks for a Grant, so that what the simulation releases was granted by release::Release.
#pragma once

#include <string>
#include <vector>

#include "gateway/base/stages.h"

namespace latchstring::sim {

SealedClip sealed_clip(const Grant& grant, int part, std::vector<SealedFile> files,
                       std::string delivery_jws);

}  // namespace latchstring::sim
