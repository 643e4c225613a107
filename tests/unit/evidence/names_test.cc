#include "gateway/evidence/names.h"

#include "tests/support/catch.h"

namespace latchstring::evidence {
namespace {

TEST_CASE("the first part of a piece has no number of its own") {
  CHECK(Names({3, 1}).clip == "clip-3.mp4");
  CHECK(Names({3, 2}).clip == "clip-3-2.mp4");
  CHECK(Names({3, 2}).proof == "ledger-proof-3-2.txt");
  CHECK(Names({3, 1}).sealed_tar == "release-3.tar.age");
}

TEST_CASE("every name leads back to its clip, and no other does") {
  for (const ClipNumber& clip : {ClipNumber{1, 1}, ClipNumber{12, 1}, ClipNumber{7, 16}}) {
    const Names names(clip);
    for (const std::string& name : names.in_folder()) {
      CHECK(clip_of(name, false) == clip);
      CHECK(!clip_of(name, true));
    }
    for (const std::string& name : {names.sealed_clip, names.sealed_tar}) {
      CHECK(clip_of(name, true) == clip);
      CHECK(!clip_of(name, false));
    }
  }
  for (const char* name :
       {"", "clip-.mp4", "clip-0.mp4", "clip-01.mp4", "clip-1-1.mp4", "clip-1-17.mp4",
        "clip-1-.mp4", "clip-1001.mp4", "clip-99999999999999999999.mp4", "clip-1.mp4~",
        "xclip-1.mp4", "clip-1.MP4", "manifest-1.txt", "1", "clip--1.mp4", "clip-1-2-3.mp4",
        "notes.txt", "sealed"}) {
    INFO(name);
    CHECK(!clip_of(name, false));
  }
}

}  // namespace
}  // namespace latchstring::evidence
