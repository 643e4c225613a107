// Proofs that something stands in an append-only log: RFC 6962 trees, signed checkpoints, and the
// two together as one file.
#pragma once

#include "gateway/proof/merkle.h"      // IWYU pragma: export
#include "gateway/proof/note.h"        // IWYU pragma: export
#include "gateway/proof/tlog_proof.h"  // IWYU pragma: export
