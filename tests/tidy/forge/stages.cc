// Forbidden uses of the stage types, one per number. forge.py compiles each: CASE 0 must compile,
// every other must fail with the error that stands beside it.
#include <bit>
#include <utility>

#include "gateway/base/stages.h"

namespace latchstring {

void seal_as_the_sealer_does(const RedactedClip& clip);
void take(Grant grant);

#if CASE == 0
// What anybody may do: hand stages on and look at their terms.
void use(Grant grant, Clip clip, const RedactedClip& redacted) {
  take(std::move(grant));
  seal_as_the_sealer_does(redacted);
  static_cast<void>(clip.terms());
}
#elif CASE == 1   // expect: private
Grant forge() {
  return Grant(MadeBy<release::Release>{}, GrantTerms{});
}
#elif CASE == 2   // expect: private
Grant forge() {
  return Grant({}, GrantTerms{});
}
#elif CASE == 3   // expect: no matching
Grant forge() {
  return Grant(GrantTerms{});
}
#elif CASE == 4   // expect: private
Clip forge(GrantTerms terms) {
  return Clip({}, std::move(terms), nullptr, {});
}
#elif CASE == 5   // expect: private
RedactedClip forge() {
  return RedactedClip({}, GrantTerms{}, ReleasedVideo{});
}
#elif CASE == 6   // expect: private
SealedClip forge() {
  return SealedClip({}, "abcdefghij", 1, 1, {}, "");
}
#elif CASE == 7   // expect: private
Look forge() {
  return Look({}, GrantTerms{});
}
#elif CASE == 8   // expect: invalid initialization|no matching function|no known conversion
void leak(const Clip& clip) {
  seal_as_the_sealer_does(clip);
}
#elif CASE == 9   // expect: invalid initialization|no matching function|no known conversion
void leak(const RedactedPreview& preview) {
  seal_as_the_sealer_does(preview);
}
#elif CASE == 10  // expect: delete
void twice(const Grant& grant) {
  take(grant);
}
#elif CASE == 11  // expect: deleted|private
struct Mine : MadeBy<release::Release> {};
Grant forge() {
  return Grant(Mine{}, GrantTerms{});
}
#elif CASE == 12  // expect: no matching function|constraints
template <class Pass>
Pass forge_pass() {
  return std::bit_cast<Pass>(char{});
}
struct Anything {
  template <class Pass>
  operator Pass() const {
    return forge_pass<Pass>();
  }
};
Grant forge() {
  return Grant(Anything{}, GrantTerms{});
}
#elif CASE == 13  // expect: invalid initialization|no matching function|no known conversion
void leak(const Preview& preview) {
  seal_as_the_sealer_does(preview);
}
#elif CASE == 14  // expect: no matching|could not convert
RedactedClip skip(Clip clip) {
  return RedactedClip(std::move(clip));
}
#endif

}  // namespace latchstring
