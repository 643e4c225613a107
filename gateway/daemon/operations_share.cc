// share.*: what the household gives of its own accord.
#include "gateway/base/status.h"
#include "gateway/crypto/encoding.h"
#include "gateway/daemon/operations.h"

namespace latchstring::daemon {
namespace {

using control::Reply;
using control::Request;

release::Subject gift_of(const Daemon& daemon, const Request& asked) {
  release::Subject gift;
  gift.id = crypto::random_id();
  gift.is_gift = true;
  gift.agency = asked.arguments.has("agency") ? asked.arguments.text("agency") : "";
  gift.cameras = {asked.arguments.text("camera")};
  gift.purpose = asked.arguments.has("purpose") ? asked.arguments.text("purpose") : "";
  gift.footage = {asked.arguments.instant("from"), asked.arguments.instant("to")};
  gift.want_audio = asked.arguments.flag("audio");
  gift.received = daemon.clock().now();
  return gift;
}

void to_agency(Daemon& daemon, Request& asked, const Reply& reply) {
  const release::Subject gift = gift_of(daemon, asked);
  authenticate(daemon, std::move(asked.pins), reply,
               [&daemon, gift, reply](const std::vector<std::string>& residents) {
                 auto step = daemon.docket().give(gift, residents);
                 if (!step.ok()) return reply.fail(step.status());
                 daemon.perform(*std::move(step));
                 reply.ok(json::Writer().string("id", gift.id));
               });
}

void to_file(Daemon& daemon, Request& asked, const Reply& reply) {
  if (asked.passphrase.view().size() < control::kFilePassphraseMin) {
    return reply.fail(
        invalid("the passphrase has less than {} characters", control::kFilePassphraseMin));
  }
  const release::Subject gift = gift_of(daemon, asked);
  const auto caller = std::make_shared<Gifts::Caller>(
      Gifts::Caller{crypto::Secret::copy_of(as_bytes(asked.passphrase.view())),
                    std::move(asked.pipe), reply});  // shared: a function must be copyable
  authenticate(daemon, std::move(asked.pins), reply,
               [&daemon, gift, reply, caller](const std::vector<std::string>& residents) {
                 if (daemon.gifts().full()) {
                   return reply.fail(exhausted("{} files are being made", kCallersMax));
                 }
                 auto step = daemon.docket().give(gift, residents);
                 if (!step.ok()) return reply.fail(step.status());
                 daemon.gifts().wait(gift.id, std::move(*caller));
                 daemon.perform(*std::move(step));
               });
}

}  // namespace

void add_share_operations(Daemon& daemon, control::Handlers& handlers) {
  handlers["share.agency"] = [&daemon](Request& asked, const Reply& reply) {
    to_agency(daemon, asked, reply);
  };
  handlers["share.file"] = [&daemon](Request& asked, const Reply& reply) {
    to_file(daemon, asked, reply);
  };
}

}  // namespace latchstring::daemon
