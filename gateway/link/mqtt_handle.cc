#include "gateway/link/mqtt_handle.h"

#include <mosquitto.h>
#include <sys/mman.h>

#include <algorithm>
#include <string>

#include "gateway/base/ensure.h"
#include "gateway/base/status.h"
#include "gateway/crypto/encoding.h"

namespace latchstring::link {
namespace {

constexpr int kNotAuthorised = 5;  // CONNACK codes, MQTT 3.1.1 section 3.2.2.3
constexpr int kBadUser = 4;
constexpr int kSubscriptionFailed = 128;
constexpr const char* kSystemAuthorities = "/etc/ssl/certs";

// 23 characters, MOSQ_MQTT_ID_MAX_LENGTH.
std::string random_client_id() {
  std::string id;
  while (id.size() < 23) id += crypto::random_id();
  return id.substr(0, 23);
}

void start_library() {
  static const bool started = mosquitto_lib_init() == MOSQ_ERR_SUCCESS;
  ensure(started);
}

absl::StatusOr<UniqueFd> in_memory_file(std::string_view content) {
  UniqueFd fd{::memfd_create("ca", MFD_CLOEXEC)};
  if (!fd.valid()) return errno_status("cannot make a file in memory");
  LS_RETURN_IF_ERROR(write_all(fd.get(), as_bytes(content)));
  return fd;
}

const char* name_or_null(const std::string& name) {
  return name.empty() ? nullptr : name.c_str();
}

}  // namespace

void MqttHandle::Free::operator()(mosquitto* handle) const {
  mosquitto_destroy(handle);
}

absl::StatusOr<std::unique_ptr<MqttHandle>> MqttHandle::connect(const MqttOptions& options,
                                                                const OnMessage& on_message) {
  start_library();
  std::unique_ptr<MqttHandle> handle(new MqttHandle(options, on_message));
  LS_RETURN_IF_ERROR(handle->configure());
  // Non-blocking, so that stopping does not wait for a host that never answers.
  const int code = mosquitto_connect_async(handle->handle_.get(), options.address.host.c_str(),
                                           options.address.port, options.keepalive_seconds);
  if (code != MOSQ_ERR_SUCCESS) return handle->problem(code);
  return handle;
}

MqttHandle::MqttHandle(const MqttOptions& options, const OnMessage& on_message)
    : options_(options),
      on_message_(on_message),
      handle_(mosquitto_new(random_client_id().c_str(), true, this)) {
  ensure(handle_ != nullptr);
}

MqttHandle::~MqttHandle() = default;

absl::Status MqttHandle::configure() {
  mosquitto* handle = handle_.get();
  mosquitto_int_option(handle, MOSQ_OPT_PROTOCOL_VERSION, MQTT_PROTOCOL_V311);
  mosquitto_int_option(handle, MOSQ_OPT_TCP_NODELAY, 1);
  mosquitto_connect_callback_set(handle, &MqttHandle::on_connect);
  mosquitto_disconnect_callback_set(handle, &MqttHandle::on_disconnect);
  mosquitto_subscribe_callback_set(handle, &MqttHandle::on_subscribe);
  mosquitto_publish_callback_set(handle, &MqttHandle::on_publish);
  mosquitto_message_callback_set(handle, &MqttHandle::on_message);
  if (!options_.user.empty()) {
    crypto::Secret password(options_.password.size() + 1);  // with its NUL
    const ByteView text = options_.password.view();
    std::copy(text.begin(), text.end(), password.bytes().begin());
    const int code = mosquitto_username_pw_set(
        handle, options_.user.c_str(), reinterpret_cast<const char*>(password.view().data()));
    if (code != MOSQ_ERR_SUCCESS) return problem(code);
  }
  return options_.address.tls ? configure_tls() : absl::OkStatus();
}

absl::Status MqttHandle::configure_tls() {
  mosquitto* handle = handle_.get();
  std::string ca_name;
  const char* ca_folder = nullptr;
  if (options_.ca_pem.empty()) {
    // By the option alone mosquitto_tls_set() would refuse: it wants authorities by name.
    mosquitto_int_option(handle, MOSQ_OPT_TLS_USE_OS_CERTS, 1);
    ca_folder = kSystemAuthorities;
  } else {
    LS_ASSIGN(ca_file_, in_memory_file(options_.ca_pem));
    ca_name = fmt::format("/proc/self/fd/{}", ca_file_.get());
  }
  int code = mosquitto_tls_set(handle, name_or_null(ca_name), ca_folder,
                               name_or_null(options_.cert_file.string()),
                               name_or_null(options_.key_file.string()), nullptr);
  constexpr int kVerifyPeer = 1;
  if (code == MOSQ_ERR_SUCCESS)
    code = mosquitto_tls_opts_set(handle, kVerifyPeer, "tlsv1.2", nullptr);
  return code == MOSQ_ERR_SUCCESS ? absl::OkStatus() : problem(code);
}

absl::Status MqttHandle::problem(int code) const {
  const std::string broker =
      fmt::format("broker `{}:{}`", options_.address.host, options_.address.port);
  if (code == MOSQ_ERR_ERRNO) return within(broker, errno_status("cannot connect"));
  if (code == MOSQ_ERR_TLS) {
    return unavailable(
        "{}: no TLS connection: its certificate, its name or its TLS version is not "
        "what was expected",
        broker);
  }
  return unavailable("{}: {}", broker, mosquitto_strerror(code));
}

int MqttHandle::socket() const {
  return mosquitto_socket(handle_.get());
}

bool MqttHandle::wants_write() const {
  return mosquitto_want_write(handle_.get());
}

absl::Status MqttHandle::turn(bool readable, bool writable) {
  constexpr int kPackets = 1;
  int code = MOSQ_ERR_SUCCESS;
  if (readable) code = mosquitto_loop_read(handle_.get(), kPackets);
  if (code == MOSQ_ERR_SUCCESS && writable) code = mosquitto_loop_write(handle_.get(), kPackets);
  if (code == MOSQ_ERR_SUCCESS) code = mosquitto_loop_misc(handle_.get());
  LS_RETURN_IF_ERROR(refused_);
  if (code != MOSQ_ERR_SUCCESS) return problem(code);
  return accepted_ && !subscribed_ ? subscribe() : absl::OkStatus();
}

absl::Status MqttHandle::subscribe() {
  subscribed_ = true;
  for (const std::string& filter : options_.subscriptions) {
    constexpr int kQos = 1;
    const int code = mosquitto_subscribe(handle_.get(), nullptr, filter.c_str(), kQos);
    if (code != MOSQ_ERR_SUCCESS) return problem(code);
  }
  return absl::OkStatus();
}

absl::Status MqttHandle::publish(const Mqtt::Outgoing& message) {
  constexpr bool kRetain = false;
  ++unsent_;
  const int code = mosquitto_publish(handle_.get(), nullptr, message.topic.c_str(),
                                     static_cast<int>(message.payload.size()),
                                     message.payload.data(), message.qos, kRetain);
  return code == MOSQ_ERR_SUCCESS ? absl::OkStatus() : problem(code);
}

void MqttHandle::disconnect() {
  mosquitto_disconnect(handle_.get());
}

void MqttHandle::on_connect(mosquitto*, void* self, int code) noexcept {
  auto* handle = static_cast<MqttHandle*>(self);
  handle->accepted_ = code == 0;
  if (code == kNotAuthorised || code == kBadUser) {
    handle->refused_ = denied("broker `{}:{}` refuses this user or password",
                              handle->options_.address.host, handle->options_.address.port);
  } else if (code != 0) {
    handle->refused_ = unavailable("broker `{}:{}`: {}", handle->options_.address.host,
                                   handle->options_.address.port, mosquitto_connack_string(code));
  }
}

void MqttHandle::on_disconnect(mosquitto*, void* self, int) noexcept {
  static_cast<MqttHandle*>(self)->accepted_ = false;
}

void MqttHandle::on_subscribe(mosquitto*, void* self, int, int count, const int* granted) noexcept {
  auto* handle = static_cast<MqttHandle*>(self);
  for (int i = 0; i < count; ++i) {
    if (granted[i] < kSubscriptionFailed) {
      ++handle->granted_;
    } else {
      handle->refused_ = denied("the broker refuses a subscription");
    }
  }
}

void MqttHandle::on_publish(mosquitto*, void* self, int) noexcept {
  auto* handle = static_cast<MqttHandle*>(self);
  if (handle->unsent_ > 0) --handle->unsent_;
}

void MqttHandle::on_message(mosquitto*, void* self, const mosquitto_message* message) noexcept {
  auto* handle = static_cast<MqttHandle*>(self);
  if (message->payloadlen < 0 || static_cast<std::size_t>(message->payloadlen) > kInboundMax)
    return;
  handle->on_message_(message->topic, {static_cast<const std::uint8_t*>(message->payload),
                                       static_cast<std::size_t>(message->payloadlen)});
}

}  // namespace latchstring::link
