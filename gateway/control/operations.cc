#include "gateway/control/operations.h"

#include <algorithm>
#include <array>

namespace latchstring::control {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

constexpr seconds kQuick{10};
constexpr seconds kAnswer{30};  // PIN hashing waits its turn on the chores thread
constexpr seconds kCamera{30};  // a frozen camera is given up after 10 s
constexpr seconds kArchive = minutes{60};
constexpr seconds kRelease = minutes{30};

constexpr Argument kCameraArgument{"camera", Kind::name, true, "camera of gateway.yaml"};
constexpr Argument kRequestArgument{"id", Kind::id, true, "request"};
constexpr Argument kFrom{"from", Kind::instant, true, "first instant of the footage"};
constexpr Argument kTo{"to", Kind::instant, true, "first instant after the footage"};

constexpr std::array kCameraOnly{kCameraArgument};
constexpr std::array kRequestOnly{kRequestArgument};
constexpr std::array kApplyNow{
    Argument{"sha256", Kind::text, true, "SHA-256 of the rules file that they agree to, hex"}};
constexpr std::array kRequestList{
    Argument{"open", Kind::flag, false, "only what is neither delivered nor closed"}};
constexpr std::array kAgencyAdd{
    Argument{"agency", Kind::name, true, "agency of the rules file"},
    Argument{"mailbox", Kind::id, false, "mailbox on a rendezvous broker; else one is made"}};
constexpr std::array kAgencyOnly{Argument{"agency", Kind::name, true, "agency whose mailbox goes"}};
constexpr std::array kResidentOnly{Argument{"resident", Kind::name, true, "resident"}};
constexpr Argument kPurpose{"purpose", Kind::name, false,
                            "why it is given, for never rules that name purposes"};
constexpr Argument kAudio{"audio", Kind::flag, false, "with its sound, where the rules let it"};
constexpr std::array kShare{
    kCameraArgument,
    kFrom,
    kTo,
    kPurpose,
    kAudio,
    Argument{"agency", Kind::name, true, "who gets it at the next HELLO of an officer"}};
constexpr std::array kShareFile{kCameraArgument, kFrom, kTo, kPurpose, kAudio};
constexpr std::array kLogShow{
    Argument{"id", Kind::id, false, "only entries about this request"},
    Argument{"event", Kind::text, false, "only entries of this event"},
    Argument{"from", Kind::number, false, "index of the first entry; else the newest are shown"},
    Argument{"count", Kind::number, false, "how many entries, at most 200; default 50"}};
constexpr std::array kArchiveCheck{
    Argument{"repair", Kind::flag, false, "rebuild the index and recover cut segments"}};

constexpr Operation row(std::string_view name, Signed by, seconds answer_within,
                        std::string_view sentence, std::span<const Argument> arguments = {}) {
  return {name, by, false, false, false, answer_within, sentence, arguments};
}

constexpr Operation with_pipe(Operation operation) {
  operation.takes_pipe = true;
  return operation;
}

constexpr Operation with_passphrase(Operation operation) {
  operation.passphrase = true;
  return operation;
}

constexpr Operation with_new_pin(Operation operation) {
  operation.new_pin = true;
  return operation;
}

constexpr std::array kOperations{
    row("status", Signed::nobody, kQuick, "cameras, archive, broker, clock, questions, warnings"),
    row("camera.list", Signed::nobody, kQuick, "every camera and what it is doing"),
    row("camera.test", Signed::nobody, kCamera, "connect once more and say what was found",
        kCameraOnly),
    with_pipe(row("camera.snapshot", Signed::nobody, kCamera, "the newest recorded picture, as PNG",
                  kCameraOnly)),
    row("policy.reload", Signed::nobody, kQuick, "read gateway.yaml and the rules again"),
    row("policy.apply_now", Signed::must, kAnswer, "what was replaced counts no more", kApplyNow),
    row("request.list", Signed::nobody, kQuick, "requests, newest first", kRequestList),
    row("request.show", Signed::nobody, kQuick, "one request: who, what, answers, transfer",
        kRequestOnly),
    row("request.approve", Signed::must, kAnswer, "say yes", kRequestOnly),
    row("request.refuse", Signed::must, kAnswer, "say no", kRequestOnly),
    row("request.revoke", Signed::must, kAnswer, "take a release back", kRequestOnly),
    row("agency.list", Signed::nobody, kQuick, "agencies and their mailboxes"),
    row("agency.add", Signed::nobody, kQuick, "make a mailbox and give the ticket", kAgencyAdd),
    row("agency.remove", Signed::nobody, kQuick, "remove the mailbox", kAgencyOnly),
    row("resident.list", Signed::nobody, kQuick, "residents, enrolled and locked"),
    with_new_pin(row("resident.add", Signed::may, kAnswer, "enrol a resident", kResidentOnly)),
    with_new_pin(row("resident.pin", Signed::must, kAnswer, "change one's PIN", kResidentOnly)),
    with_new_pin(row("resident.reset", Signed::may, kAnswer,
                     "set another PIN for who forgot theirs, by all others or in seven days",
                     kResidentOnly)),
    row("resident.reset_stop", Signed::must, kAnswer, "end a reset that waits", kResidentOnly),
    row("resident.remove", Signed::must, kAnswer, "forget a resident's PIN", kResidentOnly),
    row("share.agency", Signed::must, kAnswer, "give a clip of one's own accord", kShare),
    with_passphrase(with_pipe(row("share.file", Signed::must, kRelease,
                                  "give a clip as a file sealed with a passphrase", kShareFile))),
    row("pause", Signed::must, kAnswer, "stop all sharing at once"),
    row("resume", Signed::must, kAnswer, "share by the rules again"),
    row("log.show", Signed::nobody, kQuick, "entries of the ledger", kLogShow),
    row("log.verify", Signed::nobody, kArchive, "compute the whole tree again and compare"),
    with_pipe(row("log.prove", Signed::nobody, kQuick, "receipts for every entry of a request",
                  kRequestOnly)),
    with_pipe(row("log.export", Signed::nobody, kArchive, "all leaves and the newest checkpoint")),
    row("archive.list", Signed::nobody, kQuick, "what footage is there, by camera and day"),
    row("archive.check", Signed::nobody, kArchive, "compare segments and index", kArchiveCheck),
    row("archive.accept", Signed::nobody, kQuick, "the archive folder is the right one"),
};

}  // namespace

std::span<const Operation> operations() {
  return kOperations;
}

const Operation* find_operation(std::string_view name) {
  const auto* found = std::find_if(kOperations.begin(), kOperations.end(),
                                   [&](const Operation& row) { return row.name == name; });
  return found == kOperations.end() ? nullptr : found;
}

}  // namespace latchstring::control
