// Edits of the household's own files as text: lines are inserted, replaced and removed; nothing
// else changes, so comments and order stay. Strict YAML only, as gateway/yaml reads it. Every
// function takes the whole text and gives the new one; the caller checks that the result loads
// before it writes it.
#pragma once

#include <absl/status/statusor.h>

#include <string>
#include <string_view>

#include "gateway/config/config.h"

namespace latchstring::config {

// Adds `id: value` to the mapping under the top-level key `section`, on a line of its own, making
// the section at the end of the file where there is none. A section in brackets is written anew
// with a line for each entry, unless there are comments in it. FailedPrecondition: there already,
// or the section is no mapping.
absl::StatusOr<std::string> insert_entry(std::string_view text, std::string_view file_name,
                                         std::string_view section, std::string_view id,
                                         std::string_view value);
// Gives one member of the entry another value, adds it, or takes it out where `value` is empty.
// NotFound: no such entry.
absl::StatusOr<std::string> set_member(std::string_view text, std::string_view file_name,
                                       std::string_view section, std::string_view id,
                                       std::string_view member, std::string_view value);
// Takes the entry and its lines out. NotFound.
absl::StatusOr<std::string> remove_entry(std::string_view text, std::string_view file_name,
                                         std::string_view section, std::string_view id);

// Adds a word to, or takes it from, the list `section.key`: `residents: [alex, sam]`.
absl::StatusOr<std::string> insert_word(std::string_view text, std::string_view file_name,
                                        std::string_view section, std::string_view key,
                                        std::string_view word);
absl::StatusOr<std::string> remove_word(std::string_view text, std::string_view file_name,
                                        std::string_view section, std::string_view key,
                                        std::string_view word);

// `{url: "rtsp://...", user: viewer, ...}`, only what differs from the default.
std::string camera_value(const Camera& camera);
// Only what differs is written: the camera `before`, which the text has, becomes `after`.
absl::StatusOr<std::string> replace_camera(std::string_view text, std::string_view file_name,
                                           const Camera& before, const Camera& after);
// A double-quoted YAML scalar that strict YAML reads back as this text.
std::string yaml_text(std::string_view text);

}  // namespace latchstring::config
