// age files to a fixed key: reading never goes past the end, and all ways of reading agree.
// The first byte chooses where reads begin; the rest is the file. Also key texts.
#include <algorithm>

#include "gateway/base/ensure.h"
#include "gateway/crypto/age.h"

using namespace latchstring;
using namespace latchstring::crypto;

namespace {

const age::Identity& test_identity() {
  static const age::Identity identity = *age::Identity::from_secret(Secret::copy_of(Bytes(32, 1)));
  return identity;
}

void read_file(ByteView file, std::size_t start) {
  const age::ReadAt read_at = [file](std::uint64_t offset, std::span<std::uint8_t> out) {
    ensure(offset <= file.size() && out.size() <= file.size() - offset);
    const ByteView part = file.subspan(static_cast<std::size_t>(offset), out.size());
    std::copy(part.begin(), part.end(), out.begin());
    return absl::OkStatus();
  };
  const age::Identity* const identities[] = {&test_identity()};
  const auto recovered = age::recover_truncated(file.size(), read_at, test_identity(), 1 << 20);
  const auto reader = age::Reader::open(file.size(), read_at, identities);
  if (!reader.ok()) return;
  Bytes whole(static_cast<std::size_t>((*reader)->plain_size()));
  if (!(*reader)->read(0, whole).ok()) return;
  ensure(recovered.ok() && *recovered == whole);
  start = std::min(start, whole.size());
  Bytes part(whole.size() - start);
  ensure((*reader)->read(start, part).ok());
  ensure(std::equal(part.begin(), part.end(), whole.begin() + static_cast<std::ptrdiff_t>(start)));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteView input(data, size);
  if (const auto recipient = age::Recipient::parse(as_text(input)); recipient.ok()) {
    ensure(recipient->text() == as_text(input));
  }
  if (const auto identity = age::Identity::parse(input); identity.ok()) {
    ensure(equal_in_constant_time(identity->text().view(), input));
  }
  if (!input.empty()) read_file(input.subspan(1), input[0]);
  return 0;
}
