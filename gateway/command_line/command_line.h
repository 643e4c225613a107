// How the commands of `latchstring` and `latchstring-request` are laid out: each is a subcommand
// with a sentence and an example. Threads: main.
#pragma once

#include <CLI/CLI.hpp>

#include <string>

namespace latchstring {

// A subcommand with an example at the end of its help.
CLI::App* add_command(CLI::App& parent, const std::string& name, const std::string& sentence,
                      const std::string& example);
// A group whose subcommands do the work.
CLI::App* add_group(CLI::App& parent, const std::string& name, const std::string& sentence,
                    const std::string& example);

// What is wrong with a command line that `program` did not understand. CLI11 misses a subcommand
// before it says which word stood in its place.
std::string words_of(const CLI::ParseError& error, const CLI::App& program);

}  // namespace latchstring
