// seal_bench: the age files of gateway/crypto from file to file, the way `age` does it, for
// tests/bench/compare. `aead` is the bare cipher over as many bytes in memory.
//   seal_bench seal RECIPIENT IN OUT
//   seal_bench open IDENTITY-FILE IN OUT
//   seal_bench aead BYTES
#include <fcntl.h>
#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdio>
#include <string>
#include <vector>

#include "gateway/base/ensure.h"
#include "gateway/base/files.h"
#include "gateway/base/status.h"
#include "gateway/crypto/age.h"

namespace latchstring {
namespace {

using crypto::age::Identity;
using crypto::age::Reader;
using crypto::age::Recipient;
using crypto::age::Writer;

constexpr std::size_t kPiece = 1 << 20;
constexpr std::size_t kIdentityFileMax = 4096;

absl::Status seal(const std::string& recipient, const Path& from, const Path& to) {
  LS_ASSIGN(const Recipient parsed, Recipient::parse(recipient));
  LS_ASSIGN(const UniqueFd in, open_file(from, O_RDONLY));
  LS_ASSIGN(const UniqueFd out, open_file(to, O_WRONLY | O_CREAT | O_TRUNC));
  LS_ASSIGN(const auto writer,
            Writer::open({parsed}, [&](ByteView sealed) { return write_all(out.get(), sealed); }));
  const std::uint64_t size = std::filesystem::file_size(from);
  Bytes piece(kPiece);
  for (std::uint64_t at = 0; at < size; at += kPiece) {
    const auto part = std::span(piece).first(std::min<std::uint64_t>(size - at, kPiece));
    LS_RETURN_IF_ERROR(pread_all(in.get(), part, at));
    LS_RETURN_IF_ERROR(writer->write(part));
  }
  return writer->finish();
}

// The first key line of what age-keygen writes.
absl::StatusOr<Identity> read_identity(const Path& file) {
  LS_ASSIGN(const std::string text, read_file(file, kIdentityFileMax));
  const std::size_t start = text.find("AGE-SECRET-KEY-1");
  if (start == std::string::npos) return invalid("no key in `{}`", file.string());
  return Identity::parse(
      as_bytes(std::string_view(text).substr(start, text.find('\n', start) - start)));
}

absl::Status open(const Path& identity, const Path& from, const Path& to) {
  LS_ASSIGN(const Identity parsed, read_identity(identity));
  LS_ASSIGN(const UniqueFd in, open_file(from, O_RDONLY));
  LS_ASSIGN(const UniqueFd out, open_file(to, O_WRONLY | O_CREAT | O_TRUNC));
  const Identity* const identities[] = {&parsed};
  const auto read_at = [&](std::uint64_t offset, std::span<std::uint8_t> bytes) {
    return pread_all(in.get(), bytes, offset);
  };
  LS_ASSIGN(const auto reader, Reader::open(std::filesystem::file_size(from), read_at, identities));
  const std::uint64_t size = reader->plain_size();
  Bytes piece(kPiece);
  for (std::uint64_t at = 0; at < size; at += kPiece) {
    const auto part = std::span(piece).first(std::min<std::uint64_t>(size - at, kPiece));
    LS_RETURN_IF_ERROR(reader->read(at, part));
    LS_RETURN_IF_ERROR(write_all(out.get(), part));
  }
  return absl::OkStatus();
}

// ChaCha20-Poly1305 in chunks of age's size, nothing else.
absl::Status aead(const std::string& text) {
  std::uint64_t left = 0;
  if (std::from_chars(text.data(), text.data() + text.size(), left).ec != std::errc()) {
    return invalid("`{}` is no number of bytes", text);
  }
  EVP_CIPHER_CTX* const context = EVP_CIPHER_CTX_new();
  const std::array<std::uint8_t, 32> key{};
  std::array<std::uint8_t, 12> nonce{};
  Bytes plain(crypto::age::kChunkPlain, 1);
  Bytes sealed(crypto::age::kChunkSealed);
  while (left > 0) {
    const auto size = static_cast<int>(std::min<std::uint64_t>(left, plain.size()));
    int done = 0;
    ++nonce[0];
    ensure(EVP_EncryptInit_ex(context, EVP_chacha20_poly1305(), nullptr, key.data(),
                              nonce.data()) == 1);
    ensure(EVP_EncryptUpdate(context, sealed.data(), &done, plain.data(), size) == 1);
    ensure(EVP_EncryptFinal_ex(context, sealed.data() + size, &done) == 1);
    ensure(EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, 16, sealed.data() + size) == 1);
    left -= static_cast<std::uint64_t>(size);
  }
  EVP_CIPHER_CTX_free(context);
  return absl::OkStatus();
}

absl::Status run(const std::vector<std::string>& arguments) {
  if (arguments.size() == 4 && arguments[0] == "seal") {
    return seal(arguments[1], arguments[2], arguments[3]);
  }
  if (arguments.size() == 4 && arguments[0] == "open") {
    return open(arguments[1], arguments[2], arguments[3]);
  }
  if (arguments.size() == 2 && arguments[0] == "aead") return aead(arguments[1]);
  return invalid(
      "usage: seal_bench seal RECIPIENT IN OUT | open IDENTITY-FILE IN OUT | aead BYTES");
}

}  // namespace
}  // namespace latchstring

int main(int argc, char** argv) {
  latchstring::crypto::start();
  const absl::Status status = latchstring::run({argv + 1, argv + argc});
  if (status.ok()) return 0;
  std::fprintf(stderr, "seal_bench: error: %s\n", std::string(status.message()).c_str());
  return 1;
}
