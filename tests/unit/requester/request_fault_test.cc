#include "gateway/requester/request_fault.h"

#include "gateway/wire/objects.h"
#include "tests/support/catch.h"
#include "tests/unit/wire/samples.h"

namespace latchstring::requester {
namespace {

// What is told of a request that was changed like this.
template <class Change>
RequestFault fault(Change change) {
  wire::Request request = wire::sample_request();
  change(request);
  const auto read = wire::decode_request(wire::encode(request));
  REQUIRE(!read.ok());
  return request_fault(read.status());
}

TEST_CASE("a request that cannot be sent is told in the words of the options") {
  using R = wire::Request;
  const std::vector<std::pair<std::string, RequestFault>> all{
      {"--to", fault([](R& r) { r.footage.to = r.footage.from; })},
      {"--case", fault([](R& r) { r.case_number = std::string(201, 'x'); })},
      {"--case", fault([](R& r) { r.case_number = "26\n01"; })},
      {"--purpose", fault([](R& r) { r.purpose = "Two words"; })},
      {"--description", fault([](R& r) { r.description = std::string(2'001, 'x'); })},
      {"--camera", fault([](R& r) { r.cameras = {"a \"quoted\" one"}; })},
      {"--camera", fault([](R& r) { r.cameras = std::vector<std::string>(65, "garage"); })},
  };
  for (const auto& [option, told] : all) {
    INFO(told.error);
    CHECK(told.error.starts_with("`" + option + "`: "));
    CHECK(told.error.find("scope") == std::string::npos);
    CHECK(!told.hint.empty());
  }
  CHECK(all.front().second.error == "`--to`: must be after `--from`");
}

TEST_CASE("a time that is none is told with its option and how to write one") {
  const auto told = request_fault(absl::InvalidArgumentError("`--from`: `noon` is not a time"));
  CHECK(told.error == "`--from`: `noon` is not a time");
  CHECK(told.hint.find("2026-05-04T21:50:00-05:00") != std::string::npos);
}

TEST_CASE("what no option stands for is told as it is") {
  const auto told = request_fault(absl::InvalidArgumentError("`cred`: must be a compact JWS"));
  CHECK(told.error == "`cred`: must be a compact JWS");
  CHECK(told.hint.empty());
}

}  // namespace
}  // namespace latchstring::requester
