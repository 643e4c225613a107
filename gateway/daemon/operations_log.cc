// log.*: the ledger, shown and proved.
#include <algorithm>
#include <memory>

#include "gateway/base/status.h"
#include "gateway/crypto/encoding.h"
#include "gateway/daemon/operations.h"
#include "gateway/daemon/pipes.h"

namespace latchstring::daemon {
namespace {

using control::Reply;
using control::Request;

constexpr std::uint64_t kShown = 50;
constexpr std::uint64_t kShownMax = 200;
// Members of a leaf that say what happened, each event has one at most.
constexpr std::string_view kWords[] = {"change", "state", "outcome", "answer", "reason", "what"};

absl::StatusOr<json::Writer> show(Daemon& daemon, const Request& asked) {
  ledger::Query query;
  query.about = asked.arguments.text("id");
  query.event = asked.arguments.text("event");
  query.count = std::min(asked.arguments.number("count", kShown), kShownMax);
  query.newest_first = !asked.arguments.has("from");
  query.from = asked.arguments.number("from", 0);
  LS_ASSIGN(const std::vector<ledger::ShownLeaf> leaves, daemon.ledger().show(query));
  LS_ASSIGN(const std::uint64_t size, daemon.ledger().size());
  std::vector<json::Writer> entries;
  for (const ledger::ShownLeaf& shown : leaves) {
    json::Writer entry;
    entry.natural("index", shown.leaf.index);
    const auto leaf = json::parse(shown.leaf.line);
    if (leaf.ok()) {
      json::Reader reader(*leaf);
      entry.string("event", reader.string("event", 64)).string("at", reader.string("at", 64));
      for (const std::string_view name : kWords) {
        const json::Value* word = reader.optional_value(name);
        if (word == nullptr || word->as<std::string>() == nullptr) continue;
        entry.string("word", *word->as<std::string>());
      }
    }
    entry.optional_string("about", shown.about).string("leaf", shown.leaf.line);
    if (shown.detail) entry.string("detail", *shown.detail);
    entries.push_back(std::move(entry));
  }
  return json::Writer().natural("size", size).objects("entries", entries);
}

absl::StatusOr<json::Writer> verify(Daemon& daemon) {
  LS_RETURN_IF_ERROR(daemon.ledger().verify());
  LS_ASSIGN(store::Transaction transaction, daemon.database().begin());
  LS_ASSIGN(const ledger::Checkpoint checkpoint,
            daemon.ledger().checkpoint_now(ledger::Audience::home, daemon.clock().now()));
  LS_RETURN_IF_ERROR(transaction.commit());
  json::Writer out;
  out.natural("size", checkpoint.size)
      .string("root", crypto::to_hex(checkpoint.root))
      .string("checkpoint", checkpoint.note)
      .string("vkey", daemon.ledger().vkey());
  return out;
}

// A file and what is said once the caller has it all.
struct Answer {
  std::string file;
  json::Writer result;
};

absl::StatusOr<Answer> prove(Daemon& daemon, const Request& asked) {
  const std::string& id = asked.arguments.text("id");
  LS_ASSIGN(store::Transaction transaction, daemon.database().begin());
  LS_ASSIGN(const std::vector<ledger::ProvenLeaf> leaves,
            daemon.ledger().prove(id, daemon.clock().now()));
  LS_RETURN_IF_ERROR(transaction.commit());
  if (leaves.empty()) return not_found("the log says nothing about `{}`", id);
  Answer answer;
  for (const ledger::ProvenLeaf& proven : leaves) {
    json::Writer line;
    line.natural("index", proven.leaf.index)
        .string("leaf", proven.leaf.line)
        .string("proof", proven.tlog_proof);
    answer.file += line.text() + "\n";
  }
  answer.result.string("id", id)
      .natural("count", leaves.size())
      .string("vkey", daemon.ledger().vkey());
  return answer;
}

absl::StatusOr<Answer> export_all(Daemon& daemon) {
  Answer answer;
  LS_RETURN_IF_ERROR(daemon.ledger().export_to([&](std::string_view text) {
    answer.file += text;
    return absl::OkStatus();
  }));
  LS_ASSIGN(const std::uint64_t size, daemon.ledger().size());
  answer.result.natural("size", size).natural("bytes", answer.file.size());
  return answer;
}

// The pipe's reader may be slow, or stopped: neither the loop nor a PIN waits for it.
void send(Daemon& daemon, Request& asked, const Reply& reply, absl::StatusOr<Answer> made) {
  if (!made.ok()) return reply.fail(made.status());
  struct Sending {
    Answer answer;
    UniqueFd pipe;
    absl::Status sent;
  };
  auto sending = std::make_shared<Sending>();  // shared with the chore
  sending->answer = *std::move(made);
  sending->pipe = std::move(asked.pipe);
  Chores& chores = daemon.log_chores();
  const bool queued = chores.run(
      [sending, &stopping = chores.stopping()] {
        sending->sent =
            write_to_pipe(sending->pipe.get(), as_bytes(sending->answer.file), stopping);
        sending->pipe.reset();  // the file ends before the answer comes
      },
      [sending, reply] {
        if (!sending->sent.ok()) return reply.fail(sending->sent);
        reply.ok(sending->answer.result);
      });
  if (!queued) reply.fail(unavailable("too much is waiting; try again"));
}

void answer(const Reply& reply, const absl::StatusOr<json::Writer>& result) {
  if (result.ok()) return reply.ok(*result);
  reply.fail(result.status());
}

}  // namespace

void add_log_operations(Daemon& daemon, control::Handlers& handlers) {
  handlers["log.show"] = [&daemon](Request& asked, const Reply& reply) {
    answer(reply, show(daemon, asked));
  };
  handlers["log.verify"] = [&daemon](Request&, const Reply& reply) {
    answer(reply, verify(daemon));
  };
  handlers["log.prove"] = [&daemon](Request& asked, const Reply& reply) {
    send(daemon, asked, reply, prove(daemon, asked));
  };
  handlers["log.export"] = [&daemon](Request& asked, const Reply& reply) {
    send(daemon, asked, reply, export_all(daemon));
  };
}

}  // namespace latchstring::daemon
