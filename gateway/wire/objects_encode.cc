#include "gateway/wire/fields.h"
#include "gateway/wire/objects.h"

namespace latchstring::wire {
namespace {

json::Writer interval_of(const Interval& interval) {
  json::Writer w;
  write_interval(w, interval);
  return w;
}

json::Writer area_of(const Area& area) {
  json::Writer w;
  w.integer("latitude_e6", area.centre.latitude_e6)
      .integer("longitude_e6", area.centre.longitude_e6)
      .integer("radius_m", area.radius_metres);
  return w;
}

json::Writer source_of(const Manifest::Source& source) {
  json::Writer w;
  w.string("segment", source.segment).string("sha256", source.sha256);
  return w;
}

json::Writer file_of(const NamedFile& file) {
  json::Writer w;
  w.string("name", file.name).natural("size", file.size).string("sha256", file.sha256);
  return w;
}

template <class Item>
std::vector<json::Writer> all_of(const std::vector<Item>& items,
                                 json::Writer (*write)(const Item&)) {
  std::vector<json::Writer> writers;
  writers.reserve(items.size());
  for (const Item& item : items) writers.push_back(write(item));
  return writers;
}

json::Writer outer_file_of(const Delivery::File& file) {
  json::Writer w;
  w.natural("size", file.size).string("sha256", file.sha256).string("root", file.merkle_root);
  return w;
}

}  // namespace

std::string encode(const Credential& object) {
  json::Writer w = write_common(object.common);
  w.string("sub", object.sub)
      .object("cnf", json::Writer().json("jwk", object.officer_jwk))
      .strings("age", object.recipients)
      .integer("nbf", to_unix_seconds(object.nbf));
  return w.text();
}

std::string encode(const Request& object) {
  json::Writer scope;
  if (!object.cameras.empty()) scope.strings("cameras", object.cameras);
  write_interval(scope, object.footage);
  json::Writer want;
  want.boolean("audio", object.want_audio)
      .boolean("native", object.want_native)
      .boolean("certificate", object.want_certificate);
  json::Writer w = write_common(object.common);
  w.string("id", object.id)
      .optional_string("case", object.case_number)
      .string("basis", to_string(object.basis))
      .string("purpose", object.purpose)
      .optional_string("title", object.title)
      .optional_string("description", object.description);
  if (object.area) w.object("location", area_of(*object.area));
  w.object("scope", scope)
      .strings("rcpt", object.recipients)
      .optional_string("contact", object.contact)
      .object("want", want)
      .string("cred", object.credential)
      .optional_string("revocations", object.revocation_list)
      .optional_string("warrant", object.warrant)
      .optional_string("checkpoint", object.checkpoint);
  return w.text();
}

std::string encode(const Decision& object) {
  json::Writer w = write_common(object.common);
  w.string("request_sha256", object.request_sha256)
      .string("request", object.request_id)
      .string("state", object.state)
      .optional_string("reason", object.reason);
  return w.text();
}

std::string encode(const Manifest& object) {
  json::Writer clip;
  clip.string("codec", object.codec)
      .string("container", object.container)
      .natural("frames", object.frames);
  json::Writer redaction;
  redaction.strings("what", object.redacted)
      .string("tool", object.tool)
      .boolean("reencoded", object.reencoded);
  json::Writer clock;
  clock.string("trust", object.clock);
  if (object.camera_offset_ms) clock.integer("camera_offset_ms", *object.camera_offset_ms);

  json::Writer w = write_common(object.common);
  w.optional_string("request", object.request_id)
      .optional_string("request_sha256", object.request_sha256)
      .optional_string("decision_sha256", object.decision_sha256)
      .optional_string("gift", object.gift)
      .json("jwk", object.gateway_jwk)
      .string("ledger", object.ledger_vkey)
      .optional_string("cred", object.credential)
      .optional_string("gateway_name", object.gateway_name)
      .integer("piece", object.piece)
      .integer("part", object.part);
  if (object.parts > 0) w.integer("parts", object.parts);
  w.string("camera", object.camera)
      .object("asked", interval_of(object.asked))
      .object("granted", interval_of(object.granted))
      .object("given", interval_of(object.given))
      .objects("sources", all_of(object.sources, source_of))
      .objects("files", all_of(object.files, file_of))
      .object("clip", clip)
      .object("redaction", redaction)
      .object("clock", clock)
      .strings("notes", object.notes);
  write_optional_seconds(w, "delete_after", object.delete_after);
  return w.text();
}

std::string encode(const Delivery& object) {
  json::Writer w = write_common(object.common);
  w.string("release", object.release_id)
      .integer("piece", object.piece)
      .integer("part", object.part)
      .objects("files", all_of(object.files, outer_file_of))
      .string("manifest_sha256", object.manifest_sha256);
  return w.text();
}

std::string encode(const Receipt& object) {
  json::Writer w = write_common(object.common);
  w.string("delivery_sha256", object.delivery_sha256);
  write_optional_seconds(w, "delete_after", object.delete_after);
  w.optional_string("kept_longer_because", object.kept_longer_because);
  return w.text();
}

std::string encode(const RevocationList& object) {
  json::Writer w = write_common(object.common);
  w.natural("seq", object.seq)
      .integer("next_update", to_unix_seconds(object.next_update))
      .strings("revoked", object.revoked);
  return w.text();
}

}  // namespace latchstring::wire
