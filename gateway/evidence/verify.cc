#include "gateway/evidence/verify.h"

#include <algorithm>
#include <map>
#include <set>

#include "gateway/base/status.h"
#include "gateway/crypto/encoding.h"
#include "gateway/crypto/sign.h"
#include "gateway/evidence/check_clip.h"

namespace latchstring::evidence {
namespace {

namespace fs = std::filesystem;

struct Contents {
  std::set<std::string> files;  // relative paths of regular files with a name that belongs here
  std::set<ClipNumber> clips;
};

void refuse(Report& report, const std::string& name, std::string_view why) {
  report.findings.push_back({name, Outcome::failed, std::string(why)});
}

absl::Status list(const Path& folder, const Path& below, Contents& contents, Report& report) {
  std::error_code fault;
  const bool sealed = !below.empty();
  for (fs::directory_iterator at(folder / below, fault), end; !fault && at != end;
       at.increment(fault)) {
    const std::string name = at->path().filename().string();
    const std::string shown = sealed ? (below / name).string() : name;
    const fs::file_status status = at->symlink_status(fault);
    if (contents.files.size() >= kFolderFilesMax) return exhausted("the folder has too many files");
    if (!sealed && name == kSealedFolder && fs::is_directory(status)) {
      LS_RETURN_IF_ERROR(list(folder, name, contents, report));
      continue;
    }
    const std::optional<ClipNumber> clip = clip_of(name, sealed);
    if (!clip) {
      refuse(report, shown, "does not belong in an evidence folder");
    } else if (!fs::is_regular_file(status)) {
      refuse(report, shown, "is not a regular file");
    } else {
      contents.files.insert(shown);
    }
    if (clip) contents.clips.insert(*clip);
  }
  if (!fault) return absl::OkStatus();
  return not_found("cannot list `{}`: {}", (below.empty() ? folder : folder / below).string(),
                   fault.message());
}

// Every clip of a folder answers the same request, through the same gateway, for the same officer.
absl::Status check_same_release(const wire::Manifest& one, const wire::Manifest& other) {
  if (one.request_id != other.request_id || one.request_sha256 != other.request_sha256 ||
      one.gift != other.gift) {
    return denied("it is about another request than {}", Names({one.piece, one.part}).manifest);
  }
  if (one.common.iss != other.common.iss || one.ledger_vkey != other.ledger_vkey) {
    return denied("it is of another gateway than {}", Names({one.piece, one.part}).manifest);
  }
  if (one.common.aud != other.common.aud) {
    return denied("it is for another officer than {}", Names({one.piece, one.part}).manifest);
  }
  return absl::OkStatus();
}

// How many parts a piece has stands in each of its manifests; where it does not, parts are at least
// counted from 1 on.
class PartCount {
 public:
  void see(const wire::Manifest& manifest) {
    int& parts = said_[manifest.piece];
    parts = std::max(parts, manifest.parts);
    int& newest = here_[manifest.piece];
    newest = std::max(newest, manifest.part);
  }
  void tell_absent(const std::set<ClipNumber>& here, Report& report) const {
    for (const auto& [piece, parts] : said_) {
      const std::string of = parts > 0 ? fmt::format(" of {}", parts) : std::string();
      for (int part = 1; part <= std::max(parts, here_.at(piece)); ++part) {
        if (here.contains({piece, part})) continue;
        report.findings.push_back({Names({piece, part}).manifest, Outcome::absent,
                                   fmt::format("part {}{} of this piece is not here", part, of)});
      }
    }
  }

 private:
  std::map<int, int> said_;  // by piece; 0: by none of its manifests
  std::map<int, int> here_;  // the last one, by piece
};

}  // namespace

absl::StatusOr<Anchor> anchor_of(const wire::Ticket& ticket) {
  LS_ASSIGN(const crypto::VerifyKey key, crypto::VerifyKey::from_jwk(ticket.gateway_jwk));
  return Anchor{key.thumbprint(), ticket.ledger_vkey};
}

absl::StatusOr<Anchor> anchor_of_fingerprint(std::string_view text) {
  std::string fingerprint;
  std::copy_if(text.begin(), text.end(), std::back_inserter(fingerprint),
               [](char c) { return c != ' '; });
  const absl::StatusOr<Bytes> bytes = crypto::from_base64url(fingerprint);
  if (!bytes.ok() || bytes->size() != 32) {
    return invalid("`{}` is not a fingerprint: 43 letters, digits, `-` or `_`", text);
  }
  return Anchor{std::move(fingerprint), ""};
}

Verdict Report::verdict() const {
  const bool holds = std::all_of(findings.begin(), findings.end(), [](const Finding& finding) {
    return finding.outcome == Outcome::holds || finding.outcome == Outcome::absent;
  });
  if (!holds || findings.empty()) return Verdict::broken;
  return anchored ? Verdict::all_holds : Verdict::signer_unknown;
}

absl::StatusOr<Report> verify(const Path& folder, const std::optional<Anchor>& anchor) {
  Report report;
  report.anchored = anchor.has_value();
  Contents contents;
  LS_RETURN_IF_ERROR(list(folder, {}, contents, report));
  if (contents.clips.empty()) {
    refuse(report, Names({1, 1}).manifest, "it is missing: this is no evidence folder");
  }
  std::optional<wire::Manifest> first;
  PartCount count;
  for (const ClipNumber& clip : contents.clips) {
    ClipCheck check(folder, clip, contents.files, anchor, report);
    check.run();
    if (!check.manifest()) continue;
    count.see(*check.manifest());
    if (!first) first = check.manifest();
    const absl::Status same = check_same_release(*first, *check.manifest());
    if (!same.ok()) refuse(report, Names(clip).manifest, message_of(same));
  }
  count.tell_absent(contents.clips, report);
  return report;
}

}  // namespace latchstring::evidence
