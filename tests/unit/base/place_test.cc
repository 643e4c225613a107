#include "gateway/base/place.h"

#include "tests/support/catch.h"

namespace latchstring {
namespace {

Place place(std::string_view text) {
  const auto read = place_from(text);
  REQUIRE(read.ok());
  return *read;
}

TEST_CASE("distances are those of the sphere, within what it differs from the ellipsoid") {
  // Geodesics of the WGS 84 ellipsoid, in metres.
  struct Pair {
    const char* from;
    const char* to;
    double metres;
  };
  for (const Pair& each : {Pair{"0,0", "0,1", 111'319.5}, Pair{"0,0", "1,0", 110'574.4},
                           Pair{"89,0", "90,0", 111'693.9}, Pair{"60,10", "60,11", 55'800.0}}) {
    INFO(each.from << " to " << each.to);
    CHECK(metres_between(place(each.from), place(each.to)) == Approx(each.metres).epsilon(0.006));
    CHECK(metres_between(place(each.to), place(each.from)) ==
          metres_between(place(each.from), place(each.to)));
  }
  CHECK(metres_between(place("39.924,-83.809"), place("39.924,-83.809")) == 0);
  // Over the date line, and to the other side of the Earth.
  CHECK(metres_between(place("0,179.999"), place("0,-179.999")) == Approx(222.4).epsilon(0.006));
  CHECK(metres_between(place("0,0"), place("0,180")) == Approx(20'015'114.0).epsilon(0.001));
}

TEST_CASE("places and areas are read as they are written, and nothing else is") {
  CHECK(to_text(place("39.924,-83.809")) == "39.924000,-83.809000");
  CHECK(to_text(place("-0.000001,0")) == "-0.000001,0.000000");
  CHECK(place("-90,180") == Place{-90'000'000, 180'000'000});
  CHECK(to_text(*area_from("39.924,-83.809,400")) == "39.924000,-83.809000,400");
  for (const char* wrong :
       {"",     ",",     "39.924", "39.924,", "91,0",   "0,180.000001", "1.0000001,0",
        "+1,0", "--1,0", "-,0",    "1.,0",    ".5,0",   "1e1,0",        " 1,0",
        "1,0 ", "nan,0", "1,2,3",  "0001,0",  "1.-5,0", "1. 5,0"}) {
    INFO(wrong);
    CHECK(absl::IsInvalidArgument(place_from(wrong).status()));
  }
  for (const char* wrong :
       {"", "1,2", "1,2,0", "1,2,-1", "1,2,100001", "1,2,3,4", "1,2,3m", "91,2,3", "1,2,"}) {
    INFO(wrong);
    CHECK(absl::IsInvalidArgument(area_from(wrong).status()));
  }
}

}  // namespace
}  // namespace latchstring
