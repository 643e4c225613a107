#include "gateway/requester/progress.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>

#include "gateway/requester/program.h"

namespace latchstring::requester {
namespace {

constexpr int kBarWidth = 28;
constexpr std::chrono::milliseconds kDrawEvery{100};

}  // namespace

Progress::Progress(std::string what, std::uint64_t total, std::uint64_t there)
    : what_(std::move(what)),
      total_(total),
      there_(there),
      terminal_(::isatty(STDERR_FILENO) == 1),
      bytes_(there) {
  if (terminal_) {
    draw();
    return;
  }
  note(there == 0 ? fmt::format("receiving {} ({})", what_, size_text(total))
                  : fmt::format("receiving {} ({}, {} are here already)", what_, size_text(total),
                                size_text(there)));
}

Progress::~Progress() {
  if (!terminal_) return;
  draw();
  fmt::print(stderr, "\n");
}

void Progress::at(std::uint64_t bytes) {
  bytes_ = bytes;
  if (terminal_ && Clock::now() - drawn_ >= kDrawEvery) draw();
}

void Progress::draw() {
  drawn_ = Clock::now();
  const double part = total_ == 0 ? 1 : static_cast<double>(bytes_) / static_cast<double>(total_);
  const double seconds = std::chrono::duration<double>(drawn_ - start_).count();
  const int filled = static_cast<int>(part * kBarWidth);
  std::string bar;
  for (int i = 0; i < kBarWidth; ++i) bar += i < filled ? "█" : "░";
  const double speed = seconds > 0.2 ? static_cast<double>(bytes_ - there_) / seconds : 0;
  fmt::print(stderr, "\r\x1b[K{}  {}  {:3.0f} %  {} of {}  {}/s", what_, bar, part * 100,
             size_text(bytes_), size_text(total_), size_text(static_cast<std::uint64_t>(speed)));
  std::fflush(stderr);
}

}  // namespace latchstring::requester
