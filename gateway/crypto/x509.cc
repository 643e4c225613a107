#include "gateway/crypto/x509.h"

#include <arpa/inet.h>
#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <array>
#include <memory>

#include "gateway/base/status.h"
#include "gateway/crypto/encoding.h"

namespace latchstring::crypto {
namespace {

constexpr std::size_t kCommonNameMax = 64;  // characters: RFC 5280 appendix A.1
constexpr std::size_t kHostMax = 253;
constexpr std::size_t kSerialBytes = 16;

template <auto free>
struct Free {
  template <class T>
  void operator()(T* held) const {
    free(held);
  }
};
using Key = std::unique_ptr<EVP_PKEY, Free<EVP_PKEY_free>>;
using Certificate = std::unique_ptr<X509, Free<X509_free>>;
using Extension = std::unique_ptr<X509_EXTENSION, Free<X509_EXTENSION_free>>;
using Bio = std::unique_ptr<BIO, Free<BIO_free_all>>;
using Number = std::unique_ptr<BIGNUM, Free<BN_free>>;
using Time = std::unique_ptr<ASN1_TIME, Free<ASN1_TIME_free>>;

absl::Status failed(std::string_view action) {
  return internal("libcrypto cannot {}", action);
}

ByteView content_of(BIO* bio) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio, &data);
  return as_bytes({data, size > 0 ? static_cast<std::size_t>(size) : 0});
}

Bio reading(std::string_view text) {
  return Bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

// A DNS name as TLS servers have them, or an IP address; nothing else can reach the text below.
std::string alternative_name(const std::string& host) {
  std::array<std::uint8_t, 16> ignored{};
  if (::inet_pton(AF_INET, host.c_str(), ignored.data()) == 1 ||
      ::inet_pton(AF_INET6, host.c_str(), ignored.data()) == 1) {
    return "IP:" + host;
  }
  const auto fits = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.';
  };
  const bool is_host = !host.empty() && host.size() <= kHostMax && host.front() != '.' &&
                       std::all_of(host.begin(), host.end(), fits);
  return is_host ? "DNS:" + host : std::string();
}

absl::StatusOr<std::string> alternative_names(const std::vector<std::string>& hosts) {
  if (hosts.empty() || hosts.size() > kCertificateHostsMax) {
    return invalid("a certificate needs 1 to {} host names", kCertificateHostsMax);
  }
  std::string text;
  for (const std::string& host : hosts) {
    const std::string name = alternative_name(host);
    if (name.empty()) return invalid("`{}` is not a host name or IP address", host);
    text += (text.empty() ? "" : ",") + name;
  }
  return text;
}

absl::Status set_serial(X509* certificate) {
  Bytes serial = random_bytes(kSerialBytes);
  serial[0] = static_cast<std::uint8_t>((serial[0] & 0x7f) | 0x40);  // positive, of full length
  const Number number(BN_bin2bn(serial.data(), static_cast<int>(serial.size()), nullptr));
  const bool done = number && BN_to_ASN1_INTEGER(number.get(), X509_get_serialNumber(certificate));
  return done ? absl::OkStatus() : failed("make a serial number");
}

absl::Status set_validity(X509* certificate, const Interval& valid) {
  if (valid.empty()) return invalid("a certificate that ends before it begins");
  const Time from(ASN1_TIME_set(nullptr, to_unix_seconds(valid.from)));
  const Time to(ASN1_TIME_set(nullptr, to_unix_seconds(valid.to)));
  const bool done = from && to && X509_set1_notBefore(certificate, from.get()) == 1 &&
                    X509_set1_notAfter(certificate, to.get()) == 1;
  return done ? absl::OkStatus() : failed("set the dates of a certificate");
}

absl::Status set_subject(X509* certificate, std::string_view name) {
  const bool done =
      X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate), "CN", MBSTRING_UTF8,
                                 as_bytes(name).data(), static_cast<int>(name.size()), -1, 0) == 1;
  return done ? absl::OkStatus() : invalid("`{}` cannot be a certificate's name", name);
}

absl::Status extend(X509* certificate, X509* issuer, int kind, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  const Extension extension(X509V3_EXT_conf_nid(nullptr, &context, kind, value.c_str()));
  const bool done = extension && X509_add_ext(certificate, extension.get(), -1) == 1;
  return done ? absl::OkStatus() : failed("extend a certificate");
}

absl::StatusOr<Certificate> begin(std::string_view name, const Interval& valid, EVP_PKEY* key) {
  Certificate certificate(X509_new());
  if (!certificate || X509_set_version(certificate.get(), X509_VERSION_3) != 1 ||
      X509_set_pubkey(certificate.get(), key) != 1) {
    return failed("make a certificate");
  }
  LS_RETURN_IF_ERROR(set_serial(certificate.get()));
  LS_RETURN_IF_ERROR(set_validity(certificate.get(), valid));
  if (!name.empty()) LS_RETURN_IF_ERROR(set_subject(certificate.get(), name));
  return certificate;
}

absl::StatusOr<CertifiedKey> finish(X509* certificate, X509* issuer, EVP_PKEY* issuer_key,
                                    EVP_PKEY* key) {
  if (X509_set_issuer_name(certificate, X509_get_subject_name(issuer)) != 1 ||
      X509_sign(certificate, issuer_key, EVP_sha256()) <= 0) {
    return failed("sign a certificate");
  }
  const Bio text(BIO_new(BIO_s_mem()));
  const Bio secret(BIO_new(BIO_s_secmem()));  // wiped when it goes
  if (!text || !secret || PEM_write_bio_X509(text.get(), certificate) != 1 ||
      PEM_write_bio_PrivateKey(secret.get(), key, nullptr, nullptr, 0, nullptr, nullptr) != 1) {
    return failed("write a certificate");
  }
  CertifiedKey made;
  made.certificate_pem = std::string(as_text(content_of(text.get())));
  made.key_pem = Secret::copy_of(content_of(secret.get()));
  return made;
}

absl::StatusOr<Certificate> parse_certificate(std::string_view pem) {
  const Bio bio = reading(pem);
  Certificate certificate(bio ? PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr) : nullptr);
  if (!certificate) return invalid("not a certificate in PEM form");
  return certificate;
}

absl::StatusOr<Key> parse_key(const Secret& pem) {
  const Bio bio = reading(as_text(pem.view()));
  Key key(bio ? PEM_read_bio_PrivateKey(bio.get(), nullptr, nullptr, nullptr) : nullptr);
  if (!key) return invalid("not a private key in PEM form");
  return key;
}

absl::StatusOr<Instant> to_instant(const ASN1_TIME* time) {
  int days = 0;
  int seconds = 0;
  const Time epoch(ASN1_TIME_set(nullptr, 0));
  if (!epoch || ASN1_TIME_diff(&days, &seconds, epoch.get(), time) != 1) {
    return invalid("a certificate with a malformed date");
  }
  return from_unix_seconds(std::int64_t{days} * 86'400 + seconds);
}

}  // namespace

absl::StatusOr<CertifiedKey> make_authority(std::string_view name, const Interval& valid) {
  if (name.empty() || name.size() > kCommonNameMax) {
    return invalid("an authority's name has 1 to {} characters", kCommonNameMax);
  }
  const Key key(EVP_EC_gen("P-256"));
  if (!key) return failed("make a P-256 key");
  LS_ASSIGN(const Certificate made, begin(name, valid, key.get()));
  X509* const self = made.get();
  LS_RETURN_IF_ERROR(extend(self, self, NID_basic_constraints, "critical,CA:TRUE,pathlen:0"));
  LS_RETURN_IF_ERROR(extend(self, self, NID_key_usage, "critical,keyCertSign,cRLSign"));
  LS_RETURN_IF_ERROR(extend(self, self, NID_subject_key_identifier, "hash"));
  return finish(self, self, key.get(), key.get());
}

absl::StatusOr<CertifiedKey> make_server_certificate(const CertifiedKey& authority,
                                                     const std::vector<std::string>& hosts,
                                                     const Interval& valid) {
  LS_ASSIGN(const std::string names, alternative_names(hosts));
  LS_ASSIGN(const Certificate issuer, parse_certificate(authority.certificate_pem));
  LS_ASSIGN(const Key issuer_key, parse_key(authority.key_pem));
  if (X509_check_private_key(issuer.get(), issuer_key.get()) != 1) {
    return invalid("the authority's key and certificate do not belong together");
  }
  const Key key(EVP_EC_gen("P-256"));
  if (!key) return failed("make a P-256 key");
  // Clients look at the alternative names; a common name too long for the field is left out.
  const std::string name = hosts.front().size() <= kCommonNameMax ? hosts.front() : "";
  LS_ASSIGN(const Certificate made, begin(name, valid, key.get()));
  X509* const self = made.get();
  X509* const above = issuer.get();
  LS_RETURN_IF_ERROR(extend(self, above, NID_basic_constraints, "critical,CA:FALSE"));
  LS_RETURN_IF_ERROR(extend(self, above, NID_key_usage, "critical,digitalSignature"));
  LS_RETURN_IF_ERROR(extend(self, above, NID_ext_key_usage, "serverAuth"));
  LS_RETURN_IF_ERROR(
      extend(self, above, NID_subject_alt_name, (name.empty() ? "critical," : "") + names));
  LS_RETURN_IF_ERROR(extend(self, above, NID_subject_key_identifier, "hash"));
  LS_RETURN_IF_ERROR(extend(self, above, NID_authority_key_identifier, "keyid"));
  return finish(self, above, issuer_key.get(), key.get());
}

absl::StatusOr<Interval> certificate_validity(std::string_view certificate_pem) {
  LS_ASSIGN(const Certificate certificate, parse_certificate(certificate_pem));
  Interval valid;
  LS_ASSIGN(valid.from, to_instant(X509_get0_notBefore(certificate.get())));
  LS_ASSIGN(valid.to, to_instant(X509_get0_notAfter(certificate.get())));
  return valid;
}

absl::StatusOr<Bytes> certificate_der(std::string_view certificate_pem) {
  LS_ASSIGN(const Certificate certificate, parse_certificate(certificate_pem));
  const Bio bio(BIO_new(BIO_s_mem()));
  if (!bio || i2d_X509_bio(bio.get(), certificate.get()) != 1) return failed("write DER");
  const ByteView der = content_of(bio.get());
  return Bytes(der.begin(), der.end());
}

absl::StatusOr<std::string> certificate_pem(ByteView der) {
  const std::uint8_t* at = der.data();
  const Certificate certificate(d2i_X509(nullptr, &at, static_cast<long>(der.size())));
  if (!certificate || at != der.data() + der.size())
    return invalid("not a certificate in DER form");
  const Bio bio(BIO_new(BIO_s_mem()));
  if (!bio || PEM_write_bio_X509(bio.get(), certificate.get()) != 1) return failed("write PEM");
  return std::string(as_text(content_of(bio.get())));
}

}  // namespace latchstring::crypto
