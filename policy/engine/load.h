// The loader's parts. Private to the engine.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "gateway/yaml/keys.h"
#include "policy/engine/language.h"
#include "policy/engine/wall_clock.h"

namespace latchstring::policy {

// What is being filled while a file is read.
struct Loading {
  Policy& policy;
  yaml::Faults& faults;
  const WallClock& clock;
};

yaml::MapReader reader_of(const yaml::Node& node, Part part, yaml::Faults& faults);

// One word that must be among the declared ones; else a fault with the nearest of them, or `hint`.
bool declared(const yaml::Word& word, const std::vector<std::string>& names, std::string_view kind,
              yaml::Faults& faults, std::string_view hint = {});

// A map of named entries, and one of them as an example.
struct Section {
  std::string_view key;
  std::string_view example;
};
// The entries of a section; faults for names that cannot be.
std::vector<std::pair<yaml::Key, const yaml::Node*>> entries(const yaml::MapReader& file,
                                                             const Section& section,
                                                             yaml::Faults& faults);

template <class Map>
std::vector<std::string> names_of(const Map& map) {
  std::vector<std::string> out;
  for (const auto& entry : map) out.push_back(entry.first);
  return out;
}

// `none`, or a list of classes and zones. With people come faces.
std::set<std::string> read_redact(const yaml::MapReader& reader, std::string_view key,
                                  const Loading& loading);

// Where this word stands in the list of `key`.
yaml::Place place_of(const yaml::MapReader& reader, std::string_view key, std::string_view word);

void load_cameras(const yaml::MapReader& file, const Loading& loading);  // and their zones
void load_rules(const yaml::MapReader& file, const Loading& loading);
void load_tests(const yaml::MapReader& file, const Loading& loading);

// Faults for allow rules that fit the same request and ask differently.
void refuse_overlaps(const Policy& policy, yaml::Faults& faults);

}  // namespace latchstring::policy
