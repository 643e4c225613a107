// An evidence package: what stands in it, how it is made, how it is verified. Shared by seal, which
// makes it, and the requester, who receives and verifies it.
#pragma once

#include "gateway/evidence/digest.h"        // IWYU pragma: export
#include "gateway/evidence/ledger_proof.h"  // IWYU pragma: export
#include "gateway/evidence/names.h"         // IWYU pragma: export
#include "gateway/evidence/package.h"       // IWYU pragma: export
#include "gateway/evidence/ustar.h"         // IWYU pragma: export
#include "gateway/evidence/verify.h"        // IWYU pragma: export
