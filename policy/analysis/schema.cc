// The language as a JSON Schema (draft 7), from the loader's own tables: editors complete and check
// by it while a household types. It knows the shapes; what only the loader can see (names that are
// declared nowhere, rules that overlap) it lets through.
#include <charconv>
#include <sstream>

#include "gateway/base/ensure.h"
#include "gateway/json/json.h"
#include "policy/analysis/analysis.h"
#include "policy/engine/language.h"

namespace latchstring::policy {
namespace {

using Schema = json::Writer;
using yaml::KeyRow;
using yaml::Type;

constexpr std::string_view kIdentifier = "^[a-z][a-z0-9_]{0,63}$";
constexpr std::string_view kDuration = "^(0|[1-9][0-9]*) (second|minute|hour|day)s?$";
constexpr std::string_view kDistance = "^(0|[1-9][0-9]*) (kilo)?metres?$";
constexpr std::string_view kDate = "^[0-9]{4}-[0-9]{2}-[0-9]{2}$";
constexpr std::string_view kWindow = "^[0-2][0-9]:[0-5][0-9] to [0-2][0-9]:[0-5][0-9]$";

// The maps that stand under a key: one, or several by name, or a list of them.
enum class Holds : std::uint8_t { one, named, listed };
struct Inner {
  std::string_view key;
  Part part;
  Holds holds;
};
constexpr Inner kInner[] = {
    {"household", Part::household, Holds::one},
    {"agencies", Part::agency, Holds::named},
    {"courts", Part::court, Holds::named},
    {"cameras", Part::camera, Holds::named},
    {"zones", Part::zone, Holds::named},
    {"always", Part::always, Holds::one},
    {"per_agency_per_month", Part::quota, Holds::one},
    {"area_requests", Part::area, Holds::one},
    {"never", Part::never, Holds::listed},
    {"allow", Part::allow, Holds::listed},
    {"tests", Part::test, Holds::listed},
};

Schema object_of(Part part);

Schema typed(std::string_view type) {
  return Schema().string("type", type);
}

Schema matching(std::string_view pattern) {
  return typed("string").string("pattern", pattern);
}

Schema words_of(std::string_view words) {
  std::istringstream all{std::string(words)};
  std::vector<std::string> each;
  for (std::string word; all >> word;) each.push_back(word);
  return Schema().strings("enum", each);
}

Schema any_of(const std::vector<Schema>& ways) {
  return Schema().objects("anyOf", ways);
}

Schema list_of(const Schema& item, int least) {
  return typed("array").object("items", item).integer("minItems", least);
}

Schema one_or_many(const Schema& item) {
  return any_of({item, list_of(item, 1)});
}

// Plain words that YAML takes for numbers are text to the loader: a badge 4711.
Schema text() {
  return Schema().strings("type", {"string", "number"});
}

Schema polygon() {
  const Schema part = typed("number").integer("minimum", 0).integer("maximum", 1);
  return list_of(list_of(part, 2).integer("maxItems", 2), 3);
}

Schema days() {
  return any_of({words_of("every_day"), one_or_many(words_of("mon tue wed thu fri sat sun"))});
}

// What the tables leave to the loader's own hands.
Schema by_hand(std::string_view key) {
  for (const Inner& inner : kInner) {
    if (inner.key != key) continue;
    const Schema map = object_of(inner.part);
    if (inner.holds == Holds::one) return map;
    if (inner.holds == Holds::listed) return list_of(map, 0);
    return typed("object")
        .object("propertyNames", matching(kIdentifier))
        .object("additionalProperties", map);
  }
  if (key == "polygon") return polygon();
  const Schema names = one_or_many(matching(kIdentifier));
  return key == "who" ? any_of({names, object_of(Part::who)}) : names;
}

Schema shape_of(const KeyRow& row) {
  switch (row.type) {
    case Type::text:
      return text();
    case Type::identifier:
      return matching(kIdentifier);
    case Type::yes_no:
      return words_of("yes no");
    case Type::integer:
    case Type::bytes:
      return typed("integer").integer("minimum", row.least).integer("maximum", row.most);
    case Type::number:
      return typed("number");
    case Type::duration:
      return matching(kDuration);
    case Type::distance:
      return matching(kDistance);
    case Type::date:
      return matching(kDate);
    case Type::word:
      return words_of(row.words);
    case Type::days:
      return days();
    case Type::time_window:
      return any_of({words_of("all_day"), matching(kWindow)});
    case Type::texts:
      return one_or_many(text());
    case Type::identifiers:
      return one_or_many(matching(kIdentifier));
    case Type::list:
    case Type::map:
    case Type::any:
      break;
  }
  return by_hand(row.name);
}

void add_default(const KeyRow& row, Schema& shape) {
  if (row.type != Type::integer) {
    shape.optional_string("default", row.fallback);
  } else if (!row.fallback.empty()) {
    std::int64_t number = 0;
    const char* const end = row.fallback.data() + row.fallback.size();
    ensure(std::from_chars(row.fallback.data(), end, number).ptr == end);
    shape.integer("default", number);
  }
}

// The members of a map; `head` is written before them.
Schema map_of(Part part, Schema head) {
  Schema properties;
  std::vector<std::string> required;
  for (const KeyRow& row : table(part).rows) {
    Schema shape = shape_of(row);
    shape.string("description", row.sentence);
    if (row.need == yaml::Need::mandatory) {
      required.emplace_back(row.name);
    } else {
      add_default(row, shape);
    }
    properties.object(row.name, shape);
  }
  head.string("type", "object").boolean("additionalProperties", false);
  return head.object("properties", properties).strings("required", required);
}

Schema object_of(Part part) {
  return map_of(part, {});
}

}  // namespace

std::string schema() {
  Schema head;
  head.string("$schema", "http://json-schema.org/draft-07/schema#")
      .string("title", "house-rules.yaml of Latchstring");
  return map_of(Part::file, head).text() + "\n";
}

}  // namespace latchstring::policy
