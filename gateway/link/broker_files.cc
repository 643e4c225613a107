#include "gateway/link/broker_files.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <sstream>

#include "gateway/base/owner.h"
#include "gateway/base/status.h"
#include "gateway/link/process.h"
#include "gateway/wire/control.h"

namespace latchstring::link {
namespace {

constexpr std::size_t kPasswordMax = 128;
constexpr std::uint64_t kPasswordFileMax = 1024 * 1024;
constexpr std::size_t kPacketMax = 64 * 1024;  // a message of kMessageMax with its topic
static_assert(kPacketMax > wire::kMessageMax + 1024);

// Started by root, mosquitto drops to this user, which must be able to read its folder.
absl::StatusOr<std::string> owner_of(const Path& folder) {
  struct stat found {};
  if (::stat(folder.c_str(), &found) != 0) {
    return errno_status(fmt::format("cannot read `{}`", folder.string()));
  }
  std::array<char, 4096> memory{};
  passwd entry{};
  passwd* user = nullptr;
  if (::getpwuid_r(found.st_uid, &entry, memory.data(), memory.size(), &user) != 0 ||
      user == nullptr) {
    return not_found("the owner of `{}` has no user name", folder.string());
  }
  return std::string(user->pw_name);
}

absl::Status write_private(const Path& path, std::string_view content) {
  LS_RETURN_IF_ERROR(write_file_durably(path, content, 0600));
  return give_to_owner(path);
}

std::string config_text(const BrokerOptions& options, const std::string& user) {
  const auto file = [&](std::string_view name) { return (options.folder / name).string(); };
  in_addr ignored{};
  const bool ipv4 = ::inet_pton(AF_INET, options.listen.c_str(), &ignored) == 1;
  std::string text = "# Written by latchstringd at each start. Changes are lost.\n";
  const auto set = [&text](std::string_view key, std::string_view value) {
    text += fmt::format("{} {}\n", key, value);
  };
  set("per_listener_settings", "false");
  set("user", user);
  // The listener comes before anything that belongs to it: else mosquitto 2.0.11 opens another one,
  // to everybody.
  set("listener", fmt::format("{} {}", options.port, options.listen));
  set("socket_domain", ipv4 ? "ipv4" : "ipv6");
  set("protocol", "mqtt");
  set("allow_anonymous", "false");
  set("cafile", file("ca.pem"));
  set("certfile", file("server.pem"));
  set("keyfile", file("server.key"));
  set("tls_version", "tlsv1.2");
  set("require_certificate", "false");
  set("use_username_as_clientid", "false");
  set("max_connections", fmt::format("{}", kConnectionsMax));
  set("password_file", file("passwd"));
  set("acl_file", file("acl"));
  set("set_tcp_nodelay", "true");
  set("max_packet_size", fmt::format("{}", kPacketMax));
  set("max_inflight_messages", "32");
  set("max_queued_messages", "200");
  set("max_queued_bytes", "16777216");
  set("memory_limit", "134217728");
  set("queue_qos0_messages", "false");
  // Sessions are clean and nothing is retained: there is nothing to keep.
  set("retain_available", "false");
  set("persistence", "false");
  set("allow_zero_length_clientid", "false");
  set("sys_interval", "0");
  set("log_dest", "stderr");
  set("log_type", "error");
  set("log_type", "warning");
  set("connection_messages", "false");
  return text;
}

std::string acl_text(const BrokerOptions& options, std::string_view gateway_user) {
  return fmt::format(
      "user {1}\ntopic readwrite ls1/{0}/#\n\npattern write ls1/{0}/i/%u/+\n"
      "pattern read ls1/{0}/o/%u/#\n",
      options.gateway, gateway_user);
}

bool is_password(const crypto::Secret& password) {
  const auto fits = [](std::uint8_t c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_';
  };
  const ByteView text = password.view();
  return !text.empty() && text.size() <= kPasswordMax &&
         std::all_of(text.begin(), text.end(), fits);
}

absl::Status write_plain(const Path& path, std::string_view user, const crypto::Secret& password) {
  LS_ASSIGN(const UniqueFd fd, open_file(path, O_WRONLY | O_CREAT | O_TRUNC, 0600));
  LS_RETURN_IF_ERROR(write_all(fd.get(), as_bytes(user)));
  LS_RETURN_IF_ERROR(write_all(fd.get(), as_bytes(":")));
  LS_RETURN_IF_ERROR(write_all(fd.get(), password.view()));
  return write_all(fd.get(), as_bytes("\n"));
}

absl::StatusOr<std::string> hashed_by_tool(const Path& file, std::string_view user) {
  LS_ASSIGN(Child child, spawn({"mosquitto_passwd", "-U", file.string()}));
  const std::string how = reap(child);
  if (!how.empty()) return internal("mosquitto_passwd failed: {}", how);
  LS_ASSIGN(std::string line, read_file(file, kPasswordFileMax));
  while (!line.empty() && line.back() == '\n') line.pop_back();
  if (line.rfind(fmt::format("{}:$7$", user), 0) != 0 || line.find('\n') != std::string::npos) {
    return internal("mosquitto_passwd wrote no hash");
  }
  return line;
}

}  // namespace

Path broker_config(const Path& folder) {
  return folder / "mosquitto.conf";
}

absl::Status write_certificate(const Path& folder, const crypto::CertifiedKey& server) {
  LS_RETURN_IF_ERROR(write_private(folder / "server.pem", server.certificate_pem));
  return write_private(folder / "server.key", as_text(server.key_pem.view()));
}

absl::Status write_broker_files(const BrokerOptions& options, std::string_view gateway_user) {
  const Path& folder = options.folder;
  LS_ASSIGN(const std::string user, owner_of(folder));
  LS_RETURN_IF_ERROR(write_private(folder / "ca.pem", options.ca_pem));
  LS_RETURN_IF_ERROR(write_certificate(folder, options.server));
  LS_RETURN_IF_ERROR(write_private(folder / "acl", acl_text(options, gateway_user)));
  return write_private(broker_config(folder), config_text(options, user));
}

absl::StatusOr<PasswordLines> read_passwords(const Path& folder) {
  const auto content = read_file(folder / "passwd", kPasswordFileMax);
  if (absl::IsNotFound(content.status())) return PasswordLines{};
  if (!content.ok()) return content.status();
  PasswordLines lines;
  std::istringstream in(*content);
  for (std::string line; std::getline(in, line);) {
    const std::size_t colon = line.find(':');
    if (colon != std::string::npos) lines[line.substr(0, colon)] = line;
  }
  return lines;
}

absl::Status write_passwords(const Path& folder, const PasswordLines& lines) {
  std::string content;
  for (const auto& [user, line] : lines) content += line + "\n";
  return write_private(folder / "passwd", content);
}

absl::StatusOr<std::string> password_line(const Path& folder, std::string_view user,
                                          const crypto::Secret& password) {
  if (!is_password(password)) {
    return invalid("a mailbox password has 1 to {} of [A-Za-z0-9_-]", kPasswordMax);
  }
  const Path plain = folder / "passwd.plain";
  absl::Status written = write_plain(plain, user, password);
  absl::StatusOr<std::string> line = written.ok() ? hashed_by_tool(plain, user) : written;
  const absl::Status removed = remove_durably(plain);
  if (line.ok() && !removed.ok()) return removed;
  return line;
}

}  // namespace latchstring::link
