"""How memory may be looked at: what the compiler allows would make a stage, or change one, of it.

Every list here is of uses that were looked at; none of them can meet a stage type.
"""

import re

import fills
from forms import line_of
from sizes import blank_out

# Arrays of `char*` that execve() and sendmsg() want and do not write to.
CONST_CASTS = {"gateway/control/socket.cc", "gateway/link/process.cc", "gateway/worker/worker.cc"}
# What a C library gets as `void*` and hands back: the object's own type.
CALLBACKS = {
    "gateway/link/mqtt_handle.cc": {"MqttHandle"},
    "gateway/media/file_reader.cc": {"FileReader"},
    "gateway/media/flow.cc": {"Bytes"},
    "gateway/media/rtsp_session.cc": {"Branch", "Session"},
    "tests/support/camera/channel.cc": {"Channel"},
    "tests/support/camera/main.cc": {"Channel", "Session"},
}
# Who writes to the bytes of a text, a number, a picture or a control message.
WRITERS = {"gateway/crypto/secret.cc", "gateway/link/broker.cc", "gateway/requester/reception.cc",
           "tests/sim/random.cc", "tests/support/camera/channel.cc",
           "tests/unit/control/socket_test.cc", "tests/unit/media/segmenter_test.cc",
           "tests/unit/seal/gift_test.cc", "tests/unit/worker/bad_worker.cc"}
# Who copies memory by hand.
COPIERS = {"gateway/control/socket.cc", "gateway/daemon/service.cc", "gateway/media/decode.cc",
           "tests/sim/random.cc"}
# Whose function GLib calls with the types that it has, not with those that it was connected for.
SIGNALS = {"gateway/media/file_reader.cc", "gateway/media/rtsp_session.cc",
           "tests/support/camera/main.cc"}
# Who has a matrix, which writes to whatever memory it is made of: a picture's planes.
MATRICES = {"gateway/redact/draw.cc", "gateway/redact/draw.h", "gateway/redact/motion.cc",
            "gateway/redact/motion.h"}
MACROS = {"gateway/base/ensure.h", "gateway/base/status.h"}

BYTE = r"(?:char|unsigned char|int|std::uint8_t)"
# Bytes, numbers, socket addresses: what memory may be cast to.
PLAIN = (rf"<\s*(?:const\s+)?(?:{BYTE}|sockaddr(?:_in6?)?)\s*\*\s*>"
         r"|<\s*(?:std::u?int64_t|double)\s*>")
GIVEN = r"\s*<[^;(){}|=]*>"  # a template's arguments
SIDE_TYPE = rf"\w+_t{GIVEN}|::\s*(?:type|(?:const_)?(?:pointer|reference))"  # add_pointer_t<A>
NOT_AFTER = r"(?<![\w>)\]])"

REFUSED = [(re.compile(pattern), but_in, words) for pattern, but_in, words in (
    (r"\bconst_cast\b", CONST_CASTS, "what is const stays so (CONST_CASTS in tests/tidy/casts.py)"),
    (r"\bunion\b", (), "a union is a cast; use std::variant"),
    # reinterpret_cast<T*>(a), using std::bit_cast
    (rf"(?:reinterpret_cast|bit_cast)\b(?!\s*(?:{PLAIN}))", (),
     "memory is cast to bytes, numbers and socket addresses alone"),
    # reinterpret_cast<char*>(&clip)
    (rf"(?:static|reinterpret)_cast\s*<\s*{BYTE}\s*\*\s*>|as_writable_bytes", WRITERS,
     "bytes of an object are written (WRITERS in tests/tidy/casts.py)"),
    # memcpy(&clip, a, b), new (a) T, *std::allocator<T>().allocate(1)
    (r"memp?cpy|memmove|\bbcopy\b|start_lifetime_as|launder|construct_at|\bnew\s*\("
     r"|[Aa]llocat|uninitialized_", COPIERS,
     "memory written by hand could forge a stage (COPIERS in tests/tidy/casts.py)"),
    # (T*)a, (const ReleasedVideo&)a, (std::add_pointer_t<T>)a; not f(const T&) const
    (rf"{NOT_AFTER}\(\s*(?:\w+\s+)*(?:[\w:]|\w{GIVEN})+\s*(?:const\s*)?"
     r"(?:[*&][\s*&]*(?:const\s*)?|(?<=>)\s*)\)\s*"
     r"(?!(?:const|noexcept|override|final|requires)\b)[\w(&*]", (),
     "a cast is written as one: static_cast"),
    # typename Some<T>::pointer(a), std::add_pointer_t<T>(a); using P = T*, for P(a)
    (rf"(?:{SIDE_TYPE})\s*\(|\busing\s+\w+[^;=]*=[^;]*(?:[*&]|{SIDE_TYPE})\s*;", (),
     "a cast by another name, or a name for a pointer, for such casts"),
    # sscanf("%p", &clip)
    (r"scanf", (), "a text is read by its type; scanf makes pointers of it"),
    (r"\bG_CALLBACK\b", SIGNALS, "a macro that casts (SIGNALS in tests/tidy/casts.py)"),
    (r"\b_?G_TYPE_\w*(?:CAST|CIC|GET_\w+)\b|\bG_STRUCT_MEMBER|\bg_array_index\b"
     r"|\bg_(?:try_)?(?:new|renew)0?\b|\bg_slice_\w+", (), "a macro that casts"),
    (r"\bU?Mat_?\b", MATRICES, "a matrix writes to any memory (MATRICES in tests/tidy/casts.py)"),
    (r"\w_pointer_cast\b", (), "a shared_ptr keeps its type"),
    (r"\bva_(?:arg|list)\b|__builtin_va", (), "a variable argument has whatever type one asks for"),
    # two files could declare it with two types; the fuzz targets' entry alone
    (r"\bextern\b(?!\s+int\s+LLVMFuzzerTestOneInput\b)", (), "what is shared stands in a header"),
    # template struct Rob<&Id<Clip>::type::terms_>: reaches what is private
    (r"(?<![.:>])\btemplate\b(?!\s*<)|::\s*[a-z]\w*_\b(?!\s*<)", (),
     "an explicit instantiation, or `::name_`, reaches private members"),
    (r"#\s*define\s+\w+\(", MACROS, "write a function; a macro could write a cast"),
)]

STATIC_CAST = re.compile(r"\bstatic_cast\b(?:\s*<([^;(){}]*)>\s*\()?")
VALUE = re.compile(r"(?:const\s+)?(?:unsigned\s+)?[\w:]+|const\s+(?:void|" + BYTE + r")\s*\*"
                   r"|" + BYTE + r"\s*\*")
WRITTEN_POINTER = re.compile(r"%[-#\d.*$]*p\b")
TEMPLATE = re.compile(r"\btemplate\s*<([^{};()]*)")
PARAMETER = re.compile(r"\b(?!auto\b)[\w:]+(?:<[^<>]*>)?(?:\s*\.\.\.\s*|\s+)(\w+)\s*(?=[,>=])")
CLASS_PARAMETER = re.compile(r"\b(?:class|typename)(?:\s*\.\.\.\s*|\s+)(\w+)\s*(?=[,>=])")

BUILD_FILE = re.compile(r"(?:^|/)CMakeLists\.txt$|\.cmake$|(?:^|/)CMakePresets\.json$")
BUILD = re.compile(r"no-access-control|fpermissive|-include\b|\bD?(?:private|protected|class)\s*=")


def check(path, text):
    code = blank_out(text)
    faults = []

    def fault(match, words):
        faults.append(f"{path}:{line_of(code, match.start())}: {words}")

    for pattern, but_in, words in REFUSED:
        for match in pattern.finditer(code) if path not in but_in else ():
            fault(match, words)
    for match in WRITTEN_POINTER.finditer(text):
        faults.append(f"{path}:{line_of(text, match.start())}: a pointer is not written as text")
    faults += fills.check(path, text)
    parameters = parameters_of(code)
    for match in STATIC_CAST.finditer(code):
        target = (match[1] or "").strip()
        is_own = target.endswith("*") and target[:-1].strip() in CALLBACKS.get(path, ())
        is_plain = is_own or VALUE.fullmatch(target)
        if not is_plain or parameters.intersection(re.findall(r"\w+", target)):
            fault(match, "static_cast is to a value, or to what a C library hands back "
                         "(CALLBACKS in tests/tidy/casts.py)")
    for name in parameters:  # T(a) and (T)a, where T may be a pointer; not `T (*function)(int)`
        for match in re.finditer(rf"\(\s*{name}\s*\)\s*[\w(&*]"
                                 rf"|\b{name}\s*\((?!\s*\*\s*\w+\)\s*\()", code):
            fault(match, "a cast to a parameter of a template casts to anything")
    return faults


def parameters_of(code):
    """Names of types that the file's templates are given."""
    found = set(CLASS_PARAMETER.findall(code))
    for match in TEMPLATE.finditer(code):
        found |= set(PARAMETER.findall(match[1]))
    return found - {"class", "typename"}


def check_build(path, text):
    """What lets a compiler forget `private`."""
    if not BUILD_FILE.search(path):
        return []
    return [f"{path}:{line_of(text, match.start())}: a flag that opens what is private"
            for match in BUILD.finditer(text)]
