// How far a download is: a bar on a terminal, else a line at its beginning and end.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace latchstring::requester {

class Progress {
 public:
  // Bytes that are there already count as done, not as speed.
  Progress(std::string what, std::uint64_t total, std::uint64_t there);
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;
  void at(std::uint64_t bytes);

 private:
  void draw();
  using Clock = std::chrono::steady_clock;
  const std::string what_;
  const std::uint64_t total_;
  const std::uint64_t there_;
  const bool terminal_;
  const Clock::time_point start_ = Clock::now();
  std::uint64_t bytes_;
  Clock::time_point drawn_{};
};

}  // namespace latchstring::requester
