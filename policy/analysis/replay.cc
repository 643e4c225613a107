#include "policy/analysis/replay.h"

#include "gateway/base/status.h"
#include "gateway/json/json.h"
#include "policy/analysis/analysis.h"
#include "policy/engine/words.h"

namespace latchstring::policy {
namespace {

constexpr std::size_t kTextMax = 256;
constexpr std::size_t kCamerasMax = 64;

absl::StatusOr<Basis> basis_of(std::string_view word) {
  const auto basis = basis_from(word);
  if (!basis) return invalid("`{}` is no basis", word);
  return *basis;
}

// What a request means that names no camera.
std::vector<std::string> shared_by_rule(const Policy& policy) {
  std::vector<std::string> out;
  for (const auto& [id, camera] : policy.cameras) {
    if (camera.sharing == Sharing::by_rule) out.push_back(id);
  }
  return out;
}

// One request of the list; its cameras are judged one by one.
void read_request(const Policy& policy, const std::string& agency, json::Reader& request,
                  Replay& out) {
  Replayed each;
  each.id = request.string("id", kTextMax);
  Question& question = each.question;
  question.agency = request.string("agency", kTextMax);
  if (request.optional_boolean("gift")) {
    ++out.gifts;
    return;
  }
  if (!request.failed() && question.agency != agency) {
    ++out.others;
    return;
  }
  question.officer = request.optional_string("officer", kTextMax);
  question.has_case_number = !request.optional_string("case_number", kTextMax).empty();
  question.basis = request.string_as<Basis>("basis", kTextMax, basis_of);
  question.purpose = request.string("purpose", kTextMax);
  question.footage.from = request.string_as<Instant>("from", kTextMax, from_rfc3339);
  question.footage.to = request.string_as<Instant>("to", kTextMax, from_rfc3339);
  question.received = request.string_as<Instant>("received", kTextMax, from_rfc3339);
  each.had = request.optional_string("outcome", kTextMax);
  if (each.had.empty()) each.had = request.optional_string("phase", kTextMax);
  if (request.has("area")) question.area = request.string_as<Area>("area", kTextMax, area_from);
  const std::vector<std::string> named = request.strings("cameras", kCamerasMax, kTextMax);
  if (request.failed()) return;
  for (const std::string& camera : named.empty() ? shared_by_rule(policy) : named) {
    question.camera = camera;
    each.decision = judge(policy, question, question.received);
    out.requests.push_back(each);
  }
}

}  // namespace

absl::StatusOr<Replay> replay(const Policy& policy, const std::string& agency,
                              std::string_view text) {
  json::Limits limits;
  limits.bytes = kReplayBytesMax;
  const absl::StatusOr<json::Value> value = json::parse(text, limits);
  if (!value.ok()) return value.status();
  json::Reader list(*value);
  Replay out;
  for (json::Reader& request : list.objects("requests", kReplayRequestsMax)) {
    read_request(policy, agency, request, out);
  }
  // Members that a later version adds are no fault, so done() is not asked.
  if (list.failed()) return list.done();
  return out;
}

}  // namespace latchstring::policy
