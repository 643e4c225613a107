#include "gateway/evidence/digest.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

#include "gateway/base/status.h"
#include "gateway/crypto/encoding.h"
#include "gateway/wire/data.h"

namespace latchstring::evidence {
namespace {

constexpr std::size_t kReadBytes = 64 * 1024;

}  // namespace

Digester::Digester() : tree_(wire::kChunkBytes) {}

void Digester::update(ByteView bytes) {
  size_ += bytes.size();
  sha256_.update(bytes);
  tree_.update(bytes);
}

Digest Digester::finish() {
  tree_.finish();
  return {size_, crypto::to_hex(sha256_.finish()), crypto::to_hex(tree_.tree().root())};
}

absl::StatusOr<Digest> digest_of(const Path& file) {
  LS_ASSIGN(const UniqueFd fd, open_file(file, O_RDONLY | O_NOFOLLOW));
  Digester digester;
  Bytes buffer(kReadBytes);
  for (;;) {
    const ssize_t got = ::read(fd.get(), buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return errno_status(fmt::format("cannot read `{}`", file.string()));
    if (got == 0) return digester.finish();
    digester.update(ByteView(buffer).first(static_cast<std::size_t>(got)));
  }
}

}  // namespace latchstring::evidence
