// Ways to a forged or changed stage that the compiler allows: all must compile, and casts.py must
// refuse each, for the one reason that stands beside it. The first is allowed, by both.
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include <cstdarg>
#include <cstdio>
#include <cstring>
#include <memory>
#include <new>
#include <span>
#include <type_traits>
#include <utility>
#include <vector>

#include "gateway/base/stages.h"

namespace latchstring {

struct Fake {
  GrantTerms terms;
  ReleasedVideo video;
};

namespace case_0 {
struct Copy {
  GrantTerms terms;
};
Copy use(const Grant& grant) {
  return {grant.terms()};
}
std::size_t bytes(double value) {
  return static_cast<std::size_t>(value);
}
}  // namespace case_0

namespace case_1 {  // tidy: what is const stays so
void change(const Grant& grant, GrantTerms other) {
  const_cast<GrantTerms&>(grant.terms()) = std::move(other);
}
}  // namespace case_1

namespace case_2 {  // tidy: static_cast is to a value
template <class T>
const T& as(const void* at) {
  return *static_cast<const T*>(at);
}
const RedactedClip& forge(const Fake& fake) {
  return as<RedactedClip>(&fake);
}
}  // namespace case_2

namespace case_3 {  // tidy: static_cast is to a value
template <class Pointer>
Pointer as(const void* at) {
  return static_cast<Pointer>(at);
}
const RedactedClip& forge(const Fake& fake) {
  return *as<const RedactedClip*>(&fake);
}
}  // namespace case_3

namespace case_4 {  // tidy: a union is a cast
template <class Made, class Bare>
union Either {
  explicit Either(Bare from) : bare(std::move(from)) {}
  ~Either() {}
  Made made;
  Bare bare;
};
Grant forge(GrantTerms terms) {
  Either<Grant, GrantTerms> either(std::move(terms));
  return std::move(either.made);
}
}  // namespace case_4

namespace case_5 {  // tidy: parameter of a template
template <class Reference>
Reference as(const Fake& fake) {
  return Reference(fake);
}
const RedactedClip& forge(const Fake& fake) {
  return as<const RedactedClip&>(fake);
}
}  // namespace case_5

namespace case_6 {  // tidy: parameter of a template
template <class Pointer>
Pointer as(const Fake* fake) {
  return (Pointer)fake;
}
const RedactedClip& forge(const Fake& fake) {
  return *as<const RedactedClip*>(&fake);
}
}  // namespace case_6

namespace case_7 {  // tidy: written as one
void change(const RedactedClip& clip, ReleasedVideo other) {
  (ReleasedVideo&)clip.video() = std::move(other);
}
}  // namespace case_7

namespace case_8 {  // tidy: by another name
void change(const RedactedClip& clip, ReleasedVideo other) {
  std::add_lvalue_reference_t<ReleasedVideo>(clip.video()) = std::move(other);
}
}  // namespace case_8

namespace case_9 {  // tidy: by another name
using Open = ReleasedVideo&;
void change(const RedactedClip& clip, ReleasedVideo other) {
  Open(clip.video()) = std::move(other);
}
}  // namespace case_9

namespace case_10 {  // tidy: memory is cast to bytes
template <class T>
const T& as(const Fake& fake) {
  return *reinterpret_cast<const T*>(&fake);
}
const RedactedClip& forge(const Fake& fake) {
  return as<RedactedClip>(fake);
}
}  // namespace case_10

namespace case_11 {  // tidy: bytes of an object are written
void change(Grant& grant) {
  reinterpret_cast<char*>(&grant)[0] = 'x';
}
}  // namespace case_11

namespace case_12 {  // tidy: bytes of an object are written
void change(Grant& grant) {
  std::as_writable_bytes(std::span(&grant, 1))[0] = std::byte{};
}
}  // namespace case_12

namespace case_13 {  // tidy: memory written by hand
template <class T>
T& raw() {
  return *std::allocator<T>().allocate(1);
}
Grant& forge() {
  return raw<Grant>();
}
}  // namespace case_13

namespace case_14 {  // tidy: memory written by hand
void change(Grant& grant, GrantTerms other) {
  ::new (&grant) GrantTerms(std::move(other));
}
}  // namespace case_14

namespace case_15 {  // tidy: memory written by hand
template <class T>
const T* washed(const T* at) {
  return __builtin_launder(at);
}
}  // namespace case_15

namespace case_16 {  // tidy: memory written by hand
void change(const Grant& from, Grant& to) {
  std::memcpy(&to, &from, sizeof to);
}
}  // namespace case_16

namespace case_17 {  // tidy: a shared_ptr keeps its type
template <class T>
std::shared_ptr<T> as(std::shared_ptr<void> fake) {
  return std::static_pointer_cast<T>(fake);
}
std::shared_ptr<Grant> forge(std::shared_ptr<Fake> fake) {
  return as<Grant>(std::move(fake));
}
}  // namespace case_17

namespace case_18 {  // tidy: variable argument
template <class T>
const T* as(int count, ...) {
  va_list list;
  va_start(list, count);
  return va_arg(list, const T*);
}
const RedactedClip& forge(const Fake& fake) {
  return *as<RedactedClip>(1, &fake);
}
}  // namespace case_18

namespace case_19 {          // tidy: stands in a header
extern RedactedClip forged;  // another file defines `Fake forged;`
const RedactedClip& forge() {
  return forged;
}
}  // namespace case_19

namespace case_20 {  // tidy: reaches private members
template <class T>
struct Named {
  using Type = T;
};
GrantTerms& open(Grant& grant);
template <auto member>
struct Rob {
  friend GrantTerms& open(Grant& grant) { return grant.*member; }
};
template struct Rob<&Named<Grant>::Type::terms_>;
}  // namespace case_20

namespace case_21 {  // tidy: write a function
#define OPEN(type, value) ((type)(value))
void change(const RedactedClip& clip, ReleasedVideo other) {
  OPEN(ReleasedVideo&, clip.video()) = std::move(other);
}
}  // namespace case_21

namespace case_22 {  // tidy: fills memory of any type
void change(Grant& grant, const Grant& other) {
  int ends[2];
  if (::pipe(ends) != 0) return;
  (void)!::write(ends[1], &other, sizeof other);
  (void)!::read(ends[0], &grant, sizeof grant);
}
}  // namespace case_22

namespace case_23 {  // tidy: fills memory of any type
void change(Grant& grant, int end) {
  (void)!read(end, &grant, sizeof(Grant));
}
}  // namespace case_23

namespace case_24 {  // tidy: fills memory of any type
void change(Grant& grant, int end) {
  const auto fill = read;
  (void)!fill(end, &grant, sizeof grant);
}
}  // namespace case_24

namespace case_25 {  // tidy: fills memory of any type
void change(Grant& grant, std::FILE* from) {
  (void)!std::fread(&grant, sizeof grant, 1, from);
}
}  // namespace case_25

namespace case_26 {  // tidy: fills memory of any type
void change(Grant& grant, int socket) {
  iovec bytes{&grant, sizeof grant};
  msghdr message{};
  message.msg_iov = &bytes;
  message.msg_iovlen = 1;
  ::recvmsg(socket, &message, 0);
}
}  // namespace case_26

namespace case_27 {  // tidy: fills memory of any type
void change(Grant& grant, int socket) {
  ::recv(socket, &grant, sizeof grant, 0);
}
}  // namespace case_27

namespace case_28 {  // tidy: fills memory of any type
void change(Grant& grant, Grant& other) {
  iovec to{&grant, sizeof grant};
  iovec from{&other, sizeof other};
  ::process_vm_readv(::getpid(), &to, 1, &from, 1, 0);
}
}  // namespace case_28

namespace case_29 {  // tidy: fills memory of any type
void change(Grant& grant) {
  std::memset(&grant, 0, sizeof grant);
}
}  // namespace case_29

namespace case_30 {  // tidy: fills memory of any type
void change(Grant& grant) {
  (void)!::getrandom(&grant, sizeof grant, 0);
}
}  // namespace case_30

namespace case_31 {  // tidy: fills memory of any type
void change(std::vector<Grant>& grants, int end) {
  ::syscall(SYS_read, end, grants.data(), sizeof(Grant));
}
}  // namespace case_31

namespace case_32 {  // tidy: scanf makes pointers
const RedactedClip* forge(const char* address) {
  const RedactedClip* clip = nullptr;
  const char format[] = {'%', 'p', 0};
  std::sscanf(address, format, &clip);
  return clip;
}
}  // namespace case_32

namespace case_33 {  // tidy: not written as text
void show(const Fake& fake, std::span<char> text) {
  std::snprintf(text.data(), text.size(), "%p", static_cast<const void*>(&fake));
}
}  // namespace case_33

}  // namespace latchstring
