// What becomes of a request and its pieces, in the words of `request list` and `request show`. The
// values are those of `request.show` (docs/ref/control.md). Thread: any.
#pragma once

#include <string>

#include "gateway/json/json.h"

namespace latchstring::cli {

std::string state_words(const json::Value& request);
// Who asked; of a gift, for whom it is.
std::string who_words(const json::Value& request);
// The cameras in a column: the first ones, and how many more. A stranger may name 64 of them.
std::string camera_words(const json::Value& request);
// How much of a piece was sent, to stand behind its state; empty: there is nothing to send.
std::string progress_words(const json::Value& piece);
// The number of its clip, and whether it left under it; empty: no clip was made.
std::string clip_words(const json::Value& piece);
// Empty: no clip of it was made, or will be.
std::string hidden_words(const json::Value& piece);

}  // namespace latchstring::cli
