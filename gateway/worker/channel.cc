#include "gateway/worker/channel.h"

#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>

#include "gateway/base/status.h"

namespace latchstring::worker {
namespace {

std::uint32_t length_of(ByteView head) {
  return static_cast<std::uint32_t>(head[0]) | static_cast<std::uint32_t>(head[1]) << 8 |
         static_cast<std::uint32_t>(head[2]) << 16 | static_cast<std::uint32_t>(head[3]) << 24;
}

}  // namespace

absl::Status Unframer::feed(ByteView bytes) {
  if (read_ > 0 && read_ * 2 >= buffer_.size()) {
    buffer_.erase(buffer_.begin(), buffer_.begin() + static_cast<std::ptrdiff_t>(read_));
    read_ = 0;
  }
  buffer_.insert(buffer_.end(), bytes.begin(), bytes.end());
  const ByteView rest = ByteView{buffer_}.subspan(read_);
  if (rest.size() >= kMessageHead && length_of(rest) > kMessageMax) {
    return data_loss("a message of {} bytes on the worker's socket, more than {}", length_of(rest),
                     kMessageMax);
  }
  return absl::OkStatus();
}

std::optional<Message> Unframer::next() {
  const ByteView rest = ByteView{buffer_}.subspan(read_);
  if (rest.size() < kMessageHead) return std::nullopt;
  const std::size_t length = length_of(rest);
  if (length > kMessageMax || rest.size() - kMessageHead < length) return std::nullopt;
  const ByteView body = rest.subspan(kMessageHead, length);
  Message message{rest[4], Bytes{body.begin(), body.end()}};
  read_ += kMessageHead + length;
  return message;
}

Channel::Channel(UniqueFd socket, const Cancel* cancel, Duration patience)
    : socket_(std::move(socket)), cancel_(cancel), patience_(patience) {}

absl::Status Channel::wait_for(short events, Steady until) const {
  for (;;) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - now());
    if (left.count() <= 0) {
      return unavailable("no word on the worker's socket for {} s",
                         std::chrono::duration_cast<std::chrono::seconds>(patience_).count());
    }
    std::array<pollfd, 2> wait{{{socket_.get(), events, 0}, {-1, POLLIN, 0}}};
    if (cancel_ != nullptr) wait[1].fd = cancel_->fd();
    const int ready = ::poll(wait.data(), wait.size(), static_cast<int>(left.count()));
    if (ready < 0 && errno != EINTR) return errno_status("poll");
    if (ready <= 0) continue;
    if (wait[1].revents != 0) return {absl::StatusCode::kCancelled, "cancelled"};
    if (wait[0].revents != 0) return absl::OkStatus();  // errors show at the read or write
  }
}

absl::Status Channel::send(std::uint8_t type, ByteView body) {
  if (body.size() > kMessageMax) {
    return exhausted("a message of {} bytes to the worker, more than {}", body.size(), kMessageMax);
  }
  const auto length = static_cast<std::uint32_t>(body.size());
  std::array<std::uint8_t, kMessageHead> head{};
  for (unsigned i = 0; i < 4; ++i) head[i] = static_cast<std::uint8_t>(length >> (8 * i));
  head[4] = type;
  const Steady until = now() + patience_;
  for (ByteView part : {ByteView{head}, body}) {
    while (!part.empty()) {
      const ssize_t sent =
          ::send(socket_.get(), part.data(), part.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
      if (sent > 0) {
        part = part.subspan(static_cast<std::size_t>(sent));
      } else if (errno == EAGAIN) {
        LS_RETURN_IF_ERROR(wait_for(POLLOUT, until));
      } else if (errno == EPIPE || errno == ECONNRESET) {
        return gone();
      } else if (errno != EINTR) {
        return errno_status("cannot write to the worker's socket");
      }
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<Message> Channel::receive() {
  const Steady until = now() + patience_;
  for (;;) {
    // Also while messages are waiting: a busy worker must not outrun the wish to stop.
    if (cancel_ != nullptr && cancel_->requested()) return absl::CancelledError("cancelled");
    if (std::optional<Message> message = unframer_.next()) return *std::move(message);
    if (chunk_.empty()) chunk_.resize(256 * 1024);
    const ssize_t got = ::recv(socket_.get(), chunk_.data(), chunk_.size(), MSG_DONTWAIT);
    if (got > 0) {
      LS_RETURN_IF_ERROR(unframer_.feed(ByteView{chunk_}.first(static_cast<std::size_t>(got))));
    } else if (got == 0 || errno == ECONNRESET) {
      return gone();
    } else if (errno == EAGAIN) {
      LS_RETURN_IF_ERROR(wait_for(POLLIN, until));
    } else if (errno != EINTR) {
      return errno_status("cannot read from the worker's socket");
    }
  }
}

absl::Status Channel::gone() {
  close();
  return unavailable("the other end of the worker's socket is gone");
}

Channel::Steady Channel::now() {
  return std::chrono::time_point_cast<Duration>(std::chrono::steady_clock::now());
}

}  // namespace latchstring::worker
