// Gifts in files, opened with stock tools and verified.
#include "gateway/seal/gift_file.h"
#include "gateway/seal/seal_video.h"
#include "tests/support/catch.h"
#include "tests/support/release.h"

namespace latchstring::seal {
namespace {

struct Bench {
  const test::TemporaryFolder folder;
  const test::SampleRelease release;
  const GrantTerms terms = release.terms();
  const ReleasedVideo video = test::SampleRelease::video(terms, 300'000);
  const crypto::Secret passphrase = crypto::Secret::copy_of(as_bytes("correct horse battery"));
  std::string file;  // what came out of the pipe

  Context context() const {
    Context context = release.context();
    context.request_sha256.clear();
    context.decision_sha256.clear();
    context.officer.clear();
    context.credential.clear();
    context.recipients.clear();
    context.gift = terms.release_id;
    context.delete_after = Duration{0};
    return context;
  }
  absl::StatusOr<std::unique_ptr<const evidence::Package>> pack(const Context& with) const {
    return pack_video(terms, video, 1, with, release.gateway);
  }
  evidence::LedgerProof proof(const evidence::Package& package) const {
    const std::string leaf =
        fmt::format(R"({{"v":1,"at":"2026-05-05T10:00:01Z","event":"release_commit","piece":1,)"
                    R"("manifest":"{}","salt":"{}"}})",
                    crypto::sha256_hex(package.manifest_jws), std::string(32, '4'));
    proof::MemoryTree tree;
    tree.append(proof::leaf_hash(as_bytes(leaf)));
    const auto note =
        proof::sign_checkpoint({release.origin(), tree.size(), tree.root()}, release.ledger);
    return {leaf, proof::encode(proof::TlogProof{0, tree.inclusion_proof(0), *note})};
  }
  Path copy() const { return folder.path() / "gift.tar.age"; }
  absl::StatusOr<WrittenGift> write(const evidence::Package& package,
                                    const std::function<bool()>& cancelled = {}) {
    const auto sink = [this](ByteView bytes) {
      file += as_text(bytes);
      return absl::OkStatus();
    };
    return write_gift({{terms, video, 1, release.now, package}}, {proof(package)},
                      {passphrase, sink, release.household.recipient(), copy()}, cancelled);
  }
  // The tar inside, by the passphrase alone.
  std::string opened() const {
    const auto reader = crypto::age::Reader::open_with_passphrase(
        file.size(),
        [this](std::uint64_t offset, std::span<std::uint8_t> out) {
          std::copy_n(file.begin() + static_cast<std::ptrdiff_t>(offset), out.size(), out.begin());
          return absl::OkStatus();
        },
        passphrase);
    REQUIRE(reader.ok());
    std::string plain((*reader)->plain_size(), ' ');
    REQUIRE((*reader)->read(0, {reinterpret_cast<std::uint8_t*>(plain.data()), plain.size()}).ok());
    return plain;
  }
};

TEST_CASE("a gift's file and its copy hold one folder that verifies") {
  Bench bench;
  const auto package = bench.pack(bench.context());
  INFO(package.status().ToString());
  REQUIRE(package.ok());
  const auto written = bench.write(**package);
  INFO(written.status().ToString());
  REQUIRE(written.ok());
  CHECK(written->bytes == bench.file.size());
  CHECK(written->sha256 == crypto::sha256_hex(bench.file));
  const std::string tar = bench.opened();
  CHECK(tar == test::SampleRelease::opened(bench.copy(), bench.release.household));

  const Path folder = bench.folder.path() / "given";
  std::filesystem::create_directories(folder);
  test::put(bench.folder.path() / "tar", tar);
  REQUIRE(
      std::system(("tar xf " + (bench.folder.path() / "tar").string() + " -C " + folder.string())
                      .c_str()) == 0);
  const evidence::Anchor anchor{bench.release.gateway.verify_key().thumbprint(), ""};
  const auto report = evidence::verify(folder, anchor);
  REQUIRE(report.ok());
  for (const auto& finding : report->findings) {
    INFO(finding.file << ": " << finding.words);
    CHECK(finding.outcome == evidence::Outcome::holds);
  }
  CHECK(report->verdict() == evidence::Verdict::all_holds);
  CHECK(report->findings.size() == 7);

  // Every byte counts, and nothing may be added.
  for (const std::string& name : evidence::Names({1, 1}).in_gift()) {
    const std::string whole = test::get(folder / name);
    std::string changed = whole;
    changed[changed.size() / 2] = static_cast<char>(changed[changed.size() / 2] ^ 1);
    test::put(folder / name, changed);
    CHECK(evidence::verify(folder, anchor)->verdict() == evidence::Verdict::broken);
    test::put(folder / name, whole);
  }
  test::put(folder / "delivery-1.jws", "a.b.c");
  CHECK(evidence::verify(folder, anchor)->verdict() == evidence::Verdict::broken);
}

TEST_CASE("what does not come to its end leaves no copy and no age file") {
  Bench bench;
  const auto package = bench.pack(bench.context());
  REQUIRE(package.ok());
  CHECK(absl::IsCancelled(bench.write(**package, [] { return true; }).status()));
  CHECK_FALSE(std::filesystem::exists(bench.copy()));
  CHECK_FALSE(crypto::age::Reader::open_with_passphrase(
                  bench.file.size(),
                  [&](std::uint64_t offset, std::span<std::uint8_t> out) {
                    std::copy_n(bench.file.begin() + static_cast<std::ptrdiff_t>(offset),
                                out.size(), out.begin());
                    return absl::OkStatus();
                  },
                  bench.passphrase)
                  .ok());
}

TEST_CASE("only a gift to no officer is packed") {
  Bench bench;
  CHECK_FALSE(bench.pack(bench.release.context()).ok());
  Context other = bench.context();
  other.gift = "bbbbbbbbbb";
  CHECK_FALSE(bench.pack(other).ok());
  Context narrow = bench.context();
  narrow.asked.to = bench.terms.interval.from;
  CHECK_FALSE(bench.pack(narrow).ok());
}

}  // namespace
}  // namespace latchstring::seal
