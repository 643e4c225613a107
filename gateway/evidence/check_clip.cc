#include "gateway/evidence/check_clip.h"

#include <algorithm>

#include "gateway/base/status.h"
#include "gateway/crypto/encoding.h"
#include "gateway/crypto/jws.h"
#include "gateway/evidence/digest.h"
#include "gateway/evidence/frames.h"
#include "gateway/evidence/ledger_proof.h"
#include "gateway/evidence/promise.h"
#include "gateway/evidence/ustar.h"
#include "gateway/json/json.h"

namespace latchstring::evidence {
namespace {

// The key that an object says it was signed with must be the one that signed it.
absl::StatusOr<crypto::Jws> signed_by(const crypto::VerifyKey& key, std::string_view text,
                                      std::string_view typ) {
  return crypto::verify_jws(text, typ, key);
}

// Before it is read: one that is larger than it should be may be very large.
absl::Status check_size(const Path& file, std::uint64_t due, std::string_view listed_in) {
  std::error_code fault;
  const std::uint64_t size = std::filesystem::file_size(file, fault);
  if (fault) return unavailable("its size cannot be read: {}", fault.message());
  if (size == due) return absl::OkStatus();
  return denied("it has {} bytes, not the {} that {} names", size, due, listed_in);
}

std::string sealed_path(const std::string& name) {
  return fmt::format("{}/{}", kSealedFolder, name);
}

}  // namespace

ClipCheck::ClipCheck(const Path& folder, const ClipNumber& clip,
                     const std::set<std::string>& present, const std::optional<Anchor>& anchor,
                     Report& report)
    : folder_(folder),
      clip_(clip),
      names_(clip),
      present_(present),
      anchor_(anchor),
      report_(report) {}

absl::StatusOr<std::string> ClipCheck::read(const std::string& name, std::uint64_t limit) const {
  if (!present_.contains(name)) return not_found("it is missing");
  return read_file(folder_ / name, limit);
}

bool ClipCheck::note(const std::string& file, const absl::Status& status, std::string_view held) {
  const std::string words(status.ok() ? held : message_of(status));
  report_.findings.push_back({file, status.ok() ? Outcome::holds : Outcome::failed, words});
  return status.ok();
}

void ClipCheck::leave_unchecked(const std::vector<std::string>& files, std::string_view because) {
  for (const std::string& file : files) {
    if (present_.contains(file)) {
      report_.findings.push_back({file, Outcome::unchecked, std::string(because)});
    } else {
      note(file, not_found("it is missing"), "");
    }
  }
}

void ClipCheck::run() {
  const std::string_view signer = anchor_ ? "the gateway" : "the key that it names itself";
  if (!note(names_.manifest, read_manifest(),
            fmt::format("signed by {}; its statements fit together", signer))) {
    manifest_.reset();
    const std::vector<std::string> all = names_.in_folder();
    std::vector<std::string> rest;
    std::remove_copy(all.begin(), all.end(), std::back_inserter(rest), names_.manifest);
    for (const std::string& name : {names_.sealed_clip, names_.sealed_tar}) {
      if (present_.contains(sealed_path(name))) rest.push_back(sealed_path(name));
    }
    return leave_unchecked(rest, fmt::format("{} does not hold", names_.manifest));
  }
  note(names_.readable, check_readable(), "the same words as the signed manifest");
  note(names_.clip, check_listed(names_.clip), "the very file that the manifest names");
  const absl::Status frames = check_listed(names_.frames);
  note(names_.frames, frames.ok() ? check_frames() : frames,
       fmt::format("{} frames, all inside the granted time", manifest_->frames));
  const absl::Status regions = check_listed(names_.regions);
  note(names_.regions, regions.ok() ? check_regions() : regions,
       "the very file that the manifest names");
  note(names_.sheet, check_listed(names_.sheet), "the very file that the manifest names");

  if (manifest_->credential.empty()) return run_gift();
  const bool delivered = note(names_.delivery, read_delivery(),
                              fmt::format("signed by {} for this manifest and this officer",
                                          anchor_ ? signer : "the same key"));
  const bool keeps_one = present_.contains(sealed_path(names_.sealed_clip)) ||
                         present_.contains(sealed_path(names_.sealed_tar));
  if (!delivered) {
    std::vector<std::string> rest{names_.proof, names_.receipt};
    if (keeps_one) rest.push_back(sealed_path(names_.sealed_clip));
    if (keeps_one) rest.push_back(sealed_path(names_.sealed_tar));
    return leave_unchecked(rest, fmt::format("{} does not hold", names_.delivery));
  }
  if (keeps_one) {
    note(sealed_path(names_.sealed_clip), check_sealed(names_.sealed_clip, 0),
         "the sealed file that the delivery names");
    note(sealed_path(names_.sealed_tar), check_sealed(names_.sealed_tar, 1),
         "the sealed file that the delivery names");
  }
  const absl::Status proven = check_proof();
  note(names_.proof, proven, proven_words_);
  const absl::Status receipt = check_receipt();
  note(names_.receipt, receipt, receipt_words_);
}

// A gift in a file is for whoever holds it: nothing was delivered to an officer.
void ClipCheck::run_gift() {
  const absl::Status proven = check_proof();
  note(names_.proof, proven, proven_words_);
  for (const std::string& name : {names_.delivery, names_.receipt, sealed_path(names_.sealed_clip),
                                  sealed_path(names_.sealed_tar)}) {
    if (present_.contains(name)) note(name, denied("a gift in a file has none"), "");
  }
}

absl::Status ClipCheck::read_manifest() {
  LS_ASSIGN(manifest_text_, read(names_.manifest, crypto::kJwsMax));
  // The key lies in the manifest itself; what makes it count is its thumbprint.
  LS_ASSIGN(const crypto::Jws peeked, crypto::peek_jws(manifest_text_));
  LS_ASSIGN(const wire::Manifest claimed, wire::decode_manifest(peeked.payload));
  LS_ASSIGN(gateway_key_, crypto::VerifyKey::from_jwk(claimed.gateway_jwk));
  LS_ASSIGN(const crypto::Jws jws, signed_by(*gateway_key_, manifest_text_, wire::kTypManifest));
  manifest_payload_ = jws.payload;
  LS_ASSIGN(manifest_, wire::decode_manifest(manifest_payload_));
  LS_RETURN_IF_ERROR(check_signer(jws.kid));
  if (manifest_->piece != clip_.piece || manifest_->part != clip_.part) {
    return invalid("it is about piece {} part {}", manifest_->piece, manifest_->part);
  }
  LS_RETURN_IF_ERROR(check_officer());
  LS_RETURN_IF_ERROR(check_intervals());
  return check_file_names();
}

absl::Status ClipCheck::check_signer(std::string_view kid) const {
  if (manifest_->common.iss != kid) return denied("`iss` is not the key that signed it");
  report_.signer = manifest_->common.iss;
  LS_RETURN_IF_ERROR(within("`ledger`", gateway_of(manifest_->ledger_vkey).status()));
  if (!anchor_) return absl::OkStatus();
  if (kid != anchor_->fingerprint) {
    return denied("signed by `{}`, not by the gateway that you named", kid);
  }
  if (!anchor_->ledger_vkey.empty() && manifest_->ledger_vkey != anchor_->ledger_vkey) {
    return denied("it names another ledger than the ticket");
  }
  return absl::OkStatus();
}

absl::Status ClipCheck::check_officer() {
  if (manifest_->credential.empty()) return absl::OkStatus();  // then it is for anybody
  LS_ASSIGN(const crypto::Jws jws, crypto::peek_jws(manifest_->credential));
  LS_ASSIGN(const wire::Credential credential, wire::decode_credential(jws.payload));
  LS_ASSIGN(officer_key_, crypto::VerifyKey::from_jwk(credential.officer_jwk));
  if (manifest_->common.aud != officer_key_->thumbprint()) {
    return denied("it is for another officer than its credential names");
  }
  const Instant at = manifest_->common.iat;
  if (at < credential.nbf || at >= credential.common.exp) {
    return denied("the officer's credential was not valid at {}", to_rfc3339(at));
  }
  return absl::OkStatus();
}

absl::Status ClipCheck::check_intervals() const {
  if (!manifest_->asked.contains(manifest_->granted)) {
    return denied("more was granted than asked for");
  }
  if (!manifest_->granted.contains(manifest_->given)) return denied("more was given than granted");
  return absl::OkStatus();
}

absl::Status ClipCheck::check_file_names() const {
  const std::vector<std::string> due{names_.clip, names_.frames, names_.regions, names_.sheet};
  const bool same =
      std::equal(due.begin(), due.end(), manifest_->files.begin(), manifest_->files.end(),
                 [](const std::string& name, const auto& file) { return name == file.name; });
  return same ? absl::OkStatus() : invalid("its list of files is not the one of a clip");
}

absl::Status ClipCheck::check_readable() const {
  LS_ASSIGN(const std::string text, read(names_.readable, crypto::kJwsMax));
  if (text != manifest_payload_) return denied("its words are not those that were signed");
  return absl::OkStatus();
}

absl::Status ClipCheck::check_listed(const std::string& name) const {
  const auto listed = std::find_if(manifest_->files.begin(), manifest_->files.end(),
                                   [&name](const auto& file) { return file.name == name; });
  if (!present_.contains(name)) return not_found("it is missing");
  LS_RETURN_IF_ERROR(check_size(folder_ / name, listed->size, names_.manifest));
  LS_ASSIGN(const Digest digest, digest_of(folder_ / name));
  if (digest.sha256 != listed->sha256) {
    return denied("its SHA-256 is not the one in {}", names_.manifest);
  }
  return absl::OkStatus();
}

absl::Status ClipCheck::check_frames() const {
  LS_ASSIGN(const std::string text, read(names_.frames, kInnerFileMax));
  const Interval& granted = manifest_->granted;
  const auto check = [&](const FrameTime& frame) -> absl::Status {
    if (!granted.contains(frame.utc)) {
      return denied("the frame of {} is outside the granted time", to_rfc3339(frame.utc));
    }
    const bool known =
        frame.source.empty() ||
        std::any_of(manifest_->sources.begin(), manifest_->sources.end(),
                    [&](const auto& source) { return source.segment == frame.source; });
    if (!known) return denied("`{}` is not a source that the manifest names", frame.source);
    return absl::OkStatus();
  };
  LS_ASSIGN(const std::uint64_t rows, read_frames_csv(text, check));
  if (rows == manifest_->frames) return absl::OkStatus();
  return denied("it has {} frames, the manifest {}", rows, manifest_->frames);
}

absl::Status ClipCheck::check_regions() const {
  LS_ASSIGN(const std::string text, read(names_.regions, kInnerFileMax));
  LS_ASSIGN(const json::Value value,
            json::parse(text, {.bytes = kInnerFileMax, .fractions = true}));
  const auto* object = value.as<json::Object>();
  if (object == nullptr) return invalid("it is not a JSON object");
  const auto found = std::find_if(object->begin(), object->end(), [](const json::Member& member) {
    return member.first == "frames";
  });
  const json::List* rows = found == object->end() ? nullptr : found->second.as<json::List>();
  if (rows == nullptr) return invalid("it has no list `frames`");
  // A clip that was passed on untouched hides nothing and lists nothing.
  const bool untouched = rows->empty() && !manifest_->reencoded;
  if (untouched || rows->size() == manifest_->frames) return absl::OkStatus();
  return denied("it tells of {} frames, the manifest of {}", rows->size(), manifest_->frames);
}

absl::Status ClipCheck::read_delivery() {
  LS_ASSIGN(const std::string text, read(names_.delivery, crypto::kJwsMax));
  LS_ASSIGN(const crypto::Jws jws, signed_by(*gateway_key_, text, wire::kTypDelivery));
  LS_ASSIGN(delivery_, wire::decode_delivery(jws.payload));
  const std::string& release = manifest_->gift.empty() ? manifest_->request_id : manifest_->gift;
  if (delivery_->common.iss != jws.kid) return denied("`iss` is not the key that signed it");
  if (delivery_->manifest_sha256 != crypto::sha256_hex(manifest_text_)) {
    return denied("it belongs to another manifest");
  }
  if (delivery_->release_id != release || delivery_->piece != clip_.piece ||
      delivery_->part != clip_.part || delivery_->common.aud != manifest_->common.aud) {
    return denied("it is not about what the manifest is about");
  }
  if (delivery_->files.size() != 2) return invalid("it does not name two sealed files");
  delivery_sha256_ = crypto::sha256_hex(text);
  return absl::OkStatus();
}

absl::Status ClipCheck::check_sealed(const std::string& name, std::size_t position) const {
  if (!present_.contains(sealed_path(name))) return not_found("it is missing");
  const wire::Delivery::File& due = delivery_->files[position];
  const Path file = folder_ / kSealedFolder / name;
  LS_RETURN_IF_ERROR(check_size(file, due.size, names_.delivery));
  LS_ASSIGN(const Digest digest, digest_of(file));
  if (digest.sha256 != due.sha256 || digest.merkle_root != due.merkle_root) {
    return denied("it is not the file that {} names", names_.delivery);
  }
  return absl::OkStatus();
}

absl::Status ClipCheck::check_proof() {
  LS_ASSIGN(const std::string text, read(names_.proof, kLedgerProofMax));
  LS_ASSIGN(const LedgerProof proof, parse_ledger_proof(text));
  LS_ASSIGN(const Proven proven, prove(proof, manifest_->ledger_vkey));
  const ReleaseLeaf& leaf = proven.leaf;
  if (leaf.delivery_sha256 != delivery_sha256_ || leaf.piece != clip_.piece ||
      leaf.manifest_sha256 != crypto::sha256_hex(manifest_text_) ||
      leaf.request_sha256 != manifest_->request_sha256) {
    return denied("its ledger entry is about another release");
  }
  proven_words_ = fmt::format("entered in the signer's ledger of {} entries, dated {}",
                              proven.checkpoint.size, to_rfc3339(leaf.at));
  return absl::OkStatus();
}

absl::Status ClipCheck::check_receipt() {
  LS_ASSIGN(const std::string text, read(names_.receipt, crypto::kJwsMax));
  LS_ASSIGN(const crypto::Jws jws, signed_by(*officer_key_, text, wire::kTypReceipt));
  LS_ASSIGN(const wire::Receipt receipt, wire::decode_receipt(jws.payload));
  LS_ASSIGN(const std::string gateway, gateway_of(manifest_->ledger_vkey));
  if (receipt.common.iss != jws.kid) return denied("`iss` is not the key that signed it");
  if (receipt.common.aud != gateway) return denied("it is for another gateway");
  if (receipt.delivery_sha256 != delivery_sha256_) return denied("it is for another delivery");
  receipt_words_ = "signed by the officer for this delivery";
  switch (promise_of(receipt, manifest_->delete_after)) {
    case Promise::as_asked:
      break;
    case Promise::missing:
      return denied("the officer promises no deletion, and the manifest asks for it by {}",
                    to_rfc3339(manifest_->delete_after));
    case Promise::another:
      return denied("the officer promises to delete it by {}, and the manifest asks for {}",
                    to_rfc3339(receipt.delete_after), to_rfc3339(manifest_->delete_after));
    case Promise::longer:
      receipt_words_ += fmt::format(", kept longer than asked: until {}, because `{}`",
                                    to_rfc3339(receipt.delete_after), receipt.kept_longer_because);
  }
  return absl::OkStatus();
}

}  // namespace latchstring::evidence
