#include "gateway/crypto/age.h"

#include <algorithm>

#include "gateway/base/status.h"
#include "gateway/crypto/encoding.h"
#include "tests/support/catch.h"

namespace latchstring::crypto::age {
namespace {

Bytes pattern(std::size_t size) {
  Bytes bytes(size);
  for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<std::uint8_t>(i * 7 + i / 65'536);
  return bytes;
}

ReadAt reader_of(const Bytes& file) {
  return [&file](std::uint64_t offset, std::span<std::uint8_t> out) -> absl::Status {
    if (offset + out.size() > file.size()) return data_loss("past the end");
    std::copy_n(file.begin() + static_cast<std::ptrdiff_t>(offset), out.size(), out.begin());
    return absl::OkStatus();
  };
}

absl::StatusOr<std::unique_ptr<Reader>> open_file(const Bytes& file, const Identity& identity) {
  const Identity* const identities[] = {&identity};
  return Reader::open(file.size(), reader_of(file), identities);
}

absl::StatusOr<Bytes> plain_of(const Bytes& file, const Identity& identity) {
  LS_ASSIGN(const auto reader, open_file(file, identity));
  Bytes plain(static_cast<std::size_t>(reader->plain_size()));
  LS_RETURN_IF_ERROR(reader->read(0, plain));
  return plain;
}

TEST_CASE("every size around a chunk comes back the same, to each recipient") {
  const Identity a = Identity::generate();
  const Identity b = Identity::generate();
  for (const std::size_t size :
       {0U, 1U, 65'535U, 65'536U, 65'537U, 131'072U, 131'073U, 1'200'000U}) {
    const Bytes plain = pattern(size);
    const auto sealed = seal(plain, {a.recipient(), b.recipient()});
    REQUIRE(sealed.ok());
    CHECK(*plain_of(*sealed, a) == plain);
    CHECK(*plain_of(*sealed, b) == plain);
    CHECK(absl::IsPermissionDenied(plain_of(*sealed, Identity::generate()).status()));
    const std::size_t header = as_text(*sealed).find("\n--- ") + 5 + 43 + 1;
    CHECK(sealed_size(size, header) == sealed->size());
  }
}

TEST_CASE("it does not matter how the writes are cut") {
  const Identity identity = Identity::generate();
  const Bytes plain = pattern(300'000);
  for (const std::size_t step : {1'000U, 65'536U, 65'537U, 200'000U}) {
    Bytes file;
    const auto writer = Writer::open({identity.recipient()}, [&](ByteView part) {
      file.insert(file.end(), part.begin(), part.end());
      return absl::OkStatus();
    });
    for (std::size_t at = 0; at < plain.size(); at += step) {
      REQUIRE(
          (*writer)->write(ByteView(plain).subspan(at, std::min(step, plain.size() - at))).ok());
    }
    REQUIRE((*writer)->finish().ok());
    CHECK((*writer)->plain_bytes() == plain.size());
    CHECK((*writer)->sealed_bytes() == file.size());
    CHECK(absl::IsFailedPrecondition((*writer)->write(plain)));
    CHECK(absl::IsFailedPrecondition((*writer)->finish()));
    CHECK(*plain_of(file, identity) == plain);
  }
}

TEST_CASE("whole chunks reach the sink with the write that completed them") {
  const Identity identity = Identity::generate();
  std::uint64_t arrived = 0;
  const auto writer = Writer::open({identity.recipient()}, [&](ByteView part) {
    arrived += part.size();
    return absl::OkStatus();
  });
  const std::uint64_t header = arrived;
  REQUIRE((*writer)->write(pattern(3 * kChunkPlain + 1)).ok());
  CHECK(arrived == header + 3 * kChunkSealed);
}

TEST_CASE("a sink that fails stops the writer for good") {
  const Identity identity = Identity::generate();
  int calls = 0;
  const auto writer = Writer::open({identity.recipient()}, [&](ByteView) {
    return ++calls > 2 ? exhausted("disk full") : absl::OkStatus();
  });
  REQUIRE(writer.ok());
  CHECK(absl::IsResourceExhausted((*writer)->write(pattern(100'000))));
  CHECK(absl::IsFailedPrecondition((*writer)->write(pattern(1))));
  CHECK(absl::IsFailedPrecondition((*writer)->finish()));
  CHECK(calls == 3);
}

TEST_CASE("a read decrypts only the chunks that it touches") {
  const Identity identity = Identity::generate();
  const Bytes plain = pattern(40 * kChunkPlain + 100);
  const Bytes file = *seal(plain, {identity.recipient()});
  std::uint64_t fetched = 0;
  const Identity* const identities[] = {&identity};
  const auto counting = [&](std::uint64_t offset, std::span<std::uint8_t> out) {
    fetched += out.size();
    return reader_of(file)(offset, out);
  };
  const auto reader = Reader::open(file.size(), counting, identities);
  REQUIRE(reader.ok());
  CHECK((*reader)->plain_size() == plain.size());
  fetched = 0;
  for (const auto& [offset, size] :
       std::vector<std::pair<std::size_t, std::size_t>>{{0, 10},
                                                        {65'530, 20},
                                                        {65'536, 65'536},
                                                        {1, 2'000'000},
                                                        {plain.size() - 1, 1},
                                                        {5, 0}}) {
    Bytes out(size);
    REQUIRE((*reader)->read(offset, out).ok());
    CHECK(std::equal(out.begin(), out.end(), plain.begin() + static_cast<std::ptrdiff_t>(offset)));
  }
  fetched = 0;
  Bytes out(20);
  REQUIRE((*reader)->read(7 * kChunkPlain - 10, out).ok());
  CHECK(fetched == 2 * kChunkSealed);
  CHECK(absl::IsDataLoss((*reader)->read(plain.size() - 10, out)));
  CHECK(absl::IsDataLoss((*reader)->read(~std::uint64_t{0}, out)));
}

TEST_CASE("a file cut short anywhere is refused at open") {
  const Identity identity = Identity::generate();
  const Bytes file = *seal(pattern(2 * kChunkPlain), {identity.recipient()});
  const std::size_t payload = file.size() - 2 * kChunkSealed;
  for (const std::size_t size :
       {file.size() - 1, file.size() - kChunkSealed, payload + 1, payload}) {
    const Bytes cut(file.begin(), file.begin() + static_cast<std::ptrdiff_t>(size));
    INFO(size);
    CHECK(absl::IsDataLoss(open_file(cut, identity).status()));
  }
  for (const std::size_t size : {payload - 1, payload - 20, std::size_t{10}, std::size_t{0}}) {
    const Bytes cut(file.begin(), file.begin() + static_cast<std::ptrdiff_t>(size));
    INFO(size);
    CHECK(absl::IsInvalidArgument(open_file(cut, identity).status()));
  }
}

TEST_CASE("changed, exchanged, repeated and appended chunks are DataLoss") {
  const Identity identity = Identity::generate();
  const Bytes file = *seal(pattern(3 * kChunkPlain), {identity.recipient()});
  const auto chunk = [&](std::size_t i) {
    return file.end() - static_cast<std::ptrdiff_t>((3 - i) * kChunkSealed);
  };
  Bytes changed = file;
  changed[changed.size() - 2 * kChunkSealed] ^= 1;
  CHECK(absl::IsDataLoss(plain_of(changed, identity).status()));
  Bytes exchanged = file;
  std::copy(chunk(0), chunk(1), exchanged.end() - 2 * kChunkSealed);
  std::copy(chunk(1), chunk(2), exchanged.end() - 3 * kChunkSealed);
  CHECK(absl::IsDataLoss(plain_of(exchanged, identity).status()));
  Bytes longer = file;
  longer.push_back(0);
  CHECK(absl::IsDataLoss(plain_of(longer, identity).status()));
  Bytes twice = file;
  twice.insert(twice.end(), chunk(2), file.end());
  CHECK(absl::IsDataLoss(plain_of(twice, identity).status()));
}

TEST_CASE("a crash loses the open chunk only") {
  const Identity identity = Identity::generate();
  const Bytes plain = pattern(5 * kChunkPlain);
  const Bytes file = *seal(plain, {identity.recipient()});
  const auto recover = [&](const Bytes& what) {
    return recover_truncated(what.size(), reader_of(what), identity, 10'000'000);
  };
  const Bytes cut(file.begin(), file.end() - static_cast<std::ptrdiff_t>(kChunkSealed + 5));
  CHECK(*recover(cut) == Bytes(plain.begin(), plain.begin() + 3 * kChunkPlain));
  CHECK(*recover(file) == plain);
  Bytes damaged = file;
  damaged[damaged.size() - 4 * kChunkSealed] ^= 1;
  CHECK(*recover(damaged) == Bytes(plain.begin(), plain.begin() + kChunkPlain));
  CHECK(absl::IsResourceExhausted(
      recover_truncated(file.size(), reader_of(file), identity, 100'000).status()));
  CHECK(absl::IsPermissionDenied(
      recover_truncated(file.size(), reader_of(file), Identity::generate(), 100'000).status()));
}

TEST_CASE("small things open in memory, up to a limit") {
  const Identity identity = Identity::generate();
  const Bytes sealed = *seal(as_bytes("hello"), {identity.recipient()});
  CHECK(as_text(open(sealed, identity, 5)->view()) == "hello");
  CHECK(absl::IsResourceExhausted(open(sealed, identity, 4).status()));
  CHECK(absl::IsInvalidArgument(open(as_bytes("hello"), identity, 5).status()));
}

TEST_CASE("a passphrase seals backups, and never beside others") {
  const Secret passphrase = Secret::copy_of(as_bytes("correct horse"));
  Bytes file;
  const auto writer = Writer::open_with_passphrase(
      passphrase,
      [&](ByteView part) {
        file.insert(file.end(), part.begin(), part.end());
        return absl::OkStatus();
      },
      10);
  REQUIRE((*writer)->write(as_bytes("identities")).ok());
  REQUIRE((*writer)->finish().ok());
  const auto open_with = [&](std::string_view text) {
    return Reader::open_with_passphrase(file.size(), reader_of(file),
                                        Secret::copy_of(as_bytes(text)));
  };
  const auto reader = open_with("correct horse");
  REQUIRE(reader.ok());
  Bytes plain(10);
  REQUIRE((*reader)->read(0, plain).ok());
  CHECK(as_text(plain) == "identities");
  CHECK(absl::IsPermissionDenied(open_with("wrong").status()));
  // An X25519 reader, as for all that comes from the network, never runs scrypt.
  CHECK(absl::IsPermissionDenied(open_file(file, Identity::generate()).status()));
  const Bytes other = *seal({}, {Identity::generate().recipient()});
  CHECK(absl::IsPermissionDenied(
      Reader::open_with_passphrase(other.size(), reader_of(other), passphrase).status()));
  CHECK(!Writer::open_with_passphrase(Secret(), nullptr).ok());
}

TEST_CASE("a stanza flood and a header without end are refused") {
  std::string flood = "age-encryption.org/v1\n";
  for (std::size_t i = 0; i <= kAgeStanzasMax; ++i) flood += "-> grease\n\n";
  flood += "--- " + std::string(43, 'A') + "\n" + std::string(32, 'x');
  CHECK(absl::IsInvalidArgument(open(as_bytes(flood), Identity::generate(), 9).status()));
  const std::string endless = "age-encryption.org/v1\n-> X " + std::string(200'000, 'a');
  CHECK(absl::IsInvalidArgument(open(as_bytes(endless), Identity::generate(), 9).status()));
  CHECK(absl::IsInvalidArgument(Writer::open({}, nullptr).status()));
  const std::vector<Recipient> many(kAgeStanzasMax + 1, Identity::generate().recipient());
  CHECK(absl::IsResourceExhausted(Writer::open(many, nullptr).status()));
}

TEST_CASE("keys survive their text form, and mistyped ones are told") {
  const Identity identity = Identity::generate();
  const Secret text = identity.text();
  CHECK(as_text(text.view()).starts_with("AGE-SECRET-KEY-1"));
  CHECK(Identity::parse(text.view())->recipient() == identity.recipient());
  const std::string recipient = identity.recipient().text();
  CHECK(recipient.size() == 62);
  CHECK(*Recipient::parse(recipient) == identity.recipient());
  std::string mistyped = recipient;
  mistyped[20] = mistyped[20] == 'q' ? 'p' : 'q';
  CHECK(!Recipient::parse(mistyped).ok());
  for (const std::string& wrong :
       {std::string(), recipient + " ", recipient.substr(0, 61), "AGE1" + recipient.substr(4),
        std::string(as_text(text.view()))}) {
    CHECK(absl::IsInvalidArgument(Recipient::parse(wrong).status()));
  }
  CHECK(!Identity::parse(as_bytes(recipient)).ok());
  CHECK(!Identity::from_secret(Secret(31)).ok());
}

TEST_CASE("post-quantum keys are refused in words, never downgraded") {
  const auto result = Recipient::parse("age1pq1x34nzsvr0rxjsgdn8zgyhfe8j7ceq5r9rdelk");
  CHECK(result.status().message().find("post-quantum") != std::string::npos);
  const auto identity = Identity::parse(
      as_bytes("AGE-SECRET-KEY-PQ-1XX76JRALNLXDMEW0CRK45QMCCH4X06SE84UN3VPM33W6HWDX0H3SK3ZQFR"));
  CHECK(identity.status().message().find("post-quantum") != std::string::npos);
}

TEST_CASE("an ordinary recipient whose key begins with the letters pq is no post-quantum one") {
  const std::string text = "age1pq5x6v0772r25a23l2el86eg9q6ln4xaj358rskkl05lq2kp8vlq8svee5";
  const auto recipient = Recipient::parse(text);
  INFO(recipient.status().ToString());
  REQUIRE(recipient.ok());
  CHECK(recipient->text() == text);
  CHECK(Recipient::parse("age1tagpq1qqqq").status().message().find("post-quantum") !=
        std::string::npos);
}

TEST_CASE("a low-order recipient is refused") {
  CHECK(!seal(as_bytes("x"), {Recipient::from_public(Bytes(32))}).ok());
}

}  // namespace
}  // namespace latchstring::crypto::age
