"""Calls that fill memory whose type they do not know: given a stage, they would forge it.

A library takes such memory as `void*`, to which any pointer converts without a cast. Every call of
such a function was looked at, and stands here as it is written.
"""

import re

from forms import line_of
from sizes import blank_out

# What is filled is bytes, a number, or a struct of the system's.
LOOKED_AT = {
    "gateway/base/files.cc": {
        "read(fd.get(), buffer, sizeof buffer)",
        "pread(fd, out.data(), out.size(), static_cast<off_t>(offset))"},
    "gateway/base/loop.cc": {"read(wake_.get(), &count, sizeof count)"},
    "gateway/cli/ask.cc": {"read(fd, &c, 1)", "explicit_bzero(line.data(), line.size())"},
    "gateway/config/credential.cc": {"explicit_bzero(line.data(), line.size())"},
    "gateway/control/client.cc": {"read(pipe, buffer.data(), buffer.size())"},
    "gateway/control/request.cc": {
        "explicit_bzero(memory_.get(), size_)",
        "explicit_bzero(text.data(), text.size())"},
    "gateway/control/server.cc": {
        "getsockopt(socket, SOL_SOCKET, SO_PEERGROUPS, groups.data(), &size)",
        "getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &caller, &size)"},
    "gateway/control/socket.cc": {"recvmsg(socket, &message, MSG_CMSG_CLOEXEC)"},
    "gateway/crypto/age_stream.cc": {
        "EVP_CIPHER_CTX_ctrl(evp, EVP_CTRL_AEAD_GET_TAG, static_cast<int>(kTag), "
        "sealed.data() + plain.size())",
        "EVP_CIPHER_CTX_ctrl(evp, EVP_CTRL_AEAD_SET_TAG, static_cast<int>(kTag), tag.data())"},
    "gateway/crypto/encoding.cc": {"randombytes_buf(bytes.data(), bytes.size())"},
    "gateway/crypto/hkdf.cc": {"sodium_memzero(&state_, sizeof state_)"},
    "gateway/crypto/secret.cc": {
        "sodium_memzero(memory, size)",
        "prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)",
        "sodium_memzero(memory_.get(), size)",
        "randombytes_buf(secret.memory_.get(), size)",
        "sodium_memzero(bytes.data(), bytes.size())"},
    "gateway/crypto/wrap.cc": {"randombytes_buf(out.data(), kNonce)"},
    "gateway/crypto/x509.cc": {"BIO_get_mem_data(bio, &data)"},
    "gateway/daemon/pipes.cc": {
        "fcntl(pipe, F_GETFL)",
        "fcntl(pipe, F_SETFL, flags | O_NONBLOCK)"},
    "gateway/evidence/digest.cc": {"read(fd.get(), buffer.data(), buffer.size())"},
    "gateway/link/mqtt.cc": {"read(wake_.get(), &count, sizeof count)"},
    "gateway/link/process.cc": {
        "prctl(PR_SET_PDEATHSIG, SIGKILL)",
        "syscall(SYS_pidfd_open, pid, 0)"},
    "gateway/media/file_reader.cc": {
        "gst_buffer_extract(buffer, 0, unit.data.data(), unit.data.size())"},
    "gateway/media/flow.cc": {
        "gst_buffer_new_wrapped_full(static_cast<GstMemoryFlags>(0), kept->data(), "
        "kept->size(), 0, kept->size(), kept, free_bytes)",
        "gst_buffer_extract(buffer, 0, bytes.data(), bytes.size())"},
    "gateway/media/rtsp_session.cc": {
        "explicit_bzero(password.data(), password.size())",
        "gst_buffer_extract(buffer, 0, unit.data.data(), unit.data.size())"},
    "gateway/media/segmenter.cc": {"getrandom(random.data(), random.size(), 0)"},
    "gateway/media/track_format.cc": {"gst_buffer_extract(buffer, 0, out.data(), out.size())"},
    "gateway/requester/login.cc": {"read(fd, &byte, 1)"},
    "gateway/worker/channel.cc": {
        "recv(socket_.get(), chunk_.data(), chunk_.size(), MSG_DONTWAIT)"},
    "gateway/worker/sandbox.cc": {
        "syscall(SYS_ptrace, 0, 0, 0, 0)",
        "getsockopt(kChildSocket, SOL_SOCKET, SO_TYPE, &type, &size)",
        "prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)"},
    "gateway/worker/worker.cc": {
        "prctl(PR_SET_PDEATHSIG, SIGKILL)",
        "prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)",
        "fcntl(socket, F_DUPFD, 10)",
        "syscall(SYS_close_range, kChildSocket + 1, ~0U, 0)",
        "syscall(SYS_pidfd_open, pid_, 0)"},
    "tests/bench/seal_bench.cc": {
        "EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, 16, sealed.data() + size)"},
    "tests/support/camera_process.cc": {"read(output_.get(), &byte, 1)"},
    "tests/support/cells.cc": {"fread(frame.data(), 1, frame.size(), pipe.get())"},
    "tests/unit/archive/kill_test.cc": {"read(read_.get(), &byte, 1)"},
    "tests/unit/base/loop_test.cc": {"read(ends[0], &byte, 1)"},
    "tests/unit/control/socket_test.cc": {"read(fd, buffer, sizeof buffer)"},
    "tests/unit/crypto/secret_test.cc": {"prctl(PR_GET_DUMPABLE, 0, 0, 0, 0)"},
    "tests/unit/daemon/pipes_test.cc": {
        "read(pipe.reading.get(), got.data() + at, got.size() - at)"},
    "tests/unit/media/recording.h": {"fread(buffer, 1, sizeof buffer, pipe)"},
    "tests/unit/redact/made_footage.cc": {"fread(plane.data, 1, bytes, pipe.get())"},
    "tests/unit/store/store_test.cc": {"read(ready[0], &byte, 1)"},
    "tests/unit/worker/bad_worker.cc": {
        "mmap(nullptr, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)"},
}

NAMES = "|".join((
    # the C library and the system
    "pread(?:v2?)?(?:64(?:v2)?)?", "readv", "recv(?:from|m?msg)?", r"__(?:p?read|recv|fread)\w*",
    "fread(?:_unlocked)?", "getrandom", "getentropy", "arc4random_buf", r"\w*memset(?:_\w+)?",
    r"\w*bzero\w*", "memccpy", "memfrob", "swab", r"qsort\w*", "process_vm_(?:read|write)v",
    "vmsplice", "syscall", "ioctl", "fcntl(?:64)?", "prctl", "ptrace", "fmemopen", "mmap(?:64)?",
    "mremap", "shmat", "msgrcv", r"aio_\w+", "lio_listio", "getsockopt", "[lf]?getxattr",
    # libsodium, OpenSSL, SQLite
    r"randombytes_buf\w*", r"sodium_memzero", "OPENSSL_cleanse", r"BIO_(?:read|gets|ctrl|get_)\w*",
    r"SSL_(?:read|peek)\w*", r"(?:EVP|SSL)_\w*ctrl", r"OSSL_PARAM_construct\w*",
    "sqlite3_(?:blob_read|file_control|(?:db_|test_)?(?:config|control))",
    # GStreamer
    r"gst_buffer_(?:extract|memset|new_wrapped\w*)", r"gst_memory_new_wrapped\w*",
    "gst_adapter_copy", r"gst_structure_(?:id_)?get(?:_valist)?", "g_object_get(?:_valist)?",
    r"g_signal_emit\w*", r"g_(?:input_stream|pollable)\w*_read\w*",
))
NAMED = re.compile(rf"(?<![\w.])(?<!->)(?<!SCMP_SYS\()(?:{NAMES})\b(?!\.h>)")
# So short a name that others have it, too: the system's is `::read`, or has three arguments.
READ = re.compile(r"(?<![\w.])(?<!->)(?<!\w::)(?<!SCMP_SYS\()(?P<ours>(?<!::))?read\b")
OWN_READ = re.compile(r"(?:[\w>]\s+|[&*]\s*)(?<!return )read\s*(?:=(?!=)|\()|&\s*read\b(?=\s*,)"
                      r"|\(\*read\)\(")
PARENTHESES = re.compile(r"\s*\(")


def check(path, text):
    code = blank_out(text)
    return [f"{path}:{line_of(code, at)}: `{written}` fills memory of any type, a stage's too "
            "(LOOKED_AT in tests/tidy/fills.py)"
            for at, written in sorted(calls(code)) if written not in LOOKED_AT.get(path, ())]


def calls(code):
    """(where, as it is written on one line) of each call; a name that is not called, by itself."""
    found = [(match.start(), match[0] + arguments(code, match.end()))
             for match in NAMED.finditer(code)]
    has_own = OWN_READ.search(code)
    for match in READ.finditer(code):
        given = arguments(code, match.end())
        is_call = given and count(given) == 3
        if match["ours"] is None or is_call or not (given or has_own):
            found.append((match.start(), "read" + given))
    return found


def arguments(code, at):
    """With their parentheses; empty if none open at `at`."""
    opens = PARENTHESES.match(code, at)
    if not opens:
        return ""
    depth = 0
    for end in range(opens.end() - 1, len(code)):
        depth += (code[end] == "(") - (code[end] == ")")
        if depth == 0:
            return " ".join(code[opens.end() - 1:end + 1].split())
    return ""


def count(given):
    """How many arguments `(a, b(c, d))` are."""
    depth, commas = 0, 0
    for char in given:
        depth += (char in "([{") - (char in ")]}")
        commas += depth == 1 and char == ","
    return commas + 1
