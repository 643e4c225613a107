// The checks of one clip's files. Private to evidence.
#pragma once

#include <absl/status/statusor.h>

#include <map>
#include <optional>
#include <set>
#include <string>

#include "gateway/crypto/sign.h"
#include "gateway/evidence/verify.h"
#include "gateway/wire/objects.h"

namespace latchstring::evidence {

class ClipCheck {
 public:
  // `present`: paths relative to the folder, of regular files. All outlive the check.
  ClipCheck(const Path& folder, const ClipNumber& clip, const std::set<std::string>& present,
            const std::optional<Anchor>& anchor, Report& report);
  void run();
  // Once its signature held.
  const std::optional<wire::Manifest>& manifest() const { return manifest_; }

 private:
  absl::Status read_manifest();
  absl::Status check_signer(std::string_view kid) const;
  absl::Status check_officer();
  absl::Status check_intervals() const;
  absl::Status check_file_names() const;
  absl::Status check_readable() const;
  absl::Status check_listed(const std::string& name) const;
  absl::Status check_frames() const;
  absl::Status check_regions() const;
  absl::Status read_delivery();
  absl::Status check_sealed(const std::string& name, std::size_t position) const;
  absl::Status check_proof();
  absl::Status check_receipt();
  void run_gift();

  bool note(const std::string& file, const absl::Status& status, std::string_view held);
  void leave_unchecked(const std::vector<std::string>& files, std::string_view because);
  absl::StatusOr<std::string> read(const std::string& name, std::uint64_t limit) const;

  const Path& folder_;
  const ClipNumber clip_;
  const Names names_;
  const std::set<std::string>& present_;
  const std::optional<Anchor>& anchor_;
  Report& report_;

  std::string manifest_text_;
  std::string manifest_payload_;
  std::optional<wire::Manifest> manifest_;
  std::optional<crypto::VerifyKey> gateway_key_;
  std::optional<crypto::VerifyKey> officer_key_;
  std::string delivery_sha256_;
  std::optional<wire::Delivery> delivery_;
  std::string proven_words_;
  std::string receipt_words_;
};

}  // namespace latchstring::evidence
