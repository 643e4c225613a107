// The keys of house-rules.yaml: one table for each kind of map. The loader reads by it; the
// reference document is made from it.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "gateway/yaml/keys.h"

namespace latchstring::policy {

enum class Part : std::uint8_t {
  file,
  household,
  agency,
  court,
  camera,
  zone,
  always,
  quota,
  area,
  who,
  never,
  allow,
  test
};

struct Table {
  Part part;
  std::string_view title;  // of the table in the reference: `household`
  std::string_view what;   // in messages: "the household"
  std::string_view like;   // a hint: how such a map is written
  std::span<const yaml::KeyRow> rows;
};

std::span<const Table> language();
const Table& table(Part part);
// `"officer" belongs in "who"` for a key that only one kind of map has (tests aside); else empty.
std::string belongs(std::string_view key);

// docs/ref/house-rules.md: a test holds the file against this text.
std::string reference_text();

}  // namespace latchstring::policy
