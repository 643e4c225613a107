#include <fmt/format.h>

#include <span>

#include "gateway/config/config.h"
#include "gateway/config/tables.h"

namespace latchstring::config {
namespace {

std::string_view type_name(yaml::Type type) {
  switch (type) {
    case yaml::Type::identifier:
      return "name";
    case yaml::Type::yes_no:
      return "`yes` or `no`";
    case yaml::Type::integer:
      return "number";
    case yaml::Type::duration:
      return "length of time";
    case yaml::Type::bytes:
      return "storage";
    case yaml::Type::texts:
      return "list of texts";
    case yaml::Type::list:
      return "list";
    case yaml::Type::map:
      return "map";
    default:
      return "text";
  }
}

std::string value_of(const yaml::KeyRow& row) {
  if (row.type != yaml::Type::word) return std::string(type_name(row.type));
  std::string words = "`";
  for (const char c : row.words) words += c == ' ' ? std::string("`, `") : std::string(1, c);
  return words + "`";
}

std::string table_of(std::string_view title, std::span<const yaml::KeyRow> rows) {
  std::string text =
      fmt::format("\n## {}\n| key | value | default | |\n|---|---|---|---|\n", title);
  for (const yaml::KeyRow& row : rows) {
    std::string fallback = row.fallback.empty() ? "" : fmt::format("`{}`", row.fallback);
    if (row.need == yaml::Need::mandatory) fallback = "must be written";
    text +=
        fmt::format("| `{}` | {} | {} | {} |\n", row.name, value_of(row), fallback, row.sentence);
  }
  return text;
}

}  // namespace

std::string key_reference() {
  return table_of("The file", kFileKeys) + table_of("gateway", kGatewayKeys) +
         table_of("broker", kBrokerKeys) + table_of("broker.managed", kManagedKeys) +
         table_of("cameras, each", kCameraKeys) + table_of("archive", kArchiveKeys) +
         table_of("redaction", kRedactionKeys) + table_of("log", kLogKeys);
}

}  // namespace latchstring::config
