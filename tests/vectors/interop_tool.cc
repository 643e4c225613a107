// Our side of the round trips with other people's tools (interop_test.py). Test keys only.
#include <fcntl.h>

#include <cstdio>
#include <string>

#include "gateway/base/files.h"
#include "gateway/base/status.h"
#include "gateway/crypto/age.h"
#include "gateway/crypto/encoding.h"
#include "gateway/crypto/jws.h"

namespace latchstring {
namespace {

using namespace crypto;

constexpr std::size_t kPiece = 1 << 20;

absl::Status seal(const std::string& recipient, const Path& from, const Path& to) {
  LS_ASSIGN(const age::Recipient parsed, age::Recipient::parse(recipient));
  LS_ASSIGN(const UniqueFd in, open_file(from, O_RDONLY));
  LS_ASSIGN(const UniqueFd out, open_file(to, O_WRONLY | O_CREAT | O_TRUNC));
  LS_ASSIGN(const auto writer, age::Writer::open({parsed}, [&](ByteView sealed) {
              return write_all(out.get(), sealed);
            }));
  Bytes piece(kPiece);
  std::uint64_t left = std::filesystem::file_size(from);
  for (std::uint64_t at = 0; left > 0;) {
    const std::size_t size = static_cast<std::size_t>(std::min<std::uint64_t>(left, kPiece));
    LS_RETURN_IF_ERROR(pread_all(in.get(), std::span(piece).first(size), at));
    LS_RETURN_IF_ERROR(writer->write(ByteView(piece).first(size)));
    at += size;
    left -= size;
  }
  return writer->finish();
}

absl::Status open(const std::string& identity, const Path& from, const Path& to) {
  LS_ASSIGN(const age::Identity parsed, age::Identity::parse(as_bytes(identity)));
  LS_ASSIGN(const UniqueFd in, open_file(from, O_RDONLY));
  LS_ASSIGN(const UniqueFd out, open_file(to, O_WRONLY | O_CREAT | O_TRUNC));
  const age::Identity* const identities[] = {&parsed};
  const auto read_at = [&](std::uint64_t offset, std::span<std::uint8_t> bytes) {
    return pread_all(in.get(), bytes, offset);
  };
  LS_ASSIGN(const auto reader,
            age::Reader::open(std::filesystem::file_size(from), read_at, identities));
  Bytes piece(kPiece);
  for (std::uint64_t at = 0; at < reader->plain_size();) {
    const std::uint64_t left = reader->plain_size() - at;
    const auto part =
        std::span(piece).first(static_cast<std::size_t>(std::min<std::uint64_t>(left, kPiece)));
    LS_RETURN_IF_ERROR(reader->read(at, part));
    LS_RETURN_IF_ERROR(write_all(out.get(), part));
    at += part.size();
  }
  return absl::OkStatus();
}

void print(std::string_view text) {
  std::printf("%.*s\n", static_cast<int>(text.size()), text.data());
}

// Prints JWK, compact JWS.
absl::Status sign(const std::string& seed, const std::string& typ, const std::string& payload) {
  LS_ASSIGN(const Bytes bytes, from_hex(seed));
  LS_ASSIGN(const SigningKey key, SigningKey::from_seed(bytes));
  print(key.verify_key().to_jwk());
  print(sign_jws(key, typ, payload));
  return absl::OkStatus();
}

absl::Status verify(const std::string& jwk, const std::string& typ, const std::string& compact) {
  LS_ASSIGN(const VerifyKey key, VerifyKey::from_jwk(jwk));
  LS_ASSIGN(const Jws jws, verify_jws(compact, typ, key));
  print(jws.payload);
  return absl::OkStatus();
}

absl::Status run(int count, char** arguments) {
  if (count != 5) return invalid("usage: interop_tool seal|open|sign|verify KEY A B");
  const std::string verb = arguments[1];
  if (verb == "seal") return seal(arguments[2], arguments[3], arguments[4]);
  if (verb == "open") return open(arguments[2], arguments[3], arguments[4]);
  if (verb == "sign") return sign(arguments[2], arguments[3], arguments[4]);
  if (verb == "verify") return verify(arguments[2], arguments[3], arguments[4]);
  return invalid("no such verb: `{}`", verb);
}

}  // namespace
}  // namespace latchstring

int main(int count, char** arguments) {
  const absl::Status status = latchstring::run(count, arguments);
  if (status.ok()) return 0;
  std::fprintf(stderr, "%s\n", status.ToString().c_str());
  return 1;
}
