#include "gateway/evidence/verify.h"

#include <algorithm>
#include <set>

#include "tests/support/catch.h"
#include "tests/support/release.h"

namespace latchstring::evidence {
namespace {

namespace fs = std::filesystem;

struct Folder {
  Folder() { release.leave_evidence(path); }
  Anchor anchor() const { return {release.gateway.verify_key().thumbprint(), release.vkey()}; }
  Report check() const { return *verify(path, anchor()); }

  const test::TemporaryFolder temporary;
  const Path path = temporary.path() / "abcdefgh23";
  test::SampleRelease release;
};

std::string words_of(const Report& report) {
  std::string words;
  for (const Finding& finding : report.findings) {
    if (finding.outcome == Outcome::holds) continue;
    words += fmt::format("{}: {}\n", finding.file, finding.words);
  }
  return words;
}

std::set<std::string> failed(const Report& report) {
  std::set<std::string> files;
  for (const Finding& finding : report.findings) {
    if (finding.outcome == Outcome::failed) files.insert(finding.file);
  }
  return files;
}

std::vector<std::string> files_in(const Path& folder) {
  std::vector<std::string> files;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    if (entry.is_regular_file()) files.push_back(fs::relative(entry.path(), folder).string());
  }
  return files;
}

// Forty places spread over the file, and its first and last bytes.
std::vector<std::size_t> sampled_offsets(std::size_t size) {
  std::vector<std::size_t> offsets{0, size - 2, size - 1};
  for (std::size_t i = 1; i < 40; ++i) offsets.push_back(size * i / 40);
  return offsets;
}

TEST_CASE("a folder as it was received holds, and every file in it was looked at") {
  const Folder folder;
  const Report report = folder.check();
  INFO(words_of(report));
  CHECK(report.verdict() == Verdict::all_holds);
  CHECK(report.signer == folder.anchor().fingerprint);
  std::set<std::string> looked_at;
  for (const Finding& finding : report.findings) looked_at.insert(finding.file);
  for (const std::string& file : files_in(folder.path)) CHECK(looked_at.contains(file));
  CHECK(looked_at.size() == 11);
  // The fingerprint alone will do, also as it is printed; without an anchor nobody is known.
  const auto spoken =
      anchor_of_fingerprint(crypto::spoken_fingerprint(folder.release.gateway.verify_key()));
  REQUIRE(spoken.ok());
  CHECK(verify(folder.path, *spoken)->verdict() == Verdict::all_holds);
  CHECK(verify(folder.path, std::nullopt)->verdict() == Verdict::signer_unknown);
}

TEST_CASE("a part of a piece that is not here is told, and what is here holds without it") {
  const test::TemporaryFolder temporary;
  const Path path = temporary.path() / "abcdefgh23";
  const test::SampleRelease release;
  release.leave_evidence(path, 1, false, 1, 3);
  release.leave_evidence(path, 1, false, 3, 3);
  release.leave_evidence(path, 2, false);
  const auto anchor = Anchor{release.gateway.verify_key().thumbprint(), release.vkey()};
  const auto report = *verify(path, anchor);
  CHECK(words_of(report) == "manifest-1-2.jws: part 2 of 3 of this piece is not here\n");
  CHECK(report.findings.back().outcome == Outcome::absent);
  CHECK(report.verdict() == Verdict::all_holds);
  CHECK(verify(path, std::nullopt)->verdict() == Verdict::signer_unknown);
  release.leave_evidence(path, 1, false, 2, 3);
  CHECK(words_of(*verify(path, anchor)).empty());
  // A part of which anything is here is not absent: what is missing of it fails.
  fs::remove(path / "manifest-1-3.jws");
  const auto broken = *verify(path, anchor);
  CHECK(broken.verdict() == Verdict::broken);
  CHECK(words_of(broken).find("is not here") == std::string::npos);
}

TEST_CASE("what was not kept sealed need not be there, half of it is not enough") {
  Folder folder;
  fs::remove(folder.path / "sealed" / "clip-1.mp4.age");
  CHECK(failed(folder.check()) == std::set<std::string>{"sealed/clip-1.mp4.age"});
  fs::remove_all(folder.path / "sealed");
  CHECK(folder.check().verdict() == Verdict::all_holds);
}

TEST_CASE("one changed byte anywhere in any file fails and names that file") {
  const Folder folder;
  for (const std::string& file : files_in(folder.path)) {
    const std::string good = test::get(folder.path / file);
    for (const std::size_t at : sampled_offsets(good.size())) {
      for (const char flip : {'\x01', '\x20'}) {
        std::string bad = good;
        bad[at] = static_cast<char>(bad[at] ^ flip);
        test::put(folder.path / file, bad);
        const Report report = folder.check();
        INFO(file << " at " << at);
        CHECK(report.verdict() == Verdict::broken);
        CHECK(failed(report).contains(file));
        CHECK(verify(folder.path, std::nullopt)->verdict() == Verdict::broken);
      }
    }
    for (const std::string& bad :
         {good + "x", good + "\n", good.substr(0, good.size() - 1), std::string()}) {
      test::put(folder.path / file, bad);
      INFO(file << " with " << bad.size() << " of " << good.size() << " bytes");
      CHECK(failed(folder.check()).contains(file));
    }
    fs::remove(folder.path / file);
    CHECK(failed(folder.check()).contains(file));
    test::put(folder.path / file, good);
  }
  CHECK(folder.check().verdict() == Verdict::all_holds);
}

TEST_CASE("a clip that has become far too large is told by its size, without reading it") {
  const Folder folder;
  for (const char* const file : {"clip-1.mp4", "sealed/clip-1.mp4.age"}) {
    const std::string good = test::get(folder.path / file);
    fs::resize_file(folder.path / file, std::uint64_t{1} << 40);  // sparse; days to hash
    const Report report = folder.check();
    CHECK(failed(report) == std::set<std::string>{file});
    CHECK(words_of(report).find("it has 1099511627776 bytes, not the ") != std::string::npos);
    test::put(folder.path / file, good);
  }
}

TEST_CASE("what is added to any file, also a line of its own kind, fails and names that file") {
  const Folder folder;
  for (const std::string& file : files_in(folder.path)) {
    const std::string good = test::get(folder.path / file);
    const std::size_t last_line = good.find_last_of('\n', good.size() - 2) + 1;
    for (const std::string& bad :
         {good + " ", good + "\r\n", good + "=", good + good, good + good.substr(last_line),
          "\n" + good, " " + good, good + std::string(8, '\0'), good.substr(0, good.size() / 2),
          good.substr(1), good.substr(0, last_line)}) {
      test::put(folder.path / file, bad);
      INFO(file << " with " << bad.size() << " of " << good.size() << " bytes");
      CHECK(failed(folder.check()).contains(file));
    }
    test::put(folder.path / file, good);
  }
  CHECK(folder.check().verdict() == Verdict::all_holds);
}

TEST_CASE("a second signature under the ledger's checkpoint, which nothing binds, fails") {
  const Folder folder;
  const Path file = folder.path / "ledger-proof-1.txt";
  const std::string good = test::get(file);
  const std::size_t ours = good.rfind("\n\n") + 2;
  const std::string other = *proof::sign_note("x\n", "witness.example", folder.release.agency);
  const std::string witness = other.substr(other.rfind("\n\n") + 2);
  for (const std::string& bad : {good + witness, good + good.substr(ours),
                                 good.substr(0, ours) + witness + good.substr(ours)}) {
    test::put(file, bad);
    CHECK(failed(folder.check()) == std::set<std::string>{"ledger-proof-1.txt"});
    CHECK(verify(folder.path, std::nullopt)->verdict() == Verdict::broken);
  }
}

TEST_CASE("a change is blamed on its file alone where the others can be judged without it") {
  const Folder folder;
  for (const char* file : {"clip-1.mp4", "frames-1.csv", "regions-1.json", "release-1.html",
                           "manifest-1.json", "receipt-1.jws", "ledger-proof-1.txt",
                           "manifest-1.jws", "delivery-1.jws", "sealed/clip-1.mp4.age"}) {
    const std::string good = test::get(folder.path / file);
    std::string bad = good;
    bad[bad.size() / 2] = static_cast<char>(bad[bad.size() / 2] ^ 1);
    test::put(folder.path / file, bad);
    const Report report = folder.check();
    INFO(words_of(report));
    CHECK(failed(report) == std::set<std::string>{file});
    test::put(folder.path / file, good);
  }
}

TEST_CASE("a folder signed throughout with another key fails at an anchor only") {
  Folder folder;
  const Anchor anchor = folder.anchor();
  fs::remove_all(folder.path);
  test::SampleRelease forged;  // other keys for everybody, same words
  forged.leave_evidence(folder.path);
  CHECK(verify(folder.path, std::nullopt)->verdict() == Verdict::signer_unknown);
  const Report report = *verify(folder.path, anchor);
  CHECK(report.verdict() == Verdict::broken);
  CHECK(failed(report) == std::set<std::string>{"manifest-1.jws"});
  CHECK(verify(folder.path, Anchor{anchor.fingerprint, ""})->verdict() == Verdict::broken);
}

TEST_CASE("a ledger that is not the ticket's is refused") {
  const Folder folder;
  const test::SampleRelease other;
  CHECK(verify(folder.path, Anchor{folder.anchor().fingerprint, other.vkey()})->verdict() ==
        Verdict::broken);
}

TEST_CASE("files that do not belong there are refused by name") {
  const Folder folder;
  test::put(folder.path / "notes.txt", "x");
  CHECK(failed(folder.check()) == std::set<std::string>{"notes.txt"});
  fs::remove(folder.path / "notes.txt");
  test::put(folder.path / "sealed" / "clip-1.mp4", "x");
  CHECK(failed(folder.check()) == std::set<std::string>{"sealed/clip-1.mp4"});
  fs::remove(folder.path / "sealed" / "clip-1.mp4");
  fs::create_directory(folder.path / "clip-2.mp4");
  CHECK(failed(folder.check()).contains("clip-2.mp4"));
  CHECK(failed(folder.check()).contains("manifest-2.jws"));
  fs::remove(folder.path / "clip-2.mp4");
  const std::string clip = test::get(folder.path / "clip-1.mp4");
  fs::rename(folder.path / "clip-1.mp4", folder.temporary.path() / "elsewhere");
  fs::create_symlink(folder.temporary.path() / "elsewhere", folder.path / "clip-1.mp4");
  CHECK(failed(folder.check()).contains("clip-1.mp4"));
}

TEST_CASE("a receipt that does not promise what the manifest asks is named, with both times") {
  const Folder folder;
  const Path file = folder.path / "receipt-1.jws";
  const std::string delivery = test::get(folder.path / "delivery-1.jws");
  const Instant asked = folder.release.now + std::chrono::hours{24 * 90};
  const auto with = [&](Instant promised, std::string why) {
    test::put(file, folder.release.receipt(delivery, promised, std::move(why)));
    return folder.check();
  };
  CHECK(with(asked, "").verdict() == Verdict::all_holds);
  const Report missing = with(Instant{}, "");
  CHECK(failed(missing) == std::set<std::string>{"receipt-1.jws"});
  CHECK(words_of(missing) ==
        "receipt-1.jws: the officer promises no deletion, and the manifest asks for it by "
        "2026-08-03T10:00:00Z\n");
  const Report later = with(asked + std::chrono::hours{24}, "");
  CHECK(words_of(later) ==
        "receipt-1.jws: the officer promises to delete it by 2026-08-04T10:00:00Z, and the "
        "manifest asks for 2026-08-03T10:00:00Z\n");
  CHECK(later.verdict() == Verdict::broken);
  // Deleted sooner than asked: the household has what it wants.
  CHECK(with(asked - std::chrono::seconds{1}, "").verdict() == Verdict::all_holds);
  CHECK(with(Instant{}, "appeal").verdict() == Verdict::broken);
  // Kept longer, and the reason signed: that is what the form is for.
  const Report longer = with(asked + std::chrono::hours{24}, "appeal");
  CHECK(longer.verdict() == Verdict::all_holds);
  const auto found =
      std::find_if(longer.findings.begin(), longer.findings.end(),
                   [](const Finding& finding) { return finding.file == "receipt-1.jws"; });
  CHECK(found->words.find("until 2026-08-04T10:00:00Z, because `appeal`") != std::string::npos);
}

TEST_CASE("an empty folder and a missing one are no evidence") {
  const test::TemporaryFolder folder;
  CHECK(verify(folder.path(), std::nullopt)->verdict() == Verdict::broken);
  CHECK(absl::IsNotFound(verify(folder.path() / "none", std::nullopt).status()));
}

TEST_CASE("pieces of one release stand together, those of two do not") {
  Folder folder;
  folder.release.leave_evidence(folder.path, 2);
  CHECK(folder.check().verdict() == Verdict::all_holds);
  for (const std::string& file : files_in(folder.path)) {
    const auto clip = clip_of(Path(file).filename().string(), file.rfind("sealed/", 0) == 0);
    if (clip->piece == 2) fs::remove(folder.path / file);
  }
  test::SampleRelease other;
  other.leave_evidence(folder.path, 2);
  CHECK(verify(folder.path, std::nullopt)->verdict() == Verdict::broken);
}

TEST_CASE("a right signature under a wrong statement does not help") {
  // The gateway itself signs a manifest that contradicts itself or its files.
  const auto verdict_of = [](auto change) {
    Folder folder;
    const Path file = folder.path / "manifest-1.jws";
    wire::Manifest manifest = *wire::decode_manifest(crypto::peek_jws(test::get(file))->payload);
    change(manifest, folder);
    const std::string payload = wire::encode(manifest);
    const std::string jws = crypto::sign_jws(folder.release.gateway, wire::kTypManifest, payload);
    test::put(file, jws);
    test::put(folder.path / "manifest-1.json", payload);
    wire::Delivery delivery = *wire::decode_delivery(
        crypto::peek_jws(test::get(folder.path / "delivery-1.jws"))->payload);
    delivery.manifest_sha256 = crypto::sha256_hex(jws);
    const std::string delivery_jws =
        crypto::sign_jws(folder.release.gateway, wire::kTypDelivery, wire::encode(delivery));
    test::put(folder.path / "delivery-1.jws", delivery_jws);
    test::put(folder.path / "receipt-1.jws", folder.release.receipt(delivery_jws));
    test::put(folder.path / "ledger-proof-1.txt",
              encode(folder.release.ledger_proof(1, delivery_jws, crypto::sha256_hex(jws))));
    const Report report = folder.check();
    INFO(words_of(report));
    return report.verdict();
  };
  CHECK(verdict_of([](wire::Manifest&, Folder&) {}) == Verdict::all_holds);
  using M = wire::Manifest;
  CHECK(verdict_of([](M& m, Folder&) { m.frames = 49; }) == Verdict::broken);
  CHECK(verdict_of([](M& m, Folder&) { m.asked.to = m.granted.from + Duration{1}; }) ==
        Verdict::broken);
  CHECK(verdict_of([](M& m, Folder&) { m.given.to = m.granted.to + Duration{1}; }) ==
        Verdict::broken);
  // The grant ends before the last frame.
  CHECK(verdict_of([](M& m, Folder&) {
          m.granted.to = m.given.to = m.given.from + std::chrono::milliseconds{1'960};
        }) == Verdict::broken);
  CHECK(verdict_of([](M& m, Folder&) { m.sources.clear(); }) == Verdict::broken);
  CHECK(verdict_of([](M& m, Folder&) { m.files.pop_back(); }) == Verdict::broken);
  CHECK(verdict_of([](M& m, Folder&) { m.files.push_back(m.files[0]); }) == Verdict::broken);
  CHECK(verdict_of([](M& m, Folder&) { m.piece = 2; }) == Verdict::broken);
  CHECK(verdict_of([](M& m, Folder&) { m.request_sha256[0] = '9'; }) == Verdict::broken);
  CHECK(verdict_of([](M& m, Folder&) { m.common.iat += std::chrono::hours{24 * 60}; }) ==
        Verdict::broken);
  CHECK(verdict_of([](M& m, Folder& f) {
          m.common.aud = f.release.agency.verify_key().thumbprint();
        }) == Verdict::broken);
  CHECK(verdict_of([](M& m, Folder& f) {
          m.common.iss = f.release.agency.verify_key().thumbprint();
        }) == Verdict::broken);
  CHECK(verdict_of([](M& m, Folder& f) {
          m.gateway_jwk = f.release.agency.verify_key().to_jwk();
        }) == Verdict::broken);
}

TEST_CASE("a fingerprint is 43 characters and nothing else") {
  CHECK(anchor_of_fingerprint("aaaa").status().code() == absl::StatusCode::kInvalidArgument);
  CHECK(!anchor_of_fingerprint("").ok());
  CHECK(!anchor_of_fingerprint(std::string(64, 'a')).ok());
}

}  // namespace
}  // namespace latchstring::evidence
