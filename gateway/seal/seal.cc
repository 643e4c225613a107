#include "gateway/seal/seal.h"

#include <algorithm>
#include <memory>

#include "gateway/base/status.h"
#include "gateway/crypto/hash.h"
#include "gateway/crypto/jws.h"
#include "gateway/evidence/evidence.h"
#include "gateway/seal/padding.h"
#include "gateway/seal/seal_video.h"
#include "gateway/seal/sealed_file_writer.h"
#include "gateway/wire/envelope.h"

namespace latchstring::seal {
namespace {

// The words of a manifest outlive everybody's need of them; a delivery is an offer.
constexpr Duration kManifestLifetime = std::chrono::days{36'525};
constexpr Duration kDeliveryLifetime = std::chrono::days{14};
constexpr std::size_t kReadBytes = 1024 * 1024;
constexpr std::string_view kTool = "latchstring " LATCHSTRING_VERSION;

std::vector<crypto::age::Recipient> everybody(const Context& context) {
  std::vector<crypto::age::Recipient> to = context.recipients;
  to.push_back(context.archive);
  return to;
}

absl::Status copy(const Spool& clip, SealedFileWriter& writer,
                  const std::function<bool()>& cancelled) {
  const std::uint64_t size = clip.size_bytes();
  Bytes buffer(std::min<std::uint64_t>(size, kReadBytes));
  for (std::uint64_t at = 0; at < size;) {
    if (cancelled && cancelled()) return absl::CancelledError("cancelled");
    const std::span<std::uint8_t> part(buffer.data(),
                                       std::min<std::uint64_t>(buffer.size(), size - at));
    LS_RETURN_IF_ERROR(clip.read(at, part));
    LS_RETURN_IF_ERROR(writer.write(part));
    at += part.size();
  }
  const FreeBox padding = free_box_after(size);
  LS_RETURN_IF_ERROR(writer.write(padding.header));
  return writer.write_zeros(padding.zeros);
}

absl::StatusOr<SealedFile> seal_tar(const evidence::Package& package, const Context& context,
                                    SealedFileWriter& writer) {
  const std::uint64_t size = padme_in(evidence::ustar_size(package.in_tar), evidence::kTarBlock);
  LS_RETURN_IF_ERROR(
      evidence::write_ustar(package.in_tar, context.now, size,
                            [&writer](ByteView bytes) { return writer.write(bytes); }));
  return writer.finish();
}

std::string sign_delivery(const wire::Manifest& manifest, const std::string& release,
                          const std::vector<SealedFile>& files, std::string_view manifest_jws,
                          const Context& context, const crypto::SigningKey& key) {
  wire::Delivery delivery;
  delivery.common = wire::new_common(key, context.officer, context.now, kDeliveryLifetime);
  delivery.release_id = release;
  delivery.piece = manifest.piece;
  delivery.part = manifest.part;
  for (const SealedFile& file : files) {
    delivery.files.push_back({file.size_bytes, file.sha256, file.merkle_root});
  }
  delivery.manifest_sha256 = crypto::sha256_hex(manifest_jws);
  return crypto::sign_jws(key, wire::kTypDelivery, wire::encode(delivery));
}

}  // namespace

wire::Manifest manifest_of(const GrantTerms& terms, const ReleasedVideo& video, int part,
                           const Context& context, const crypto::SigningKey& key) {
  wire::Manifest m;
  m.common = wire::new_common(key, context.officer.empty() ? "any" : context.officer, context.now,
                              kManifestLifetime);
  if (context.gift.empty()) m.request_id = terms.release_id;
  m.request_sha256 = context.request_sha256;
  m.decision_sha256 = context.decision_sha256;
  m.gift = context.gift;
  m.gateway_jwk = key.verify_key().to_jwk();
  m.ledger_vkey = context.ledger_vkey;
  m.credential = context.credential;
  m.gateway_name = context.gateway_name;
  m.piece = context.number;
  m.part = part;
  m.parts = context.parts;
  m.camera = terms.camera;
  m.asked = context.asked;
  m.granted = terms.interval;
  m.given = video.given;
  for (const SourceSegment& source : video.sources) {
    m.sources.push_back({source.id, source.sha256});
  }
  m.codec = video.codec;
  m.container = "mp4";
  m.redacted = video.redacted;
  m.tool = kTool;
  m.reencoded = video.reencoded;
  m.clock = context.clock;
  m.camera_offset_ms = context.camera_offset_ms;
  m.notes = video.notes;
  m.delete_after = context.delete_at();
  return m;
}

absl::Status check(const GrantTerms& terms, const ReleasedVideo& video, const Context& context) {
  if (video.mp4 == nullptr || video.frames.empty()) return data_loss("the clip has no pictures");
  if (!context.asked.contains(terms.interval)) return denied("more was granted than asked for");
  if (!terms.interval.contains(video.given)) return denied("the clip holds more than was granted");
  for (const FrameTime& frame : video.frames) {
    if (!terms.interval.contains(frame.utc)) {
      return denied("the picture of {} lies outside what was granted", to_rfc3339(frame.utc));
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<SealedFiles> seal_video(const GrantTerms& terms, const ReleasedVideo& video,
                                       int part, const Context& context,
                                       const crypto::SigningKey& key, const Path& folder,
                                       const std::function<bool()>& cancelled) {
  if (context.recipients.empty()) return denied("there is nobody to seal it to");
  LS_RETURN_IF_ERROR(check(terms, video, context));
  const evidence::Names names({context.number, part});
  const std::vector<crypto::age::Recipient> to = everybody(context);

  LS_ASSIGN(const auto clip_file, SealedFileWriter::open(folder / names.sealed_clip, to));
  LS_RETURN_IF_ERROR(copy(*video.mp4, *clip_file, cancelled));
  SealedFiles sealed;
  sealed.files.resize(2);
  LS_ASSIGN(sealed.files[0], clip_file->finish());

  const wire::Manifest manifest = manifest_of(terms, video, part, context, key);
  LS_ASSIGN(const auto package,
            evidence::make_package({manifest, context.agency, context.badge, context.case_number},
                                   {names.clip, clip_file->plain_size(), clip_file->plain_sha256()},
                                   video.frames, video.regions_json, key));
  if (cancelled && cancelled()) return absl::CancelledError("cancelled");
  LS_ASSIGN(const auto tar_file, SealedFileWriter::open(folder / names.sealed_tar, to));
  LS_ASSIGN(sealed.files[1], seal_tar(*package, context, *tar_file));
  sealed.delivery_jws =
      sign_delivery(manifest, terms.release_id, sealed.files, package->manifest_jws, context, key);
  clip_file->keep();
  tar_file->keep();
  return sealed;
}

Instant Context::delete_at() const {
  if (delete_after <= Duration::zero()) return Instant{};
  return from_unix_seconds(to_unix_seconds(now + delete_after));
}

absl::StatusOr<SealedClip> Sealer::seal(RedactedClip clip, int part, const Context& context,
                                        const Path& folder,
                                        const std::function<bool()>& cancelled) const {
  const GrantTerms& terms = clip.terms();
  LS_ASSIGN(SealedFiles sealed,
            seal_video(terms, clip.video(), part, context, key_, folder, cancelled));
  return SealedClip(MadeBy<Sealer>(), terms.release_id, terms.piece, part, std::move(sealed.files),
                    std::move(sealed.delivery_jws));
}

}  // namespace latchstring::seal
