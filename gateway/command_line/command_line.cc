#include "gateway/command_line/command_line.h"

#include <fmt/format.h>

namespace latchstring {

CLI::App* add_command(CLI::App& parent, const std::string& name, const std::string& sentence,
                      const std::string& example) {
  CLI::App* command = parent.add_subcommand(name, sentence);
  command->footer("Example:\n  " + example);
  command->fallthrough();
  return command;
}

CLI::App* add_group(CLI::App& parent, const std::string& name, const std::string& sentence,
                    const std::string& example) {
  CLI::App* group = add_command(parent, name, sentence, example);
  group->require_subcommand(1);
  return group;
}

std::string words_of(const CLI::ParseError& error, const CLI::App& program) {
  const std::string words = error.what();
  if (words != CLI::RequiredError::Subcommand(1).what()) return words;
  std::string groups;
  for (const CLI::App* at = &program; !at->get_subcommands().empty();) {
    at = at->get_subcommands().front();
    groups += at->get_name() + " ";
  }
  const std::vector<std::string> unknown = program.remaining(true);
  if (unknown.empty()) return words;
  const bool option = unknown[0].rfind('-', 0) == 0;
  return fmt::format("there is no {} `{}{}`", option ? "option" : "command", groups, unknown[0]);
}

}  // namespace latchstring
