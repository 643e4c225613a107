// Verifying an evidence folder, offline: every file in it is checked and any other refused. Trust
// begins at an anchor; without one a folder can only be consistent with itself.
// What is not checked: the agency's signature under the officer's credential (the gateway checked
// it and signed the credential into the manifest), and whether a piece is missing as a whole; a
// part that is missing of a piece is told. Any thread. Limits: kFolderFilesMax entries; those of
// ustar.h for all files but clips. Contents of the folder: docs/ref/evidence.md.
#pragma once

#include <absl/status/statusor.h>

#include <optional>
#include <string>
#include <vector>

#include "gateway/base/files.h"
#include "gateway/evidence/names.h"
#include "gateway/wire/ticket.h"

namespace latchstring::evidence {

inline constexpr std::size_t kFolderFilesMax = 20'000;

// Whose signature counts.
struct Anchor {
  std::string fingerprint;  // RFC 7638 thumbprint of the gateway's key
  std::string ledger_vkey;  // of the ticket; empty: the manifest binds it
};
absl::StatusOr<Anchor> anchor_of(const wire::Ticket& ticket);
// A thumbprint, spaces allowed as it is printed. InvalidArgument.
absl::StatusOr<Anchor> anchor_of_fingerprint(std::string_view text);

// absent: another part of a piece; what is here holds without it, and is not the whole.
enum class Outcome : std::uint8_t { holds, failed, unchecked, absent };

struct Finding {
  std::string file;  // relative to the folder
  Outcome outcome = Outcome::holds;
  std::string words;
};

enum class Verdict : std::uint8_t {
  all_holds,       // all that is here, and the signer is the anchor
  signer_unknown,  // consistent, but no anchor was given
  broken,
};

struct Report {
  std::vector<Finding> findings;
  std::string signer;  // thumbprint that the manifests name; empty where there is none
  bool anchored = false;
  Verdict verdict() const;
};

// An error only where the folder cannot be read at all.
absl::StatusOr<Report> verify(const Path& folder, const std::optional<Anchor>& anchor);

}  // namespace latchstring::evidence
