#include "gateway/seal/seal.h"

#include "gateway/seal/padding.h"
#include "tests/support/catch.h"
#include "tests/support/release.h"

namespace latchstring::seal {
namespace {

namespace fs = std::filesystem;

struct Bench {
  absl::StatusOr<SealedFiles> seal(std::size_t clip_bytes = 200'000) {
    const GrantTerms terms = release.terms();
    return seal_video(terms, test::SampleRelease::video(terms, clip_bytes), 1, release.context(),
                      release.gateway, folder.path(), [] { return false; });
  }
  bool empty() const { return fs::is_empty(folder.path()); }

  const test::TemporaryFolder folder;
  const test::SampleRelease release;
};

int run(const std::string& command) {
  return std::system(command.c_str());
}

TEST_CASE("stock age opens both files, for the officer and for the household") {
  Bench bench;
  const auto sealed = bench.seal();
  INFO(sealed.status().ToString());
  REQUIRE(sealed.ok());
  const Path keys = bench.folder.path() / "keys";
  for (const auto* identity : {&bench.release.identity, &bench.release.household}) {
    test::put(keys, as_text(identity->text().view()));
    const std::string in = "cd " + bench.folder.path().string() + " && ";
    REQUIRE(run(in + "age -d -i keys -o clip.mp4 clip-1.mp4.age") == 0);
    REQUIRE(run(in + "age -d -i keys release-1.tar.age | tar tf - > list") == 0);
    CHECK(test::get(bench.folder.path() / "list") ==
          "manifest-1.jws\nframes-1.csv\nregions-1.json\nrelease-1.html\n");
    const std::string clip = test::get(bench.folder.path() / "clip.mp4");
    CHECK(padme(clip.size()) == clip.size());
  }
}

TEST_CASE("what is inside is padded and what is outside is described") {
  Bench bench;
  const auto sealed = bench.seal();
  REQUIRE(sealed.ok());
  REQUIRE(sealed->files.size() == 2);
  const std::string tar =
      test::SampleRelease::opened(sealed->files[1].path, bench.release.identity);
  CHECK(padme(tar.size()) == tar.size());
  CHECK(tar.size() % 512 == 0);
  const auto jws = crypto::verify_jws(sealed->delivery_jws, wire::kTypDelivery,
                                      bench.release.gateway.verify_key());
  REQUIRE(jws.ok());
  const auto delivery = wire::decode_delivery(jws->payload);
  REQUIRE(delivery.ok());
  for (std::size_t i = 0; i < 2; ++i) {
    const auto digest = evidence::digest_of(sealed->files[i].path);
    REQUIRE(digest.ok());
    CHECK(sealed->files[i].size_bytes == digest->size);
    CHECK(sealed->files[i].sha256 == digest->sha256);
    CHECK(sealed->files[i].merkle_root == digest->merkle_root);
    CHECK(delivery->files[i] ==
          wire::Delivery::File{digest->size, digest->sha256, digest->merkle_root});
  }
  const auto inner = evidence::read_ustar(tar, evidence::Names({1, 1}).in_tar());
  REQUIRE(inner.ok());
  CHECK(delivery->manifest_sha256 == crypto::sha256_hex(inner->front().content));
  const auto manifest = wire::decode_manifest(crypto::peek_jws(inner->front().content)->payload);
  REQUIRE(manifest.ok());
  const std::string clip =
      test::SampleRelease::opened(sealed->files[0].path, bench.release.identity);
  CHECK(manifest->files[0] == wire::NamedFile{"clip-1.mp4", clip.size(), crypto::sha256_hex(clip)});
  CHECK(manifest->decision_sha256 == bench.release.context().decision_sha256);
  CHECK(manifest->request_id == "abcdefgh23");
  CHECK(manifest->frames == 50);
}

TEST_CASE("two clips of nearly one size are sealed to one size") {
  Bench one;
  Bench other;
  CHECK(one.seal(200'000)->files[0].size_bytes == other.seal(199'000)->files[0].size_bytes);
}

TEST_CASE("a stop between chunks leaves nothing") {
  Bench bench;
  const GrantTerms terms = bench.release.terms();
  for (int stop_at = 1; stop_at <= 4; ++stop_at) {
    int asked = 0;
    const auto sealed =
        seal_video(terms, test::SampleRelease::video(terms, 3'000'000), 1, bench.release.context(),
                   bench.release.gateway, bench.folder.path(), [&] { return ++asked == stop_at; });
    INFO(stop_at);
    CHECK(absl::IsCancelled(sealed.status()));
    CHECK(bench.empty());
  }
}

class BrokenSpool final : public Spool {
 public:
  std::uint64_t size_bytes() const override { return 3'000'000; }
  absl::Status read(std::uint64_t offset, std::span<std::uint8_t>) const override {
    return offset == 0 ? absl::OkStatus() : data_loss("damaged");
  }
};

TEST_CASE("trouble on the way leaves nothing") {
  Bench bench;
  const GrantTerms terms = bench.release.terms();
  const auto refused = [&](auto change) {
    ReleasedVideo video = test::SampleRelease::video(terms);
    Context context = bench.release.context();
    GrantTerms granted = terms;
    change(video, context, granted);
    const auto sealed = seal_video(granted, video, 1, context, bench.release.gateway,
                                   bench.folder.path(), [] { return false; });
    CHECK(bench.empty());
    return sealed.status().code();
  };
  using V = ReleasedVideo;
  using C = Context;
  using G = GrantTerms;
  CHECK(refused([](V& v, C&, G&) { v.mp4 = std::make_unique<BrokenSpool>(); }) ==
        absl::StatusCode::kDataLoss);
  CHECK(refused([](V& v, C&, G&) { v.frames.clear(); }) == absl::StatusCode::kDataLoss);
  CHECK(refused([](V& v, C&, G&) { v.frames.back().utc += std::chrono::hours{1}; }) ==
        absl::StatusCode::kPermissionDenied);
  CHECK(refused([](V& v, C&, G& g) { v.given.from = g.interval.from - Duration{1}; }) ==
        absl::StatusCode::kPermissionDenied);
  CHECK(refused([](V&, C& c, G& g) { c.asked.to = g.interval.to - Duration{1}; }) ==
        absl::StatusCode::kPermissionDenied);
  CHECK(refused([](V&, C& c, G&) { c.recipients.clear(); }) == absl::StatusCode::kPermissionDenied);
  CHECK(refused([](V&, C& c, G&) { c.clock = "guess"; }) == absl::StatusCode::kInvalidArgument);
  CHECK(refused([](V& v, C&, G&) { v.notes.assign(100, "x"); }) ==
        absl::StatusCode::kInvalidArgument);
}

TEST_CASE("a folder that is not there is an error, not a crash") {
  Bench bench;
  const GrantTerms terms = bench.release.terms();
  CHECK(!seal_video(terms, test::SampleRelease::video(terms), 1, bench.release.context(),
                    bench.release.gateway, bench.folder.path() / "none", {})
             .ok());
}

}  // namespace
}  // namespace latchstring::seal
