// The envelope of everything but GET and DATA: a compact JWS, padded, in one age file. What the
// broker sees is a size that is a multiple of kControlPad and at most kMessageMax.
// The padding is spaces after the JWS, inside the age plaintext; a JWS holds no space, so that the
// reader cuts at the first one. Layout: docs/ref/objects.md.
#pragma once

#include <absl/status/statusor.h>

#include <string>
#include <string_view>
#include <vector>

#include "gateway/base/bytes.h"
#include "gateway/crypto/age.h"
#include "gateway/crypto/jws.h"
#include "gateway/wire/control.h"
#include "gateway/wire/objects.h"

namespace latchstring::wire {

// Stanzas in the header of a message's age file, looked at before any key is tried: as many as it
// may have recipients, and one of those that mean nothing, as some age programs add them.
inline constexpr std::size_t kStanzasMax = kRecipientsMax + 1;

// The claims that every payload has: iss from the key, a fresh jti, exp = now + lifetime.
Common new_common(const crypto::SigningKey& key, std::string_view aud, Instant now,
                  Duration lifetime);

// Seals a compact JWS. InvalidArgument: no recipient, more than kRecipientsMax, or a JWS over
// kJwsMax (every JWS up to it fits).
absl::StatusOr<Bytes> seal_jws(std::string_view compact,
                               const std::vector<crypto::age::Recipient>& to);

// Signs `payload` as `typ`, then seals it.
absl::StatusOr<Bytes> seal_message(const crypto::SigningKey& key, std::string_view typ,
                                   std::string_view payload,
                                   const std::vector<crypto::age::Recipient>& to);

// The compact JWS of a sealed message, its signature not yet checked. Errors: as crypto::age::open;
// InvalidArgument for a wrong size or padding.
absl::StatusOr<std::string> open_message(ByteView sealed, const crypto::age::Identity& identity);

// Opens a control message and checks that `sender` signed it for `aud` and that it has not expired.
absl::StatusOr<Control> open_control(ByteView sealed, const crypto::age::Identity& identity,
                                     const crypto::VerifyKey& sender, std::string_view aud,
                                     Instant now);
// The same, of any age. For who tells old from new by its number alone: what is repeated until it
// is acknowledged must be acknowledged also by a device that was away for longer than it lasts.
absl::StatusOr<Control> open_kept_control(ByteView sealed, const crypto::age::Identity& identity,
                                          const crypto::VerifyKey& sender, std::string_view aud);

}  // namespace latchstring::wire
