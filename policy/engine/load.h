// The loader's parts. Private to the engine.
#pragma once

#include <string>
#include <vector>

#include "gateway/yaml/keys.h"
#include "policy/engine/wall_clock.h"

namespace latchstring::policy {

// What is being filled while a file is read.
struct Loading {
  Policy& policy;
  yaml::Faults& faults;
  const WallClock& clock;
};

// One word that must be among the declared ones; else a fault with the nearest of them.
bool declared(const yaml::Word& word, const std::vector<std::string>& names, std::string_view kind,
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

void load_rules(const yaml::MapReader& file, const Loading& loading);
void load_tests(const yaml::MapReader& file, const Loading& loading);

// Faults for allow rules that fit the same request and ask differently.
void refuse_overlaps(const Policy& policy, yaml::Faults& faults);

}  // namespace latchstring::policy
