#include "gateway/requester/reception.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>

#include "gateway/base/lock_file.h"
#include "gateway/base/status.h"
#include "gateway/crypto/hash.h"
#include "gateway/crypto/jws.h"
#include "gateway/evidence/evidence.h"
#include "gateway/link/part_file.h"
#include "gateway/requester/program.h"
#include "gateway/requester/progress.h"
#include "gateway/wire/envelope.h"

namespace latchstring::requester {
namespace {

namespace fs = std::filesystem;

constexpr Duration kReceiptLifetime = std::chrono::days{365};
constexpr std::size_t kCopyBytes = 1024 * 1024;
// Other users of the officer's computer see nothing of what a household gave.
constexpr unsigned kPrivate = 0700;

evidence::Names names_of(const wire::Offer& offer) {
  return evidence::Names({offer.piece, offer.part});
}

evidence::Digest due(const wire::Offer::Transfer& transfer) {
  return {transfer.size, transfer.sha256, transfer.merkle_root};
}

// A sealed file that is not whole yet.
struct Part {
  std::string name;
  Path target;
  evidence::Digest due;
  link::Incoming incoming;
  std::unique_ptr<link::PartFile> file;
  std::uint64_t bytes = 0;  // that are here
};

std::uint64_t bytes_of(const link::Bitmap& map, const link::Incoming& file) {
  return std::min(map.count() * wire::kChunkBytes, file.size);
}

absl::Status add_part(const wire::Offer::Transfer& transfer, const Path& folder,
                      const std::string& name, std::vector<Part>& parts) {
  Part part{name, folder / name, due(transfer), {}, nullptr, 0};
  const auto there = evidence::digest_of(part.target);
  if (there.ok() && *there == part.due) return absl::OkStatus();
  LS_ASSIGN(part.incoming, link::incoming_from(transfer));
  LS_ASSIGN(part.file, link::PartFile::open(folder, name));
  LS_ASSIGN(const link::Bitmap stored, part.file->load_map(part.incoming));
  part.bytes = bytes_of(stored, part.incoming);
  parts.push_back(std::move(part));
  return absl::OkStatus();
}

std::string words_of(const std::vector<Part>& parts) {
  if (parts.size() == 1) return parts.front().name;
  return fmt::format("{} and {} more", parts.front().name, parts.size() - 1);
}

absl::Status receive_parts(Dialogue& dialogue, std::vector<Part>& parts, Duration until) {
  std::vector<link::RequesterLink::Fetch> files;
  std::uint64_t total = 0;
  std::uint64_t there = 0;
  for (const Part& part : parts) {
    files.push_back({part.incoming, part.file.get()});
    total += part.incoming.size;
    there += part.bytes;
  }
  Progress progress(words_of(parts), total, there);
  return dialogue.link().receive(files, kTransferPatience, until,
                                 [&](const link::Receiver& receiver) {
                                   std::uint64_t bytes = 0;
                                   for (Part& part : parts) {
                                     if (part.incoming.id == receiver.file().id) {
                                       part.bytes = bytes_of(receiver.stored(), part.incoming);
                                     }
                                     bytes += part.bytes;
                                   }
                                   progress.at(bytes);
                                 });
}

// An age file on disk, to be read in plain.
struct Opened {
  UniqueFd fd;
  std::unique_ptr<crypto::age::Reader> plain;
};

absl::StatusOr<Opened> open_sealed(const Path& file, const crypto::age::Identity& identity) {
  LS_ASSIGN(UniqueFd fd, open_file(file, O_RDONLY));
  const int number = fd.get();
  const crypto::age::Identity* const identities[] = {&identity};
  LS_ASSIGN(auto reader, crypto::age::Reader::open(
                             fs::file_size(file),
                             [number](std::uint64_t offset, std::span<std::uint8_t> out) {
                               return pread_all(number, out, offset);
                             },
                             identities));
  return Opened{std::move(fd), std::move(reader)};
}

absl::Status decrypt_clip(const Path& sealed, const Path& target,
                          const crypto::age::Identity& identity) {
  LS_ASSIGN(const Opened opened, open_sealed(sealed, identity));
  LS_ASSIGN(const UniqueFd out, open_file(target, O_WRONLY | O_CREAT | O_TRUNC, 0644));
  const std::uint64_t size = opened.plain->plain_size();
  Bytes buffer(std::min<std::uint64_t>(size, kCopyBytes));
  for (std::uint64_t at = 0; at < size;) {
    const std::span<std::uint8_t> part(buffer.data(),
                                       std::min<std::uint64_t>(buffer.size(), size - at));
    LS_RETURN_IF_ERROR(opened.plain->read(at, part));
    LS_RETURN_IF_ERROR(within(target.string(), write_all(out.get(), part)));
    at += part.size();
  }
  if (::fsync(out.get()) != 0)
    return errno_status(fmt::format("cannot sync `{}`", target.string()));
  return absl::OkStatus();
}

// The manifest's text.
absl::StatusOr<std::string> unpack(const Path& sealed, const evidence::Names& names,
                                   const Path& folder, const crypto::age::Identity& identity) {
  LS_ASSIGN(const Opened opened, open_sealed(sealed, identity));
  const std::uint64_t size = opened.plain->plain_size();
  if (size > evidence::kTarMax)
    return exhausted("the tar is larger than {} bytes", evidence::kTarMax);
  std::string archive(size, '\0');
  LS_RETURN_IF_ERROR(
      opened.plain->read(0, {reinterpret_cast<std::uint8_t*>(archive.data()), archive.size()}));
  LS_ASSIGN(const auto files, evidence::read_ustar(archive, names.in_tar()));
  for (const evidence::TarFile& file : files) {
    LS_RETURN_IF_ERROR(write_file_durably(folder / file.name, file.content));
  }
  return std::string(files.front().content);
}

// It answers the request that we sent, and is for us.
absl::Status check_answers(const wire::Manifest& manifest, const std::string& release,
                           const Dialogue::Parts& parts) {
  if (manifest.common.aud != parts.officer.thumbprint()) return denied("it is for another officer");
  LS_ASSIGN(const auto kept, parts.book.request(parts.ticket.gateway, release));
  if (!kept) {
    return manifest.gift == release ? absl::OkStatus()
                                    : denied("it answers a request that was not sent from here");
  }
  if (manifest.request_sha256 != crypto::sha256_hex(kept->jws)) {
    return denied("it answers another request than the one that was sent");
  }
  if (manifest.asked != kept->request.footage) {
    return denied("it says that another stretch was asked for");
  }
  return absl::OkStatus();
}

std::string sign_receipt(const wire::Manifest& manifest, const KeptOffer& kept,
                         const Dialogue::Parts& parts) {
  wire::Receipt receipt;
  receipt.common = wire::new_common(parts.officer.key, parts.ticket.gateway, parts.clock.now(),
                                    kReceiptLifetime);
  receipt.delivery_sha256 = kept.delivery_sha256;
  receipt.delete_after = manifest.delete_after;
  return crypto::sign_jws(parts.officer.key, wire::kTypReceipt, wire::encode(receipt));
}

// All of it but the receipt, which is signed only when all else holds.
absl::Status check_before_receipt(const Path& folder, const wire::Ticket& ticket,
                                  const std::string& receipt) {
  LS_ASSIGN(const evidence::Anchor anchor, evidence::anchor_of(ticket));
  LS_ASSIGN(const evidence::Report report, evidence::verify(folder, anchor));
  bool misses_receipt = false;
  for (const evidence::Finding& finding : report.findings) {
    // The other parts come by offers of their own.
    const bool fine =
        finding.outcome == evidence::Outcome::holds || finding.outcome == evidence::Outcome::absent;
    if (fine) continue;
    if (finding.file == receipt) {
      misses_receipt = true;
    } else {
      return denied("{}: {}", finding.file, finding.words);
    }
  }
  if (!report.anchored || !misses_receipt) return denied("it does not verify");
  return absl::OkStatus();
}

// The receipt's text. `folder` holds this clip alone.
absl::StatusOr<std::string> open_and_check(const Dialogue::Parts& parts, const KeptOffer& kept,
                                           const Path& incoming, const Path& folder) {
  const wire::Offer& offer = kept.offer;
  const evidence::Names names = names_of(offer);
  LS_RETURN_IF_ERROR(
      decrypt_clip(incoming / names.sealed_clip, folder / names.clip, parts.officer.identity));
  LS_ASSIGN(const std::string manifest_jws,
            unpack(incoming / names.sealed_tar, names, folder, parts.officer.identity));
  LS_ASSIGN(const auto key, crypto::VerifyKey::from_jwk(parts.ticket.gateway_jwk));
  LS_ASSIGN(const crypto::Jws jws, crypto::verify_jws(manifest_jws, wire::kTypManifest, key));
  LS_ASSIGN(const wire::Manifest manifest, wire::decode_manifest(jws.payload));
  LS_RETURN_IF_ERROR(check_answers(manifest, offer.request_id, parts));
  const auto put = [&folder](const std::string& name, std::string_view content) {
    return write_file_durably(folder / name, content);
  };
  LS_RETURN_IF_ERROR(put(names.readable, jws.payload));
  LS_RETURN_IF_ERROR(put(names.delivery, offer.delivery));
  LS_RETURN_IF_ERROR(put(names.proof, evidence::encode({offer.leaf, offer.ledger_proof})));
  LS_RETURN_IF_ERROR(check_before_receipt(folder, parts.ticket, names.receipt));
  const std::string receipt = sign_receipt(manifest, kept, parts);
  LS_RETURN_IF_ERROR(put(names.receipt, receipt));
  if (manifest.delete_after != Instant{}) {
    note(fmt::format("the receipt promises to delete {} by {}", names.clip,
                     to_rfc3339(manifest.delete_after)));
  }
  return receipt;
}

absl::Status move(const Path& from, const Path& to) {
  if (::rename(from.c_str(), to.c_str()) != 0) {
    return errno_status(fmt::format("cannot move `{}`", from.string()));
  }
  return absl::OkStatus();
}

// Each file whole or not at all; a run that was killed between two of them does it again.
absl::Status put_in_place(const Reception& reception, const wire::Offer& offer,
                          const Path& checked) {
  const evidence::Names names = names_of(offer);
  const Path folder = reception.folder_of(offer);
  LS_RETURN_IF_ERROR(make_folder(folder, kPrivate));
  for (const std::string& name : names.in_folder()) {
    LS_RETURN_IF_ERROR(move(checked / name, folder / name));
  }
  LS_RETURN_IF_ERROR(sync_folder(folder));
  if (!reception.keep_sealed) return absl::OkStatus();
  const Path sealed = folder / evidence::kSealedFolder;
  LS_RETURN_IF_ERROR(make_folder(sealed, kPrivate));
  for (const std::string& name : {names.sealed_clip, names.sealed_tar}) {
    LS_RETURN_IF_ERROR(move(reception.incoming_of(offer) / name, sealed / name));
  }
  return sync_folder(sealed);
}

absl::Status remove_folder_if_empty(const Path& folder) {
  std::error_code fault;
  if (fs::is_empty(folder, fault) && !fault) fs::remove(folder, fault);
  return absl::OkStatus();
}

}  // namespace

absl::Status fetch_piece(Dialogue& dialogue, const std::vector<KeptOffer>& piece,
                         const Reception& reception) {
  std::vector<Part> parts;
  for (const KeptOffer& kept : piece) {
    const evidence::Names names = names_of(kept.offer);
    const Path incoming = reception.incoming_of(kept.offer);
    LS_RETURN_IF_ERROR(make_folder(incoming, kPrivate));
    LS_RETURN_IF_ERROR(add_part(kept.offer.transfers[0], incoming, names.sealed_clip, parts));
    LS_RETURN_IF_ERROR(add_part(kept.offer.transfers[1], incoming, names.sealed_tar, parts));
  }
  if (parts.empty()) return absl::OkStatus();
  LS_RETURN_IF_ERROR(receive_parts(dialogue, parts, reception.until));
  for (const Part& part : parts) {
    LS_RETURN_IF_ERROR(part.file->finish(part.target));
    LS_ASSIGN(const evidence::Digest found, evidence::digest_of(part.target));
    if (found != part.due) return data_loss("`{}` is not what was offered", part.target.string());
  }
  return absl::OkStatus();
}

absl::Status open_offer(Dialogue& dialogue, const KeptOffer& kept, const Reception& reception) {
  const wire::Offer& offer = kept.offer;
  const Path incoming = reception.incoming_of(offer);
  const Path checked = incoming / fmt::format("checked-{}-{}", offer.piece, offer.part);
  std::error_code ignored;
  fs::remove_all(checked, ignored);  // of a run that was killed
  LS_RETURN_IF_ERROR(make_folder(checked, kPrivate));
  LS_ASSIGN(const std::string receipt, open_and_check(dialogue.parts(), kept, incoming, checked));
  LS_RETURN_IF_ERROR(put_in_place(reception, offer, checked));
  LS_RETURN_IF_ERROR(dialogue.send_receipt(kept, receipt, reception.folder_of(offer)));
  return discard(kept, reception);
}

absl::Status discard(const KeptOffer& kept, const Reception& reception) {
  const evidence::Names names = names_of(kept.offer);
  const Path incoming = reception.incoming_of(kept.offer);
  std::error_code fault;
  if (!fs::exists(incoming, fault)) return absl::OkStatus();
  fs::remove_all(incoming / fmt::format("checked-{}-{}", kept.offer.piece, kept.offer.part), fault);
  for (const std::string& name : {names.sealed_clip, names.sealed_tar}) {
    for (const char* ending : {"", ".part", ".map"}) {
      LS_RETURN_IF_ERROR(remove_durably(incoming / (name + ending)));
    }
  }
  return remove_folder_if_empty(incoming);
}

absl::StatusOr<UniqueFd> lock_folder(const Path& out) {
  LS_RETURN_IF_ERROR(make_folder(out, kPrivate));
  return lock_file(out / ".receive.lock",
                   fmt::format("another `receive` is at work in `{}`: wait until it has ended, or "
                               "name another folder with --out",
                               out.string()));
}

}  // namespace latchstring::requester
