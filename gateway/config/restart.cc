#include "gateway/config/config.h"

namespace latchstring::config {
namespace {

class Differences {
 public:
  template <class Value>
  bool note(std::string_view key, const Value& running, const Value& fresh) {
    if (running == fresh) return false;
    keys.emplace_back(key);
    return true;
  }
  std::vector<std::string> keys;
};

void note_broker(const Broker& running, const Broker& fresh, Differences& out) {
  const ManagedBroker managed = running.managed.value_or(ManagedBroker{});
  const ManagedBroker new_managed = fresh.managed.value_or(ManagedBroker{});
  const RemoteBroker remote = running.remote.value_or(RemoteBroker{});
  const RemoteBroker new_remote = fresh.remote.value_or(RemoteBroker{});
  bool moved = out.note("broker.managed.listen", managed.listen, new_managed.listen);
  moved |= out.note("broker.managed.port", managed.port, new_managed.port);
  moved |= out.note("broker.url", remote.url, new_remote.url);
  out.note("broker.ca_file", remote.ca_file, new_remote.ca_file);
  out.note("broker.user", remote.user, new_remote.user);
  out.note("broker.password_credential", remote.password_credential,
           new_remote.password_credential);
  out.note("broker.cert_file", remote.cert_file, new_remote.cert_file);
  out.note("broker.key_file", remote.key_file, new_remote.key_file);
  // Where it is not written it follows the broker's own address.
  if (!moved) out.note("broker.reach_at", running.reach_at, fresh.reach_at);
}

void note_archive(const Archive& running, const Archive& fresh, Differences& out) {
  out.note("archive.keep_days", running.keep_days, fresh.keep_days);
  const bool resized = out.note("archive.keep_bytes", running.keep_bytes, fresh.keep_bytes);
  out.note("archive.keep_free", running.keep_free, fresh.keep_free);
  // Where they are not written they are parts of keep_bytes.
  if (!resized) {
    out.note("archive.hold_bytes", running.hold_bytes, fresh.hold_bytes);
    out.note("archive.pending_bytes", running.pending_bytes, fresh.pending_bytes);
  }
  out.note("archive.sync", running.sync, fresh.sync);
}

}  // namespace

std::vector<std::string> keys_for_a_restart(const Config& running, const Config& fresh) {
  Differences out;
  out.note("gateway.state_dir", running.state_dir, fresh.state_dir);
  out.note("gateway.rules", running.rules, fresh.rules);
  out.note("gateway.clock", running.clock, fresh.clock);
  note_broker(running.broker, fresh.broker, out);
  note_archive(running.archive, fresh.archive, out);
  out.note("redaction.threads", running.redaction_threads, fresh.redaction_threads);
  out.note("log.level", running.log_level, fresh.log_level);
  return std::move(out.keys);
}

}  // namespace latchstring::config
