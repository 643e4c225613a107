// The effects of a step by name, and how a crash is aimed at them.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <variant>

#include "gateway/release/release.h"

namespace latchstring::sim {

struct EffectKind {
  std::string_view name;
  std::uint64_t often;  // about how often a run passes it, so that a crash falls anywhere
  bool rare = false;    // seldom: aimed at more
};

// In the order of release::Effect.
inline constexpr std::array kEffects{
    EffectKind{"SendReceived", 2},
    EffectKind{"SendClosed", 2},
    EffectKind{"AskResidents", 1},
    EffectKind{"TellResidents", 2},
    EffectKind{"Cut", 2},
    EffectKind{"StopWork", 1, true},
    EffectKind{"Offer", 1},
    EffectKind{"DropSealed", 1, true},
    EffectKind{"Withdraw", 1, true},
    EffectKind{"DeleteOutbox", 1},
    EffectKind{"PinFootage", 1, true},
};
static_assert(kEffects.size() == std::variant_size_v<release::Effect>,
              "each effect has a name, so that a crash falls before and after it");

}  // namespace latchstring::sim
