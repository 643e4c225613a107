// The texts of an evidence folder: frames, ledger proof, names; and the papers of agency and
// officer.
#include "gateway/base/bytes.h"
#include "gateway/base/ensure.h"
#include "gateway/evidence/evidence.h"
#include "gateway/evidence/frames.h"
#include "gateway/requester/papers.h"

using namespace latchstring;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = as_text({data, size});
  std::vector<FrameTime> frames;
  const auto rows = evidence::read_frames_csv(text, [&frames](const FrameTime& frame) {
    frames.push_back(frame);
    return absl::OkStatus();
  });
  if (rows.ok()) ensure(*rows == frames.size());
  if (const auto proof = evidence::parse_ledger_proof(text); proof.ok()) {
    ensure(evidence::encode(*proof) == text);
    (void)evidence::read_release_leaf(proof->leaf);
  }
  for (const bool sealed : {false, true}) {
    if (const auto clip = evidence::clip_of(text, sealed)) {
      const evidence::Names names(*clip);
      ensure(sealed ? text == names.sealed_clip || text == names.sealed_tar
                    : text == names.clip || evidence::clip_of(text, false) == clip);
    }
  }
  if (const auto paper = requester::decode_public(text); paper.ok()) {
    ensure(requester::decode_public(requester::encode(*paper)).ok());
  }
  if (const auto paper = requester::decode_credentials(text); paper.ok()) {
    ensure(requester::decode_credentials(requester::encode(*paper)).ok());
  }
  return 0;
}
