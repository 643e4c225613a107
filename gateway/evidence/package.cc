#include "gateway/evidence/package.h"

#include "gateway/base/status.h"
#include "gateway/crypto/hash.h"
#include "gateway/crypto/jws.h"
#include "gateway/evidence/frames.h"
#include "gateway/evidence/names.h"

namespace latchstring::evidence {
namespace {

constexpr std::string_view kNothingHidden =
    "{\"version\":1,\"classes\":[],\"zones\":[],\"frames\":[]}\n";

wire::NamedFile named(const std::string& name, std::string_view content) {
  return {name, content.size(), crypto::sha256_hex(content)};
}

}  // namespace

absl::StatusOr<std::unique_ptr<const Package>> make_package(SheetFacts facts,
                                                            const wire::NamedFile& clip,
                                                            const std::vector<FrameTime>& frames,
                                                            std::string regions_json,
                                                            const crypto::SigningKey& key) {
  wire::Manifest& manifest = facts.manifest;
  const Names names({manifest.piece, manifest.part});
  auto package = std::make_unique<Package>();
  package->frames_csv = frames_csv(frames);
  package->regions_json =
      regions_json.empty() ? std::string(kNothingHidden) : std::move(regions_json);
  manifest.frames = frames.size();
  manifest.files = {clip, named(names.frames, package->frames_csv),
                    named(names.regions, package->regions_json)};
  package->sheet_html = sheet(facts);
  manifest.files.push_back(named(names.sheet, package->sheet_html));
  const std::string payload = wire::encode(manifest);
  // Whoever receives it must be able to read it.
  LS_RETURN_IF_ERROR(
      within("the manifest cannot be written", wire::decode_manifest(payload).status()));
  package->manifest_jws = crypto::sign_jws(key, wire::kTypManifest, payload);
  if (package->manifest_jws.size() > crypto::kJwsMax) {
    return exhausted("the manifest is larger than {} bytes", crypto::kJwsMax);
  }
  package->in_tar = {{names.manifest, package->manifest_jws},
                     {names.frames, package->frames_csv},
                     {names.regions, package->regions_json},
                     {names.sheet, package->sheet_html}};
  return std::unique_ptr<const Package>(std::move(package));
}

}  // namespace latchstring::evidence
