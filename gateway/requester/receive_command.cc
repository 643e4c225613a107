#include <algorithm>
#include <map>
#include <set>

#include "gateway/base/status.h"
#include "gateway/requester/commands.h"
#include "gateway/requester/program.h"
#include "gateway/requester/reception.h"

namespace latchstring::requester {
namespace {

// A gateway that says nothing of what it refuses cannot say either that nothing more comes: after
// so much quiet a command that has received something ends.
constexpr Duration kQuiet = std::chrono::seconds{5};
// The gateway confirms a receipt at once; if not, the next run sends it again.
constexpr Duration kReceiptPatience = std::chrono::seconds{20};
constexpr Duration kTurn = std::chrono::milliseconds{500};
// The parts of a piece are offered by letters of their own, one right behind the other, and are
// fetched together.
constexpr Duration kRightBehind = std::chrono::milliseconds{50};

struct Options {
  DeskOptions desk;
  Reception reception;
  std::string out;
  std::string id;
  std::string for_text;
  bool until_closed = false;
};

class Receiving {
 public:
  Receiving(const Options& options, const Desk& desk, Dialogue& dialogue)
      : options_(options),
        desk_(desk),
        dialogue_(dialogue),
        reception_(options.reception),
        moved_(now()) {}

  // The exit code.
  absl::StatusOr<int> run() {
    LS_ASSIGN(offers_, desk_.book->offers(desk_.ticket.gateway, options_.id));
    for (const KeptOffer& kept : offers_) {
      if (options_.id.empty() && is_over(kept.state)) over_before_.insert(kept.delivery_sha256);
    }
    for (;;) {
      LS_RETURN_IF_ERROR(look());
      if (const auto code = finished()) return *code;
      if (const auto next = next_offer()) {
        LS_RETURN_IF_ERROR(receive(piece_of(*next)));
        continue;
      }
      LS_ASSIGN(const bool came, take_mail());
      if (came) moved_ = now();
    }
  }

 private:
  Duration now() const { return desk_.clock.steady(); }

  absl::Status look() {
    LS_ASSIGN(offers_, desk_.book->offers(desk_.ticket.gateway, options_.id));
    LS_RETURN_IF_ERROR(end_expired());
    LS_RETURN_IF_ERROR(discard_ended());
    closed_ = false;
    if (options_.id.empty()) return absl::OkStatus();
    LS_ASSIGN(const auto request, desk_.book->request(desk_.ticket.gateway, options_.id));
    closed_ = request && (request->state == "closed" || request->state == "refused");
    return absl::OkStatus();
  }

  absl::Status end_expired() {
    for (KeptOffer& kept : offers_) {
      if (kept.state != OfferState::offered || kept.offer.expires > desk_.clock.now()) continue;
      LS_RETURN_IF_ERROR(desk_.book->set_state(kept, OfferState::expired));
      kept.state = OfferState::expired;
      warn(fmt::format("the offer of piece {} for `{}` has expired", kept.offer.piece,
                       kept.offer.request_id));
    }
    return absl::OkStatus();
  }

  static bool is_over(OfferState state) {
    return state == OfferState::expired || state == OfferState::revoked ||
           state == OfferState::refused;
  }

  // What had come of an offer that is over, in this run or an earlier one, can never be opened.
  absl::Status discard_ended() {
    for (const KeptOffer& kept : offers_) {
      const bool over = kept.state == OfferState::expired || kept.state == OfferState::revoked;
      if (!over || !discarded_.insert(kept.delivery_sha256).second) continue;
      LS_RETURN_IF_ERROR(discard(kept, reception_));
    }
    return absl::OkStatus();
  }

  // One that fails is left to the next run, and one that does not come waits for all others.
  bool is_open(const KeptOffer& kept) const {
    return kept.state == OfferState::offered && !failed_.contains(kept.delivery_sha256);
  }

  int tries_of(const KeptOffer& kept) const {
    const auto found = tries_.find(kept.delivery_sha256);
    return found == tries_.end() ? 0 : found->second;
  }

  std::optional<KeptOffer> next_offer() const {
    std::optional<KeptOffer> next;
    for (const KeptOffer& kept : offers_) {
      if (is_open(kept) && (!next || tries_of(kept) < tries_of(*next))) next = kept;
    }
    return next;
  }

  // With its other parts, as far as they are known.
  std::vector<KeptOffer> piece_of(const KeptOffer& next) const {
    std::vector<KeptOffer> piece;
    for (const KeptOffer& kept : offers_) {
      const bool same =
          kept.offer.request_id == next.offer.request_id && kept.offer.piece == next.offer.piece;
      if (same && is_open(kept)) piece.push_back(kept);
    }
    return piece;
  }

  bool any(OfferState state) const {
    return std::any_of(offers_.begin(), offers_.end(), [&](const KeptOffer& kept) {
      return kept.state == state && !over_before_.contains(kept.delivery_sha256);
    });
  }

  absl::Status receive(const std::vector<KeptOffer>& piece) {
    for (const KeptOffer& kept : piece) ++tries_[kept.delivery_sha256];
    const absl::Status fetched = fetch_piece(dialogue_, piece, reception_);
    moved_ = now();
    if (fetched.ok()) return open(piece);
    if (absl::IsUnavailable(fetched)) return wait_for_gateway(fetched);
    if (!absl::IsPermissionDenied(fetched)) return leave(piece, fetched);
    // Taken back? Then the message that says so waits.
    LS_RETURN_IF_ERROR(take_mail().status());
    LS_RETURN_IF_ERROR(look());
    if (!was_revoked(piece.front())) return leave(piece, fetched);
    note(fmt::format(
        "the household took piece {} of `{}` back; what had come of it is deleted. A fault "
        "of its disk looks the same: ask it, or submit a new request",
        piece.front().offer.piece, piece.front().offer.request_id));
    return absl::OkStatus();
  }

  absl::Status wait_for_gateway(const absl::Status& why) {
    if (!time_is_up()) note(fmt::format("waiting for the gateway: {}", shown(message_of(why))));
    return take_mail().status();  // it may say that this was taken back
  }

  absl::Status open(const std::vector<KeptOffer>& piece) {
    for (const KeptOffer& kept : piece) {
      const absl::Status opened = open_offer(dialogue_, kept, reception_);
      if (absl::IsUnavailable(opened)) return wait_for_gateway(opened);
      if (!opened.ok()) {
        LS_RETURN_IF_ERROR(leave({kept}, opened));
        continue;
      }
      came_ = true;
      note(fmt::format("verified: piece {} part {} in {}", kept.offer.piece, kept.offer.part,
                       reception_.folder_of(kept.offer).string()));
    }
    moved_ = now();
    return absl::OkStatus();
  }

  // All that waits: the message that is looked for may not be the first. False: none came.
  absl::StatusOr<bool> take_mail() {
    LS_ASSIGN(const bool came, dialogue_.turn(kTurn));
    bool more = came;
    for (std::size_t taken = 1; more && taken < link::kInboxMax; ++taken) {
      LS_ASSIGN(more, dialogue_.turn(kRightBehind));
    }
    return came;
  }

  // The others are received all the same.
  absl::Status leave(const std::vector<KeptOffer>& piece, const absl::Status& why) {
    for (const KeptOffer& kept : piece) {
      failed_.insert(kept.delivery_sha256);
      tell_error(fmt::format("piece {} part {} of `{}`: {}", kept.offer.piece, kept.offer.part,
                             kept.offer.request_id, shown(message_of(why))));
    }
    return absl::OkStatus();
  }

  bool was_revoked(const KeptOffer& kept) const {
    return std::any_of(offers_.begin(), offers_.end(), [&kept](const KeptOffer& other) {
      return other.delivery_sha256 == kept.delivery_sha256 && other.state == OfferState::revoked;
    });
  }

  bool time_is_up() const { return now() >= reception_.until; }

  std::optional<int> finished() const {
    // Without an id, what came in earlier runs is no answer to this one.
    const bool before = any(OfferState::received) || any(OfferState::done);
    const bool some = came_ || (before && !options_.id.empty());
    const bool outstanding = std::any_of(offers_.begin(), offers_.end(),
                                         [this](const auto& kept) { return is_open(kept); });
    const bool quiet = now() - moved_ >= kQuiet;
    if (time_is_up()) {
      if (!failed_.empty()) return kFailed;
      return some && !outstanding ? kDone : kNoAnswer;
    }
    if (outstanding || !quiet) return std::nullopt;
    if (any(OfferState::received) && now() - moved_ < kReceiptPatience) return std::nullopt;
    if (options_.until_closed && !closed_ && !options_.id.empty()) return std::nullopt;
    if (!failed_.empty()) return kFailed;
    if (some) return kDone;
    if (any(OfferState::refused)) return kFailed;
    if (closed_ || any(OfferState::revoked)) return kRefused;
    return std::nullopt;
  }

  const Options& options_;
  const Desk& desk_;
  Dialogue& dialogue_;
  Reception reception_;
  Duration moved_;
  std::vector<KeptOffer> offers_;
  std::set<std::string> over_before_;  // deliveries: they say nothing of this run, without an id
  std::set<std::string> discarded_;    // deliveries
  std::set<std::string> failed_;       // deliveries, in this run
  std::map<std::string, int> tries_;   // by delivery, in this run
  bool closed_ = false;
  bool came_ = false;  // something, in this run
};

// Of what came, in this run or an earlier one: once for all parts of a piece.
std::set<std::string> folders_of(const std::vector<KeptOffer>& offers) {
  std::set<std::string> folders;
  for (const KeptOffer& kept : offers) {
    if (!kept.folder.empty()) folders.insert(kept.folder);
  }
  return folders;
}

// What was received once is not sent again, wherever its folder went.
int tell_folders(const std::vector<KeptOffer>& offers) {
  int code = kDone;
  for (const std::string& folder : folders_of(offers)) {
    std::error_code fault;
    if (std::filesystem::exists(folder, fault)) {
      note(fmt::format("evidence: {}", shown(folder)));
      continue;
    }
    code = kFailed;
    tell_error(
        fmt::format("it was received, but its folder `{}` is not there any more", shown(folder)),
        "was it moved? A gateway releases a clip once: if it is lost, submit a new request");
  }
  return code;
}

// The exit code of a run that ended with `code`.
int tell_end(int code, const Options& options, const Desk& desk) {
  const auto offers = desk.book->offers(desk.ticket.gateway, options.id);
  if (!offers.ok()) return fail(offers.status());
  const auto any = [&offers](OfferState state) {
    return std::any_of(offers->begin(), offers->end(),
                       [state](const auto& kept) { return kept.state == state; });
  };
  const bool named = code == kDone && !options.id.empty();
  const int end = named ? tell_folders(*offers) : code;
  if (code == kDone && any(OfferState::received)) {
    warn(
        "the gateway has not confirmed the receipt yet; the next `receive` or `status` sends it "
        "again");
  }
  if (code == kFailed && any(OfferState::offered)) {
    tell_error("not everything was received",
               "the same command tries again; what is in the evidence folder is whole");
  } else if (code == kFailed) {
    tell_error("what the gateway offers does not verify; nothing was kept");
  }
  if (code == kNoAnswer && any(OfferState::offered)) {
    tell_error("the time is up, and not everything has come",
               "what came is kept: run the same command again, and it goes on from there");
  } else if (code == kNoAnswer) {
    tell_error("no answer yet",
               fmt::format("run the same command again later; {}", kLookAtTheClock));
  }
  if (code == kRefused && any(OfferState::revoked)) {
    tell_error("the household took it back, and nothing was received");
  } else if (code == kRefused) {
    tell_error("the request is closed, and nothing was released");
  }
  return end;
}

int receive(Options& options) {
  // The book remembers where evidence was left.
  options.reception.out = std::filesystem::absolute(options.out);
  Duration connecting = kConnectPatience;
  if (!options.for_text.empty()) {
    const auto patience = parse_duration(options.for_text);
    if (!patience.ok()) return usage(message_of(patience.status()));
    options.reception.until = SystemClock(ClockTrust::assumed).steady() + *patience;
    connecting = std::min(connecting, *patience);
  }
  const auto desk = open_desk(options.desk);
  if (!desk.ok()) return fail(desk.status(), hint_for(desk.status()));
  if (!options.id.empty()) {
    const auto known = outcome_of(**desk, options.id);
    if (!known.ok())
      return fail(known.status(),
                  "`latchstring-request status` lists them; without an id, `receive` fetches "
                  "whatever is released, gifts too");
  }
  const auto lock = lock_folder(options.out);
  if (!lock.ok()) return fail(lock.status());
  const auto dialogue = Dialogue::connect((*desk)->parts(), connecting);
  if (!dialogue.ok()) return fail(dialogue.status(), hint_for(dialogue.status()));
  const auto code = Receiving(options, **desk, **dialogue).run();
  if (!code.ok()) return fail(code.status(), hint_for(code.status()));
  return tell_end(*code, options, **desk);
}

}  // namespace

void add_receive_command(CLI::App& app, Run& run) {
  auto options = std::make_shared<Options>();
  CLI::App* command = add_command(
      app, "receive", "wait for what is released, fetch it, verify it, decrypt it into OUT/ID",
      "latchstring-request receive abcdefgh23 --ticket maple.ticket --officer ~/officer --out "
      "evidence");
  command->add_option("ID", options->id, "of the request; left out: whatever is released");
  options->desk.add_to(*command);
  command->add_option("--out", options->out, "folder for the evidence")
      ->type_name("DIR")
      ->required();
  command->add_flag("--keep-sealed", options->reception.keep_sealed,
                    "keep the encrypted files too, for `age -d -i DIR/identity.txt`");
  command
      ->add_option("--for", options->for_text,
                   "end after so long, like `10 minutes`; what came is kept")
      ->type_name("DURATION");
  command->add_flag("--until-closed", options->until_closed,
                    "wait for more until the household's last word; needs an ID");
  command->callback([&run, options] {
    if (options->until_closed && options->id.empty()) {
      throw CLI::ValidationError("--until-closed", "needs the ID of a request");
    }
    run = [options] { return receive(*options); };
  });
}

}  // namespace latchstring::requester
