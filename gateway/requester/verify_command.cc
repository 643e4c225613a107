#include "gateway/base/status.h"
#include "gateway/crypto/encoding.h"
#include "gateway/evidence/evidence.h"
#include "gateway/requester/commands.h"
#include "gateway/requester/program.h"

namespace latchstring::requester {
namespace {

struct Options {
  std::string folder;
  std::optional<std::string> ticket, key;
};

absl::StatusOr<std::optional<evidence::Anchor>> anchor_of(const Options& options) {
  std::optional<evidence::Anchor> anchor;
  // Not as if it were not given: a script whose variable is empty means to have one.
  if (options.ticket == "") return invalid("--ticket names no file");
  if (options.key == "") return invalid("--gateway-key names no fingerprint");
  if (options.ticket) {
    LS_ASSIGN(const wire::Ticket ticket, read_ticket(*options.ticket));
    LS_ASSIGN(anchor, evidence::anchor_of(ticket));
  } else if (options.key) {
    LS_ASSIGN(anchor, evidence::anchor_of_fingerprint(*options.key));
  }
  return anchor;
}

std::string_view word_of(evidence::Outcome outcome) {
  switch (outcome) {
    case evidence::Outcome::holds:
      return "holds    ";
    case evidence::Outcome::failed:
      return "FAILED   ";
    case evidence::Outcome::unchecked:
      return "unchecked";
    case evidence::Outcome::absent:
      return "not here ";
  }
  return "unchecked";
}

int tell(const evidence::Report& report) {
  std::size_t failed = 0;
  std::size_t absent = 0;
  for (const evidence::Finding& finding : report.findings) {
    if (finding.outcome == evidence::Outcome::failed) ++failed;
    if (finding.outcome == evidence::Outcome::absent) ++absent;
    say(fmt::format("{}  {}: {}\n", word_of(finding.outcome), shown(finding.file),
                    shown(finding.words)));
  }
  const std::string not_whole =
      absent == 0
          ? ""
          : fmt::format("It is not the whole: {} part{} of what was released {} not here.\n",
                        absent, absent == 1 ? "" : "s", absent == 1 ? "is" : "are");
  switch (report.verdict()) {
    case evidence::Verdict::all_holds:
      say(fmt::format("All of {} holds, and the signer is the gateway `{}`.\n{}",
                      absent == 0 ? "it" : "what is here", report.signer, not_whole));
      return kDone;
    case evidence::Verdict::signer_unknown:
      say(fmt::format("Consistent, but the signer is unknown: `{}`.\n{}", report.signer,
                      not_whole));
      tell_error(
          "without an anchor nobody can say who signed this",
          "give --ticket FILE, or --gateway-key with the fingerprint that the household says");
      return kNoAnswer;
    case evidence::Verdict::broken:
      break;
  }
  tell_error(fmt::format("{} of {} checks failed: this is not what the gateway released", failed,
                         report.findings.size() - absent));
  return kFailed;
}

// The folder that `receive --out` was given: each request has a folder of its own in there. The
// name of one of them; empty: it is no such folder.
std::string request_inside(const std::string& folder) {
  std::string request;
  std::error_code fault;
  for (std::filesystem::directory_iterator at(folder, fault), end; !fault && at != end;
       at.increment(fault)) {
    const std::string name = at->path().filename().string();
    if (name.starts_with('.')) continue;  // what `receive` has under way
    if (!crypto::is_id(name) || !at->is_directory(fault)) return "";
    if (request.empty() || name < request) request = name;
  }
  return request;
}

int verify(const Options& options) {
  if (const std::string request = request_inside(options.folder); !request.empty()) {
    return usage(
        fmt::format("`{}` holds the evidence of each request in a folder of its own: name "
                    "one, like `{}`",
                    options.folder, (Path(options.folder) / request).string()));
  }
  const auto anchor = anchor_of(options);
  if (absl::IsInvalidArgument(anchor.status())) return usage(message_of(anchor.status()));
  if (!anchor.ok()) return fail(anchor.status(), hint_for(anchor.status()));
  const auto report = evidence::verify(options.folder, *anchor);
  return report.ok() ? tell(*report) : fail(report.status());
}

}  // namespace

void add_verify_command(CLI::App& app, Run& run) {
  auto options = std::make_shared<Options>();
  CLI::App* command = add_command(
      app, "verify",
      "check a folder that `receive` left, offline: every file, signature, hash, and the "
      "ledger's proof.\nExit code 0: all holds and the signer is the anchor; 4: "
      "consistent, signer unknown; 1: anything else. A part of a piece that is not here is "
      "named, and changes no exit code.",
      "latchstring-request verify evidence/abcdefgh23 --ticket maple.ticket");
  command->add_option("FOLDER", options->folder, "the evidence of one request")->required();
  CLI::Option* ticket =
      command->add_option("--ticket", options->ticket, "whose gateway must have signed")
          ->type_name("FILE");
  command->add_option("--gateway-key", options->key, "the same by the gateway's fingerprint")
      ->type_name("FINGERPRINT")
      ->excludes(ticket);
  command->callback([&run, options] { run = [options] { return verify(*options); }; });
}

}  // namespace latchstring::requester
