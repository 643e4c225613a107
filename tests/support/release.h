// A release as a gateway makes it and an officer keeps it: sealed files, and the evidence folder
// that is left after receiving them. Small, with real keys.
#pragma once

#include <fstream>
#include <map>
#include <string>
#include <vector>

#include "gateway/base/status.h"
#include "gateway/crypto/encoding.h"
#include "gateway/crypto/jws.h"
#include "gateway/evidence/evidence.h"
#include "gateway/proof/proof.h"
#include "gateway/seal/seal_video.h"
#include "gateway/wire/envelope.h"
#include "gateway/wire/objects.h"
#include "tests/support/catch.h"
#include "tests/support/temporary_folder.h"

namespace latchstring::test {

class TextSpool final : public Spool {
 public:
  explicit TextSpool(std::string text) : text_(std::move(text)) {}
  std::uint64_t size_bytes() const override { return text_.size(); }
  absl::Status read(std::uint64_t offset, std::span<std::uint8_t> out) const override {
    if (offset + out.size() > text_.size()) return data_loss("past the end");
    std::copy_n(text_.begin() + static_cast<std::ptrdiff_t>(offset), out.size(), out.begin());
    return absl::OkStatus();
  }

 private:
  std::string text_;
};

inline void put(const Path& path, std::string_view content) {
  std::ofstream(path, std::ios::binary) << content;
}

inline std::string get(const Path& path) {
  return *read_file(path, 1 << 30);
}

// What seal() was given and made, and the keys of everybody. The officer's credential is signed by
// `agency`.
struct SampleRelease {
  SampleRelease() {}  // written out: Clang 14 wants it of a const member

  crypto::SigningKey gateway = crypto::SigningKey::generate();
  crypto::SigningKey ledger = crypto::SigningKey::generate();
  crypto::SigningKey agency = crypto::SigningKey::generate();
  crypto::SigningKey officer = crypto::SigningKey::generate();
  crypto::age::Identity identity = crypto::age::Identity::generate();
  crypto::age::Identity household = crypto::age::Identity::generate();
  std::string gateway_id = "aaaaaaaaaa";
  Instant now = *from_rfc3339("2026-05-05T10:00:00Z");

  std::string origin() const { return gateway_id + "/latchstring/log1"; }
  std::string vkey() const { return proof::NoteKey::make(origin(), ledger.verify_key())->text(); }

  std::string credential() const {
    wire::Credential object;
    object.common =
        wire::new_common(agency, "any", now - std::chrono::hours{24}, std::chrono::hours{24 * 30});
    object.sub = "badge <4711>";
    object.officer_jwk = officer.verify_key().to_jwk();
    object.recipients = {identity.recipient().text()};
    object.nbf = now - std::chrono::hours{24};
    return crypto::sign_jws(agency, wire::kTypCredential, wire::encode(object));
  }

  GrantTerms terms(int piece = 1) const {
    GrantTerms terms;
    terms.release_id = "abcdefgh23";
    terms.piece = piece;
    terms.camera = "front_door";
    terms.interval = {now - std::chrono::minutes{30}, now - std::chrono::minutes{29}};
    return terms;
  }

  static ReleasedVideo video(const GrantTerms& terms, std::size_t clip_bytes = 20'000) {
    ReleasedVideo video;
    std::string bytes =
        "\x00\x00\x00\x10"
        "ftypisom";
    while (bytes.size() < clip_bytes) bytes += "moving pictures ";
    video.mp4 = std::make_unique<TextSpool>(std::move(bytes));
    for (int i = 0; i < 50; ++i) {
      video.frames.push_back(
          {terms.interval.from + std::chrono::milliseconds{40 * i}, "front_door-1"});
    }
    video.given = {terms.interval.from, terms.interval.from + std::chrono::seconds{2}};
    video.sources = {{"front_door-1", std::string(64, 'a'), 7}};
    video.codec = "avc1.64001f";
    video.reencoded = true;
    std::string rows;
    for (int i = 0; i < 50; ++i) rows += i == 0 ? "[]" : ",[0,1,2,3,4]";
    video.regions_json =
        R"({"version":1,"zones":[{"polygon":[[0.25,0.5]]}],"frames":[)" + rows + "]}";
    video.redacted = {"audio", "hedge & <gate>"};
    return video;
  }

  seal::Context context() const {
    seal::Context context;
    context.archive = household.recipient();
    context.gateway_id = gateway_id;
    context.ledger_vkey = vkey();
    context.agency = "River Police";
    context.officer = officer.verify_key().thumbprint();
    context.badge = "badge <4711>";
    context.case_number = "26-001234";
    context.request_sha256 = std::string(64, '1');
    context.decision_sha256 = std::string(64, '2');
    context.credential = credential();
    context.recipients = {identity.recipient()};
    context.asked = {now - std::chrono::hours{1}, now};
    context.clock = "kernel";
    context.delete_after = std::chrono::hours{24 * 90};
    context.now = now;
    return context;
  }

  // The leaf of the release and its proof in a ledger of `size` leaves.
  evidence::LedgerProof ledger_proof(int piece, const std::string& delivery_jws,
                                     const std::string& manifest_sha256) const {
    const std::string leaf = fmt::format(
        R"({{"v":1,"at":"2026-05-05T10:00:01Z","event":"release_commit","request":"{}",)"
        R"("piece":{},"delivery":"{}","manifest":"{}","detail":"{}","salt":"{}"}})",
        std::string(64, '1'), piece, crypto::sha256_hex(delivery_jws), manifest_sha256,
        std::string(64, '3'), std::string(32, '4'));
    proof::MemoryTree tree;
    for (int i = 0; i < 31; ++i) tree.append(proof::leaf_hash(as_bytes(fmt::format("leaf {}", i))));
    tree.append(proof::leaf_hash(as_bytes(leaf)));
    const auto note = proof::sign_checkpoint({origin(), tree.size(), tree.root()}, ledger);
    return {leaf, proof::encode(proof::TlogProof{31, tree.inclusion_proof(31), *note})};
  }

  std::string receipt(const std::string& delivery_jws) const {
    return receipt(delivery_jws, now + context().delete_after);
  }
  std::string receipt(const std::string& delivery_jws, Instant delete_after,
                      std::string longer_because = "") const {
    wire::Receipt object;
    object.delete_after = delete_after;
    object.kept_longer_because = std::move(longer_because);
    object.common = wire::new_common(officer, gateway_id, now + std::chrono::minutes{1},
                                     std::chrono::hours{24});
    object.delivery_sha256 = crypto::sha256_hex(delivery_jws);
    return crypto::sign_jws(officer, wire::kTypReceipt, wire::encode(object));
  }

  // Opens an age file with one of our identities.
  static std::string opened(const Path& file, const crypto::age::Identity& identity) {
    const std::string sealed = get(file);
    auto plain = crypto::age::open(as_bytes(sealed), identity, 1 << 30);
    REQUIRE(plain.ok());
    return std::string(as_text(plain->view()));
  }

  // Seals piece `piece` and leaves in `folder` what receiving it leaves.
  void leave_evidence(const Path& folder, int piece = 1, bool keep_sealed = true, int part = 1,
                      int parts = 1) const {
    const TemporaryFolder outbox;
    const GrantTerms granted = terms(piece);
    seal::Context with = context();
    with.number = piece;
    with.parts = parts;
    const auto sealed = seal::seal_video(granted, video(granted), part, with, gateway,
                                         outbox.path(), [] { return false; });
    INFO(sealed.status().ToString());
    REQUIRE(sealed.ok());
    const evidence::Names names({piece, part});
    std::filesystem::create_directories(folder);
    put(folder / names.clip, opened(sealed->files[0].path, identity));
    const std::string tar = opened(sealed->files[1].path, identity);
    const auto inner = evidence::read_ustar(tar, names.in_tar());
    REQUIRE(inner.ok());
    for (const evidence::TarFile& file : *inner) put(folder / file.name, file.content);
    const std::string manifest(inner->front().content);
    put(folder / names.readable, crypto::peek_jws(manifest)->payload);
    put(folder / names.delivery, sealed->delivery_jws);
    put(folder / names.proof,
        evidence::encode(ledger_proof(piece, sealed->delivery_jws, crypto::sha256_hex(manifest))));
    put(folder / names.receipt, receipt(sealed->delivery_jws));
    if (!keep_sealed) return;
    std::filesystem::create_directories(folder / "sealed");
    for (const SealedFile& file : sealed->files) {
      std::filesystem::copy_file(file.path, folder / "sealed" / file.name);
    }
  }
};

}  // namespace latchstring::test
