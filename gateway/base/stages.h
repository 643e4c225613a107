// The stages of a release, each a type that only its maker can make:
//
//   Grant -> Clip -> RedactedClip -> SealedClip           what may leave
//   Look  -> Preview -> RedactedPreview                   what a resident looks at; never sealed
//
// A constructor asks for a MadeBy<Maker>, which only Maker can construct. So "nothing unredacted
// leaves" is a fact of the types; tests/tidy refuses a second definition of a maker class and casts
// to a stage type. A grant is never stored or loaded: after a restart the decision is made anew.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "gateway/base/footage.h"
#include "gateway/base/terms.h"

namespace latchstring {

namespace release {
class Release;
}
namespace archive {
class Cutter;
}
namespace redact {
class Redactor;
}
namespace seal {
class Sealer;
}

template <class Maker>
class MadeBy {
 public:
  MadeBy(const MadeBy&) {}  // not `= default`: bit_cast could forge what is trivially copied

 private:
  friend Maker;
  MadeBy() {}  // not `= default`: an aggregate could be forged with {}
};

class Grant {
 public:
  Grant(MadeBy<release::Release>, GrantTerms terms) : terms_(std::move(terms)) {}
  Grant(Grant&&) = default;
  Grant& operator=(Grant&&) = default;
  const GrantTerms& terms() const { return terms_; }

 private:
  GrantTerms terms_;
};

class Clip {
 public:
  Clip(MadeBy<archive::Cutter>, GrantTerms terms, std::unique_ptr<FootageReader> reader,
       std::vector<SourceSegment> sources)
      : terms_(std::move(terms)), reader_(std::move(reader)), sources_(std::move(sources)) {}
  const GrantTerms& terms() const { return terms_; }
  FootageReader& reader() { return *reader_; }
  const std::vector<SourceSegment>& sources() const { return sources_; }

 private:
  GrantTerms terms_;
  std::unique_ptr<FootageReader> reader_;
  std::vector<SourceSegment> sources_;
};

class RedactedClip {
 public:
  RedactedClip(MadeBy<redact::Redactor>, GrantTerms terms, ReleasedVideo video)
      : terms_(std::move(terms)), video_(std::move(video)) {}
  const GrantTerms& terms() const { return terms_; }
  const ReleasedVideo& video() const { return video_; }

 private:
  GrantTerms terms_;
  ReleasedVideo video_;
};

// One file that is encrypted to the requester and lies in the outbox.
struct SealedFile {
  std::string name;  // clip-1.mp4.age: for people; on the wire it has a random id only
  std::string path;
  std::uint64_t size_bytes = 0;
  std::string sha256;       // lower-case hex
  std::string merkle_root;  // RFC 6962 over its chunks in file order, lower-case hex
};

// A piece whose footage has gaps (or a native clip with an exact head) has several parts.
class SealedClip {
 public:
  SealedClip(MadeBy<seal::Sealer>, std::string release_id, int piece, int part,
             std::vector<SealedFile> files, std::string delivery_jws)
      : release_id_(std::move(release_id)),
        piece_(piece),
        part_(part),
        files_(std::move(files)),
        delivery_jws_(std::move(delivery_jws)) {}
  const std::string& release_id() const { return release_id_; }
  int piece() const { return piece_; }
  int part() const { return part_; }
  const std::vector<SealedFile>& files() const { return files_; }
  const std::string& delivery_jws() const { return delivery_jws_; }

 private:
  std::string release_id_;
  int piece_;
  int part_;
  std::vector<SealedFile> files_;
  std::string delivery_jws_;
};

// What an authenticated resident asked to see.
class Look {
 public:
  Look(MadeBy<release::Release>, GrantTerms terms) : terms_(std::move(terms)) {}
  const GrantTerms& terms() const { return terms_; }

 private:
  GrantTerms terms_;
};

class Preview {
 public:
  Preview(MadeBy<archive::Cutter>, GrantTerms terms, std::unique_ptr<FootageReader> reader)
      : terms_(std::move(terms)), reader_(std::move(reader)) {}
  const GrantTerms& terms() const { return terms_; }
  FootageReader& reader() { return *reader_; }

 private:
  GrantTerms terms_;
  std::unique_ptr<FootageReader> reader_;
};

class RedactedPreview {
 public:
  RedactedPreview(MadeBy<redact::Redactor>, ReleasedVideo video) : video_(std::move(video)) {}
  const ReleasedVideo& video() const { return video_; }

 private:
  ReleasedVideo video_;
};

}  // namespace latchstring
