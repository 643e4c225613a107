#include "gateway/seal/gift_file.h"

#include <algorithm>

#include "gateway/base/ensure.h"
#include "gateway/base/status.h"
#include "gateway/crypto/encoding.h"
#include "gateway/crypto/hash.h"
#include "gateway/crypto/jws.h"
#include "gateway/seal/seal_video.h"
#include "gateway/seal/sealed_file_writer.h"

namespace latchstring::seal {
namespace {

constexpr std::size_t kReadBytes = 1024 * 1024;

absl::Status read_through(const Spool& spool, const std::function<bool()>& cancelled,
                          const evidence::Put& put) {
  const std::uint64_t size = spool.size_bytes();
  Bytes buffer(std::min<std::uint64_t>(size, kReadBytes));
  for (std::uint64_t at = 0; at < size;) {
    if (cancelled && cancelled()) return absl::CancelledError("taken back");
    const std::span<std::uint8_t> part(buffer.data(),
                                       std::min<std::uint64_t>(buffer.size(), size - at));
    LS_RETURN_IF_ERROR(spool.read(at, part));
    LS_RETURN_IF_ERROR(put(part));
    at += part.size();
  }
  return absl::OkStatus();
}

absl::StatusOr<std::string> sha256_of(const Spool& spool) {
  crypto::Sha256 hash;
  LS_RETURN_IF_ERROR(read_through(spool, {}, [&hash](ByteView bytes) {
    hash.update(bytes);
    return absl::OkStatus();
  }));
  return crypto::to_hex(hash.finish());
}

absl::Status write_text(const std::string& name, std::string_view text, Instant modified,
                        const evidence::Put& put) {
  LS_RETURN_IF_ERROR(evidence::begin_ustar_file(name, text.size(), modified, put));
  LS_RETURN_IF_ERROR(put(as_bytes(text)));
  return evidence::end_ustar_file(text.size(), put);
}

absl::Status write_clip(const GiftPart& clip, const wire::NamedFile& named,
                        const std::function<bool()>& cancelled, const evidence::Put& put) {
  const Spool& mp4 = *clip.video.mp4;
  crypto::Sha256 hash;
  LS_RETURN_IF_ERROR(evidence::begin_ustar_file(named.name, mp4.size_bytes(), clip.signed_at, put));
  LS_RETURN_IF_ERROR(read_through(mp4, cancelled, [&](ByteView bytes) {
    hash.update(bytes);
    return put(bytes);
  }));
  // Checked again: what leaves is what was signed.
  if (crypto::to_hex(hash.finish()) != named.sha256) {
    return data_loss("the clip is not the one that was signed");
  }
  return evidence::end_ustar_file(mp4.size_bytes(), put);
}

absl::Status write_part(const GiftPart& clip, const evidence::LedgerProof& proof,
                        const std::function<bool()>& cancelled, const evidence::Put& put) {
  const evidence::Package& package = clip.package;
  LS_ASSIGN(const crypto::Jws jws, crypto::peek_jws(package.manifest_jws));
  LS_ASSIGN(const wire::Manifest manifest, wire::decode_manifest(jws.payload));
  const evidence::Names names({manifest.piece, clip.part});
  const Instant at = clip.signed_at;
  LS_RETURN_IF_ERROR(write_text(names.manifest, package.manifest_jws, at, put));
  LS_RETURN_IF_ERROR(write_text(names.readable, jws.payload, at, put));
  LS_RETURN_IF_ERROR(write_clip(clip, manifest.files.front(), cancelled, put));
  LS_RETURN_IF_ERROR(write_text(names.frames, package.frames_csv, at, put));
  LS_RETURN_IF_ERROR(write_text(names.regions, package.regions_json, at, put));
  LS_RETURN_IF_ERROR(write_text(names.sheet, package.sheet_html, at, put));
  return write_text(names.proof, evidence::encode(proof), at, put);
}

}  // namespace

std::string PackedClip::manifest_sha256() const {
  return crypto::sha256_hex(package_->manifest_jws);
}

absl::StatusOr<std::unique_ptr<const evidence::Package>> pack_video(const GrantTerms& terms,
                                                                    const ReleasedVideo& video,
                                                                    int part,
                                                                    const Context& context,
                                                                    const crypto::SigningKey& key) {
  LS_RETURN_IF_ERROR(check(terms, video, context));
  if (context.gift != terms.release_id || !context.officer.empty()) {
    return denied("only a gift to no officer goes into a file");
  }
  const evidence::Names names({context.number, part});
  LS_ASSIGN(std::string sha256, sha256_of(*video.mp4));
  return evidence::make_package({manifest_of(terms, video, part, context, key), "", "", ""},
                                {names.clip, video.mp4->size_bytes(), std::move(sha256)},
                                video.frames, video.regions_json, key);
}

absl::StatusOr<PackedClip> Sealer::pack(RedactedClip clip, int part, const Context& context) const {
  LS_ASSIGN(auto package, pack_video(clip.terms(), clip.video(), part, context, key_));
  return PackedClip(std::move(clip), part, context.now, std::move(package));
}

absl::StatusOr<WrittenGift> write_gift(const std::vector<GiftPart>& parts,
                                       const std::vector<evidence::LedgerProof>& proofs,
                                       const GiftFile& file,
                                       const std::function<bool()>& cancelled) {
  ensure(!parts.empty() && parts.size() == proofs.size());
  LS_ASSIGN(const auto copy, SealedFileWriter::open(file.copy, {file.archive}));
  crypto::Sha256 hash;
  LS_ASSIGN(const auto sealed,
            crypto::age::Writer::open_with_passphrase(file.passphrase, [&](ByteView bytes) {
              hash.update(bytes);
              return file.sink(bytes);
            }));
  const evidence::Put put = [&](ByteView bytes) -> absl::Status {
    LS_RETURN_IF_ERROR(copy->write(bytes));
    return sealed->write(bytes);
  };
  for (std::size_t i = 0; i < parts.size(); ++i) {
    LS_RETURN_IF_ERROR(write_part(parts[i], proofs[i], cancelled, put));
  }
  LS_RETURN_IF_ERROR(evidence::end_ustar(put));
  // The last chunk, without which the file is none, only once the copy lies safely on disk.
  LS_RETURN_IF_ERROR(copy->finish().status());
  if (cancelled && cancelled()) return absl::CancelledError("taken back");
  LS_RETURN_IF_ERROR(sealed->finish());
  copy->keep();
  return WrittenGift{sealed->sealed_bytes(), crypto::to_hex(hash.finish())};
}

absl::StatusOr<WrittenGift> write_gift_file(const std::vector<PackedClip>& clips,
                                            const std::vector<evidence::LedgerProof>& proofs,
                                            const GiftFile& file,
                                            const std::function<bool()>& cancelled) {
  std::vector<GiftPart> parts;
  for (const PackedClip& clip : clips) {
    parts.push_back({clip.terms(), clip.video(), clip.part(), clip.signed_at(), clip.package()});
  }
  return write_gift(parts, proofs, file, cancelled);
}

}  // namespace latchstring::seal
