#include "gateway/wire/topics.h"

#include "tests/support/catch.h"

namespace latchstring::wire {
namespace {

const Peer kPeer{"bbbbbbbbbb", "cccccccccc"};

TEST_CASE("topics and filters") {
  CHECK(inbox_topic("aaaaaaaaaa", kPeer) == "ls1/aaaaaaaaaa/i/bbbbbbbbbb/cccccccccc");
  CHECK(control_topic("aaaaaaaaaa", kPeer) == "ls1/aaaaaaaaaa/o/bbbbbbbbbb/cccccccccc/c");
  CHECK(data_topic("aaaaaaaaaa", kPeer) == "ls1/aaaaaaaaaa/o/bbbbbbbbbb/cccccccccc/d");
  CHECK(all_inboxes_filter("aaaaaaaaaa") == "ls1/aaaaaaaaaa/i/+/+");
  CHECK(outbox_filter("aaaaaaaaaa", kPeer) == "ls1/aaaaaaaaaa/o/bbbbbbbbbb/cccccccccc/+");
}

TEST_CASE("a peer is read from its own inbox topic only") {
  const std::string good = inbox_topic("aaaaaaaaaa", kPeer);
  CHECK(*peer_of_inbox_topic("aaaaaaaaaa", good) == kPeer);
  for (const std::string& topic :
       {good + "/x", good + "x", good.substr(0, good.size() - 1), std::string(),
        inbox_topic("bbbbbbbbbb", kPeer), control_topic("aaaaaaaaaa", kPeer),
        std::string("ls1/aaaaaaaaaa/i/bbbbbbbbbb"), std::string("ls1/aaaaaaaaaa/i//"),
        std::string("ls1/aaaaaaaaaa/i/BBBBBBBBBB/cccccccccc"),
        std::string("ls1/aaaaaaaaaa/i/../../cccccccccc")}) {
    CHECK(!peer_of_inbox_topic("aaaaaaaaaa", topic).ok());
  }
}

}  // namespace
}  // namespace latchstring::wire
