#include "gateway/requester/officer.h"

#include <algorithm>

#include "gateway/base/status.h"
#include "gateway/requester/secret_file.h"

namespace latchstring::requester {
namespace {

Path key_file(const Path& folder) {
  return folder / "signing.key";
}

Path identity_path(const Path& folder) {
  return folder / "identity.txt";
}

Path credential_file(const Path& folder) {
  return folder / "credential.json";
}

absl::StatusOr<Credentials> kept_papers(const Path& folder) {
  const auto text = read_file(credential_file(folder), kPaperMax);
  if (absl::IsNotFound(text.status())) {
    return not_now("`{}` holds no credential yet", folder.string());
  }
  if (!text.ok()) return text.status();
  auto papers = decode_credentials(*text);
  if (papers.ok()) return papers;
  return data_loss("`{}`: {}", credential_file(folder).string(), message_of(papers.status()));
}

// Files of two officers in one folder: a gateway hears none of them, and seals to another.
absl::Status check_one_officer(const crypto::SigningKey& key, const crypto::age::Identity& identity,
                               const wire::Credential& credential) {
  if (credential.officer_jwk != key.verify_key().to_jwk()) {
    return not_now("the credential is for another officer's key than `signing.key`");
  }
  const auto& sealed_to = credential.recipients;
  if (std::find(sealed_to.begin(), sealed_to.end(), identity.recipient().text()) !=
      sealed_to.end()) {
    return absl::OkStatus();
  }
  return not_now("`identity.txt` is another officer's key: the credential does not name it");
}

// A list that is older than the one that is kept would only make gateways doubt.
absl::Status check_newer(const Credentials& kept, const Credentials& fresh) {
  LS_ASSIGN(const wire::RevocationList old_list, read_revocations(kept));
  LS_ASSIGN(const wire::RevocationList new_list, read_revocations(fresh));
  if (old_list.common.iss != new_list.common.iss) return absl::OkStatus();  // another agency
  if (new_list.seq >= old_list.seq) return absl::OkStatus();
  return not_now("its revocation list is number {}, older than number {} that is kept",
                 new_list.seq, old_list.seq);
}

}  // namespace

Path public_file(const Path& folder) {
  return folder / "PUB.json";
}

Path state_file(const Path& folder) {
  return folder / "state.db";
}

absl::Status init_officer(const Path& folder) {
  LS_RETURN_IF_ERROR(make_folder(folder, 0700));
  if (std::filesystem::exists(key_file(folder))) {
    return not_now("`{}` holds an officer's keys already", folder.string());
  }
  const crypto::SigningKey key = crypto::SigningKey::generate();
  const crypto::age::Identity identity = crypto::age::Identity::generate();
  LS_RETURN_IF_ERROR(write_new_secret(
      identity_path(folder), identity_file(identity, "opens what was released to this officer")));
  LS_RETURN_IF_ERROR(
      write_file_durably(public_file(folder),
                         encode(Public{key.verify_key().to_jwk(), {identity.recipient().text()}})));
  // Last: a folder with this key is complete.
  return write_new_secret(key_file(folder), key.seed());
}

absl::Status update_credentials(const Path& folder, std::string_view paper_text) {
  LS_RETURN_IF_ERROR(check_is_officer(folder));
  LS_ASSIGN(const crypto::SigningKey key, read_signing_key(key_file(folder)));
  const auto papers = decode_credentials(paper_text);
  if (!papers.ok()) {
    return invalid("this is not a credential file, as `agency issue` writes it: {}",
                   message_of(papers.status()));
  }
  LS_ASSIGN(const wire::Credential credential, read_credential(*papers));
  if (credential.officer_jwk != key.verify_key().to_jwk()) {
    return not_now("the credential is for another officer's key");
  }
  const auto kept = kept_papers(folder);
  if (kept.ok()) LS_RETURN_IF_ERROR(check_newer(*kept, *papers));
  return write_file_durably(credential_file(folder), encode(*papers), 0600);
}

absl::Status update_revocations(const Path& folder, std::string_view list_jws) {
  LS_ASSIGN(Credentials papers, kept_papers(folder));
  const Credentials kept = papers;
  papers.revocations = list_jws;
  if (const auto fits = decode_credentials(encode(papers)); !fits.ok()) {
    return invalid("this is not the agency's revocation list, as `agency revoke` prints it: {}",
                   message_of(fits.status()));
  }
  LS_RETURN_IF_ERROR(check_newer(kept, papers));
  LS_RETURN_IF_ERROR(write_file_durably(credential_file(folder), encode(papers), 0600));
  LS_ASSIGN(const wire::Credential credential, read_credential(papers));
  LS_ASSIGN(const wire::RevocationList list, read_revocations(papers));
  if (std::find(list.revoked.begin(), list.revoked.end(), credential.common.jti) ==
      list.revoked.end()) {
    return absl::OkStatus();
  }
  return not_now("the list is kept, and by it your credential is revoked");
}

absl::Status check_is_officer(const Path& folder) {
  if (std::filesystem::exists(key_file(folder))) return absl::OkStatus();
  return not_found("`{}` holds no officer's keys", folder.string());
}

absl::StatusOr<Officer> open_officer(const Path& folder, Instant now) {
  LS_RETURN_IF_ERROR(check_is_officer(folder));
  LS_ASSIGN(crypto::SigningKey key, read_signing_key(key_file(folder)));
  LS_ASSIGN(crypto::age::Identity identity, read_identity(identity_path(folder)));
  LS_ASSIGN(Credentials papers, kept_papers(folder));
  LS_ASSIGN(wire::Credential credential, read_credential(papers));
  LS_RETURN_IF_ERROR(within(folder.string(), check_one_officer(key, identity, credential)));
  if (now < credential.nbf || now >= credential.common.exp) {
    return not_now("the credential is valid from {} to {}, not now", to_rfc3339(credential.nbf),
                   to_rfc3339(credential.common.exp));
  }
  return Officer{std::move(key), std::move(identity), std::move(papers), std::move(credential),
                 folder};
}

}  // namespace latchstring::requester
