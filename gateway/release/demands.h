// What a clip must hide, as lines of text: kept with a piece that was cut, so that a later decision
// can be compared with what the clip hides. Private to the module.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "gateway/base/terms.h"

namespace latchstring::release {

// One line for each class, each zone with its polygon, no sound, each limit of picture and rate;
// `if_unsure: refuse` where a class or a zone makes the worker look at the pictures.
std::vector<std::string> demands(const RedactionPlan& plan);

// Whether a clip made under `hidden` meets all that is demanded now. A stricter limit meets a laxer
// one; everything else must be there as it is.
bool meets(const std::vector<std::string>& hidden, const std::vector<std::string>& demanded);
// Why it does not, for the household; empty: it does.
std::string_view shortfall(const std::vector<std::string>& hidden,
                           const std::vector<std::string>& demanded);

}  // namespace latchstring::release
