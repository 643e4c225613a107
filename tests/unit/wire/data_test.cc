#include "gateway/wire/data.h"

#include "gateway/wire/control.h"
#include "tests/support/catch.h"

namespace latchstring::wire {
namespace {

TEST_CASE("GET survives encoding, and only whole") {
  const Get get{random_transfer_id(), 7, 0x1122'3344'5566'7788, 0x8000'0000'0000'0001};
  const Bytes bytes = encode(get);
  CHECK(kind_of(bytes) == Kind::get);
  const auto decoded = decode_get(bytes);
  REQUIRE(decoded.ok());
  CHECK(decoded->transfer == get.transfer);
  CHECK(decoded->counter == 7);
  CHECK(decoded->base == get.base);
  CHECK(decoded->bitmap == get.bitmap);
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    CHECK(!decode_get(ByteView(bytes).first(size)).ok());
  }
  Bytes longer = bytes;
  longer.push_back(0);
  CHECK(!decode_get(longer).ok());
  Bytes newer = bytes;
  newer[1] = 2;
  CHECK(!decode_get(newer).ok());
}

TEST_CASE("DATA survives encoding; the largest fits a message") {
  Data data;
  data.transfer = random_transfer_id();
  data.index = 0x0102'0304'0506'0708;
  data.proof.assign(kProofMax, ProofHash{1, 2, 3});
  data.chunk.assign(kChunkBytes, 0xAB);
  const Bytes bytes = encode(data);
  CHECK(bytes.size() <= kMessageMax);
  CHECK(kind_of(bytes) == Kind::data);
  const auto decoded = decode_data(bytes);
  REQUIRE(decoded.ok());
  CHECK(decoded->transfer == data.transfer);
  CHECK(decoded->index == data.index);
  CHECK(decoded->proof == data.proof);
  CHECK(decoded->chunk == data.chunk);
}

TEST_CASE("DATA that lies about its proof or is too long is refused") {
  Data data;
  data.chunk.assign(100, 1);
  Bytes bytes = encode(data);
  constexpr std::size_t kProofCount = 2 + kTransferIdBytes + 8;
  bytes[kProofCount] = 4;  // 128 bytes of hashes in 100 bytes
  CHECK(!decode_data(bytes).ok());
  bytes[kProofCount] = kProofMax + 1;
  CHECK(!decode_data(bytes).ok());
  bytes[kProofCount] = 0;
  bytes.resize(kProofCount + 1 + kChunkBytes + 1);
  CHECK(!decode_data(bytes).ok());
  bytes.resize(kProofCount);
  CHECK(!decode_data(bytes).ok());
}

TEST_CASE("kinds by their first bytes") {
  CHECK(kind_of({}) == Kind::unknown);
  CHECK(kind_of(as_bytes("age-encryption.org/v1\n...")) == Kind::sealed);
  CHECK(kind_of(as_bytes("age-encryption.org/v2\n...")) == Kind::unknown);
  CHECK(kind_of(as_bytes("{}")) == Kind::unknown);
}

TEST_CASE("the order of transfer: the head of the file goes last") {
  CHECK(chunk_count(0) == 1);
  CHECK(chunk_count(1) == 1);
  CHECK(chunk_count(kChunkBytes) == 1);
  CHECK(chunk_count(kChunkBytes + 1) == 2);
  CHECK(file_chunk_of(0, 5) == 1);
  CHECK(file_chunk_of(4, 5) == 0);
  CHECK(file_chunk_of(0, 1) == 0);
}

TEST_CASE("transfer ids have one text form") {
  const TransferId id = random_transfer_id();
  CHECK(*transfer_id_from(to_text(id)) == id);
  CHECK(random_transfer_id() != id);
  CHECK(!transfer_id_from("AAAA").ok());
  CHECK(!transfer_id_from(to_text(id) + "A").ok());
}

}  // namespace
}  // namespace latchstring::wire
