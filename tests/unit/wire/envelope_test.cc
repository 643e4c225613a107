#include "gateway/wire/envelope.h"

#include "tests/support/catch.h"
#include "tests/unit/wire/samples.h"

namespace latchstring::wire {
namespace {

TEST_CASE("every size of JWS gives a multiple of the pad, and comes back") {
  const auto to = sample_identity().recipient();
  for (const std::size_t size : {std::size_t{1}, std::size_t{500}, std::size_t{823},
                                 std::size_t{824}, std::size_t{825}, crypto::kJwsMax}) {
    for (const std::size_t recipients : {std::size_t{1}, kRecipientsMax}) {
      const std::string compact(size, 'x');
      const auto sealed = seal_jws(compact, std::vector<crypto::age::Recipient>(recipients, to));
      REQUIRE(sealed.ok());
      CHECK(sealed->size() % kControlPad == 0);
      CHECK(sealed->size() <= kMessageMax);
      CHECK(kind_of(*sealed) == Kind::sealed);
      CHECK(*open_message(*sealed, sample_identity()) == compact);
    }
  }
}

TEST_CASE("what does not fit is refused before it is sealed") {
  const auto to = sample_identity().recipient();
  CHECK(!seal_jws(std::string(crypto::kJwsMax + 1, 'x'), {to}).ok());
  CHECK(!seal_jws("", {to}).ok());
  CHECK(!seal_jws("x", {}).ok());
  CHECK(!seal_jws("x", std::vector<crypto::age::Recipient>(kRecipientsMax + 1, to)).ok());
}

TEST_CASE("a message opens only whole, in its size, for its reader") {
  const Bytes sealed = *seal_jws("a.b.c", {sample_identity().recipient()});
  CHECK(!open_message(sealed, crypto::age::Identity::generate()).ok());
  Bytes shorter = sealed;
  shorter.pop_back();
  CHECK(absl::IsInvalidArgument(open_message(shorter, sample_identity()).status()));
  Bytes longer = sealed;
  longer.resize(sealed.size() + kControlPad);
  CHECK(!open_message(longer, sample_identity()).ok());
  Bytes changed = sealed;
  changed.back() ^= 1;
  CHECK(!open_message(changed, sample_identity()).ok());
  CHECK(!open_message(Bytes(kMessageMax + kControlPad), sample_identity()).ok());
}

TEST_CASE("a flood of stanzas is refused before any key is tried") {
  const auto own = sample_identity().recipient();
  const auto sealed_for = [&own](std::size_t strangers) {
    std::vector<crypto::age::Recipient> to{own};
    for (std::size_t i = 0; i < strangers; ++i) {
      to.push_back(crypto::age::Identity::generate().recipient());
    }
    // Padded by hand: seal_jws() would refuse so many.
    for (std::size_t spaces = 0;; ++spaces) {
      Bytes sealed = *crypto::age::seal(as_bytes("a.b.c" + std::string(spaces, ' ')), to);
      if (sealed.size() % kControlPad == 0) return sealed;
      spaces += kControlPad - sealed.size() % kControlPad - 1;
    }
  };
  CHECK(open_message(sealed_for(kStanzasMax - 1), sample_identity()).ok());
  // It would open: only the count is against it.
  const auto flood = open_message(sealed_for(kStanzasMax), sample_identity());
  CHECK(absl::IsInvalidArgument(flood.status()));
  CHECK(flood.status().message().find("recipients") != std::string::npos);
}

TEST_CASE("padding is spaces and nothing else") {
  const auto to = sample_identity().recipient();
  std::string plain = "a.b.c" + std::string(kControlPad - 200 - 5, ' ');
  plain.back() = 'x';
  const Bytes sealed = *crypto::age::seal(as_bytes(plain), {to});
  REQUIRE(sealed.size() == kControlPad);
  CHECK(absl::IsInvalidArgument(open_message(sealed, sample_identity()).status()));
}

TEST_CASE("a control message is checked for signer, addressee and term") {
  const auto to = sample_identity().recipient();
  const Instant now = at("2026-05-05T10:30:00Z");
  const Control control{sample_common("aaaaaaaaaa"), 3, Cancel{"abcdefgh23"}};
  const auto sealed = seal_message(sample_key(), kTypControl, encode(control), {to});
  const auto& key = sample_key().verify_key();
  CHECK(open_control(*sealed, sample_identity(), key, "aaaaaaaaaa", now)->seq == 3);
  CHECK(absl::IsPermissionDenied(
      open_control(*sealed, sample_identity(), key, "bbbbbbbbbb", now).status()));
  CHECK(absl::IsPermissionDenied(
      open_control(*sealed, sample_identity(), key, "aaaaaaaaaa", now + std::chrono::hours{1})
          .status()));
  // Where its number alone tells whether it is new, its term does not count; all else does.
  CHECK(open_kept_control(*sealed, sample_identity(), key, "aaaaaaaaaa")->seq == 3);
  CHECK(!open_kept_control(*sealed, sample_identity(), key, "bbbbbbbbbb").ok());
  const auto other = crypto::SigningKey::generate();
  CHECK(!open_kept_control(*sealed, sample_identity(), other.verify_key(), "aaaaaaaaaa").ok());
  CHECK(!open_control(*sealed, sample_identity(), other.verify_key(), "aaaaaaaaaa", now).ok());
  // Signed by another key that claims to be this one.
  const auto forged = seal_message(other, kTypControl, encode(control), {to});
  CHECK(absl::IsPermissionDenied(
      open_control(*forged, sample_identity(), other.verify_key(), "aaaaaaaaaa", now).status()));
  const auto another_typ = seal_message(sample_key(), kTypReceipt, encode(control), {to});
  CHECK(!open_control(*another_typ, sample_identity(), key, "aaaaaaaaaa", now).ok());
}

}  // namespace
}  // namespace latchstring::wire
