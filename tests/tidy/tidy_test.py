"""The checker itself: a clean small tree passes, and each way to break it is named."""

import tempfile
import unittest
from pathlib import Path

import casts
import documents
import forge
import forms
import layers
import sizes
import tidy

LAYERS = """
gateway/base:     !spdlog
gateway/crypto:   base !sodium
gateway/release:  base
gateway/seal:     base crypto
gateway/cli:      base !CLI
gateway/daemon:   everything except cli
"""
CLEAN = {
    "tests/tidy/layers.txt": LAYERS,
    "README.md": "Latchstring\n",
    "gateway/base/stages.h": "#pragma once\ntemplate <class M> class MadeBy { friend M; };\n",
    "gateway/release/release.h": "#pragma once\nnamespace latchstring::release {\n"
                                 "class Release {\n  friend class Step;\n};\n}\n",
    "gateway/release/step.cc": '#include "gateway/release/release.h"\n'
                               "namespace latchstring::release {\nclass Step {\n"
                               "  Grant go() { return Grant(MadeBy<Release>(), {}); }\n};\n}\n",
    "gateway/seal/seal.cc": '#include "gateway/crypto/age.h"\n#include <vector>\n'
                            "#include <sys/stat.h>\n#include <absl/status/status.h>\n"
                            "class Sealer {};\n",
}


class Tree(unittest.TestCase):
    def faults(self, **changed):
        """Faults of the clean tree with `changed` files: {path: text}, given by `files`."""
        with tempfile.TemporaryDirectory() as folder:
            root = Path(folder)
            for name, text in {**CLEAN, **changed.get("files", {})}.items():
                (root / name).parent.mkdir(parents=True, exist_ok=True)
                (root / name).write_text(text, encoding="utf-8")
            return tidy.check_tree(root, use_git=False)[0]

    def complains(self, name, text, *words):
        faults = self.faults(files={name: text})
        self.assertEqual(len(faults), 1, faults)
        self.assertTrue(faults[0].startswith(name) or "layers.txt" in faults[0], faults)
        for word in words:
            self.assertIn(word, faults[0])

    def complains_too(self, name, text, words):
        """Among other faults."""
        faults = self.faults(files={name: text})
        self.assertTrue(any(words in fault for fault in faults), (text, faults))

    def test_clean_tree_passes(self):
        self.assertEqual(self.faults(), [])

    def test_layers(self):
        self.complains("gateway/crypto/a.cc", '#include "gateway/seal/seal.h"\n', ":1:",
                       "gateway/crypto may not include gateway/seal")
        self.complains("gateway/daemon/a.cc", '#include "gateway/cli/cli.h"\n', "may not include")
        self.complains("gateway/seal/a.cc", "\n#  include <sodium.h>\n", ":2:", "gateway/crypto")
        self.complains("gateway/seal/a.cc", "#include <sodium/utils.h>\n", "gateway/crypto")
        self.complains("gateway/seal/a.cc", "#include <CLI/CLI.hpp>\n", "gateway/cli")
        self.complains("gateway/seal/a.cc", "#include <boost/asio.hpp>\n", "no module owns")
        self.complains("gateway/seal/a.cc", '#include "seal.h"\n', "written from the root")
        self.complains("gateway/seal/a.cc", '#include "tests/support/catch.h"\n', "of the tests")
        self.complains("gateway/seal/a.cc", "#include <gateway/base/a.h>\n", "in quotes")
        self.complains("gateway/other/a.cc", "int a;\n", "no line in")

    def test_system_headers(self):
        self.assertEqual(self.faults(files={
            "gateway/seal/a.cc": "#include <string_view>\n#include <fcntl.h>\n"}), [])
        for header in ("httplib.h", "gio/gio.h", "bits/stdc++.h", "experimental/any"):
            self.complains("gateway/seal/a.cc", f"#include <{header}>\n", "no module owns")

    def test_prefixes_of_libraries(self):
        for header in ("sodium_extra.h", "sodiumpp.h", "sodium-c/a.h"):
            self.complains("gateway/seal/a.cc", f"#include <{header}>\n", "gateway/crypto alone")

    def test_includes_are_plain(self):
        for line in ("#include HEADER", "#/**/include <a>", "/**/#include <a>", "#include/**/<a>",
                     "#include <vector/*\n*/>", "#include_next <a>", "#import <a>",
                     '#include "gateway/seal/../cli/cli.h"', "#include <sys/../a.h>",
                     "#include <./a.h>", '#include "gateway/seal/a.txt"'):
            for name in ("gateway/seal/a.cc", "tests/unit/a.cc"):
                self.complains(name, line + "\n", "one plain line")
        self.complains("tests/unit/a.cc", '#include "a.h"\n', "written from the root")
        self.complains("tests/unit/a.cc", "#include <gateway/base/a.h>\n", "in quotes")
        self.assertEqual(self.faults(files={
            "gateway/seal/a.cc": 'f("#include HEADER");  // #include HEADER\n'
                                 "#  include <vector>  // why\n"}), [])

    def test_own_header_first(self):
        self.complains("gateway/release/release.cc", "#include <string>\n"
                       '#include "gateway/release/release.h"\n', "first include")

    def test_layers_file(self):
        for line, words in (("gateway/a: b\n", "no line above it"), ("a = b\n", "not `module:"),
                            ("gateway/base:\ngateway/base:\n", "here twice")):
            self.assertIn(words, layers.Layers(line).faults[0])

    def test_tests_may_include_anything(self):
        self.assertEqual(self.faults(files={
            "tests/unit/a_test.cc": '#include <sodium.h>\n#include "gateway/cli/cli.h"\n'}), [])

    def test_sizes(self):
        self.complains("gateway/base/a.h", "#pragma once\n" + "int a;\n" * 150, "at most 150")
        self.complains("gateway/base/a.cc", "int a;\n" * 501, "at most 500")
        long = "int f() {\n" + "  g();\n" * 69 + "}\n"
        self.complains("gateway/base/a.cc", "namespace a {\n" + long + "}\n", ":2:", "this one 71")
        self.complains("gateway/base/a.cc", "//" + "x" * 99 + "\n", "101 columns")
        self.complains("gateway/base/a.h", "int a;\n", "#pragma once")

    def test_text(self):
        self.complains("gateway/base/a.cc", "\tint a;\n", "a tab")
        self.complains("packaging/run", "cd /ho" + "me/alex/src\n", "one machine")
        self.complains("scratch.txt", "notes\n", "top level")

    def test_suffixes(self):
        for suffix in ("cpp", "cxx", "hpp", "inc", "ipp", "hh", "C", "H", "c", "h.in"):
            self.complains(f"gateway/seal/a.{suffix}", "int a;\n", "in .cc and .h files")
            self.complains(f"tests/fuzz/corpus/a.{suffix}", "int a;\n", "in .cc and .h files")
        self.assertEqual(forms.check_name("tests/support/faketime/faketime.c"), [])

    def test_every_source_is_read(self):
        self.complains("tests/unit/a.cc", "int a;\0\n", "UTF-8")
        for name in ("tests/tidy/forge/b.cc", "tests/fuzz/corpus/b.cc"):
            self.complains(name, "class Sealer {};\n", "outside")

    def test_forms(self):
        for text in ("rein\\\nterpret_cast", "// a \\\n/*", "#define A \\\n  // a \\\n/*",
                     "#define A rein\\\nterpret_cast<C*>", "#if \\\n1", "int a; \\ \nint b;"):
            self.assertIn("joined in macros", " ".join(forms.check("a.cc", text)), text)
        self.complains("tests/unit/a.cc", "%:define a\n", "digraph")
        self.complains("tests/unit/a.cc", "#define A a##b\n", "pasted")
        self.complains("tests/unit/a.cc", "LS_CONCAT(Gr, ant) a;\n", "pasted")
        self.assertEqual(self.faults(files={
            "tests/unit/a.cc": "#define A \\\n  f(a)\n"
                               'f("##", "{:>9}"); std::vector<::Point> b;\n'}), [])

    def test_makers(self):
        self.complains("gateway/seal/b.cc", "class Release { int a; };\n", "outside")
        self.complains("tests/unit/a.cc", "struct release::Release final : A {\n};\n", "outside")
        self.complains("gateway/seal/z.cc", "class Sealer {\n};\n", "defined a second time")
        for head in ("class alignas(8)", "class alignas(int{8})", "struct [[nodiscard]]",
                     "struct __attribute__((a))", "class ::latchstring::archive::", "class A"):
            self.complains("gateway/seal/b.cc", f"int a;\n{head} Cutter {{ int a; }};\n", ":2:",
                           "outside")
        self.complains("gateway/seal/b.cc", "class Cutter : Base<int> {};\n", "outside")
        self.complains("gateway/seal/b.cc", "class Cutter\n    final {};\n", "outside")
        step = "namespace latchstring::release {\nstruct Step {};\n}"
        self.complains("gateway/release/z.cc", step, "Step", "second time")
        self.complains("gateway/seal/b.cc", step, "Step", "friend of a maker")
        self.assertEqual(self.faults(files={
            "gateway/seal/b.cc": "class Release;\nnamespace latchstring::seal { class Step {}; }\n"
                                 "template <class T> Cutter cutter(T t) { return t; }\n"
        }), [])

    def test_passes(self):
        self.complains("tests/unit/a.cc", "auto a = MadeBy<seal::Sealer>();\n", "own module")
        self.complains("gateway/seal/b.cc", "auto a = MadeBy<Cutter>{};\n", "own module")
        for mention in ("friend class MadeBy<class Cutter>;", "MadeBy<const Cutter> a;",
                        "template <> class MadeBy<X*>;", "friend MadeBy<::archive::Cutter>;"):
            self.complains("gateway/seal/b.cc", f"struct A {{ {mention} }};\n", "own module")
        self.complains("gateway/seal/b.cc", "struct A { friend MadeBy<Sealer>; };\n", "handed on")
        self.complains("gateway/seal/b.cc", "MadeBy<Sealer> lend();\n", "handed on")
        self.complains("gateway/seal/b.cc", "using latchstring::MadeBy;\n", "own module")
        self.complains("gateway/release/release.h", "#pragma once\nnamespace release {\n"
                       "class Release {\n  template <class T> friend class Any;\n};\n}\n",
                       "friends")

    def test_steps(self):
        call = "auto a = release::Release::step(b, c, d);\n"
        self.complains("gateway/seal/b.cc", call, "nothing else")
        for text in ("Release a;", "auto a = &Release::look;", "f<&Release::step>();",
                     "class Release a;", "struct B : release::Release {};", "Release{}.step(a);"):
            self.complains_too("gateway/seal/b.cc", text, "nothing else")
        self.complains("tests/unit/a.cc", "Release::make_grant(a);\n", "nothing else")
        self.complains("tests/unit/a.cc", '#include "gateway/release/step.h"\n', "own module")
        self.assertEqual(self.faults(files={
            "gateway/seal/b.cc": "auto a = Release::look(b);\n", "tests/unit/a.cc": call}), [])

    def test_members(self):
        for member, words in (("&Grant::terms_", "member of a stage"),
                              ("& latchstring::Clip::reader_", "member of a stage"),
                              ("bitand Look :: terms_", "member of a stage"),
                              ("&Sealer::seal", "is called, or not"),
                              ("archive::Cutter::cut", "is called, or not")):
            self.complains_too("tests/unit/a.cc", f"template struct Rob<{member}>;\n", words)
        self.assertEqual(self.faults(files={
            "tests/unit/a.cc": "a = Sealer::stand_in(b); redact::Redactor::Settings c;\n"}), [])

    def test_other_names(self):
        for alias in ("using G = Grant;", "typedef Grant G;", "using G = latchstring::Grant*;",
                      "template <class T> using G = std::conditional_t<T::a, Clip, Look>;",
                      "typedef struct ::latchstring::Clip const* C;", "using M = archive::Cutter;",
                      "using G = std::vector<Grant>::value_type;"):
            self.complains_too("tests/unit/a.cc", alias + "\n", "one name")
        self.complains("tests/unit/a.cc", "f<decltype(a)*>(b);\n", "by its name")
        self.complains("tests/unit/a.cc", "struct G : private latchstring::Grant {};\n", "base")
        for macro in ("R Release", "G latchstring::Grant", "Clip Other", "A(x) MadeBy<x>",
                      "private public", "C class", "F(x) \\\n  friend x"):
            self.complains_too("tests/unit/a.cc", f"#define {macro}\n", "a macro names")

    def test_memory(self):
        for text in ("reinterpret_cast<T*>(a)", "std::bit_cast<T>(a)", "__builtin_bit_cast(T, a)",
                     "reinterpret_cast<std::remove_cv_t<T>*>(a)", "reinterpret_cast<char&>(a)"):
            self.complains_too("gateway/seal/b.cc", f"auto b = {text};\n", "cast to bytes")
        for text in ("std::memcpy(&grant, a, 8)", "__builtin_memmove(a, b, 8)", "::new (a) T(b)",
                     "std::construct_at(a)", "std::launder(a)", "__builtin_launder(a)",
                     "std::allocator<T>{}"):
            self.complains("gateway/seal/b.cc", f"auto b = {text};\n", "written by hand")
        self.complains("gateway/seal/b.cc", 'Grant forge() asm("_ZN1a");\n', "assembler")
        self.assertEqual(self.faults(files={
            "tests/sim/random.cc": "std::memcpy(a, b, 8);\n",
            "tests/unit/a.cc": "auto a = reinterpret_cast<const char*>(b); auto* c = new C(d);\n"
                               "reinterpret_cast<sockaddr*>(&a); std::bit_cast<std::int64_t>(a);\n"
        }), [])

    def test_bare_casts(self):  # each rule has a case in forge/casts.cc, too
        for text, words in (
                ("const_cast<A&>(b)", "const stays"), ("union { int a; };", "union"),
                ("static_cast<Session*>(a)", "CALLBACKS"), ("static_cast<T&&>(a)", "CALLBACKS"),
                ("static_cast<std::vector<A>>(a)", "CALLBACKS"),
                ("#define CAST static_cast\n", "CALLBACKS"),
                ("template <class T> void f() { static_cast<T>(a); }", "CALLBACKS"),
                ("template <std::integral T> void f() { T(a); }", "parameter of a template"),
                ("[]<typename T>(int a) { return (T)a; }", "parameter of a template"),
                ("b = (const A&)c;", "written as one"), ("return (std::less<A>)c;", "as one"),
                ("std::vector<A>::reference(b)", "another name"), ("using A = B*;", "another name"),
                ("reinterpret_cast<std::uint8_t*>(a)", "are written"),
                ("extern A a;", "in a header"), ("auto a = &B<C>::D::e_;", "private members"),
                ("template class A<B>;", "private members"), ("#define A(b) b\n", "a function")):
            self.complains("gateway/seal/b.cc", text + "\n", words)
        self.assertEqual(self.faults(files={
            "tests/support/camera/main.cc": "delete static_cast<Channel*>(a);\n",
            "gateway/seal/b.cc": "template <class T> T f(T (*g)(int), const std::vector<T>& b);\n"
                                 "if (a < b && (c > d) && e) static_cast<unsigned char>(f);\n"
                                 "int f(const A&, B*) const; g.template h<int>();\n"}), [])
        self.complains("tests/support/camera/main.cc", "template <class Session>\n"
                       "Session* as(void* a) { return static_cast<Session*>(a); }\n", "CALLBACKS")
        self.assertEqual(casts.check("gateway/worker/worker.cc", "const_cast<char*>(a);\n"), [])

    def test_filled_memory(self):
        for call in ("::read(a, &grant, 8)", "read(a, &grant, sizeof(A))", "(::read)(a, b, c)",
                     "&::read", "read", "std::fread(&grant, 1, 8, a)", "std::fread",
                     "::pread(a, &grant, 8, 0)", "::readv(a, b, 1)", "::recv(a, &grant, 8, 0)",
                     "recvfrom(a, &grant, 8, 0, b, c)", "::recvmsg(a, &b, 0)", "recvmmsg(a, b)",
                     "getrandom(&grant, 8, 0)", "::getentropy(&grant, 8)", "__builtin_memset(a)",
                     "std::memset(&grant, 0, 8)", "explicit_bzero(&grant, 8)", "bzero(&grant, 8)",
                     "::process_vm_readv(a, b, 1, c, 1, 0)", "::syscall(SYS_read, a, &grant, 8)",
                     "::ioctl(a, b, &grant)", "::mmap(&grant, 8, a, b, c, 0)", "::prctl(a, &grant)",
                     "getsockopt(a, b, c, &grant, d)", "randombytes_buf(&grant, 8)",
                     "sodium_memzero(&grant, 8)", "OPENSSL_cleanse(&grant, 8)",
                     "BIO_read(a, &grant, 8)", "EVP_CIPHER_CTX_ctrl(a, b, 8, &grant)",
                     "sqlite3_blob_read(a, &grant, 8, 0)", "gst_buffer_extract(a, 0, &grant, 8)",
                     "g_object_get(a, b, &grant, nullptr)"):
            self.complains("gateway/seal/b.cc", f"auto b = {call};\n", "fills memory of any type")
        for text, words in (("std::sscanf(a, b, &clip)", "scanf makes"),
                            ("__isoc99_sscanf(a, b, &clip)", "scanf makes"),
                            ('std::printf("a %p", b)', "not written"),
                            ("G_CALLBACK(a)", "macro that casts"),
                            ("g_array_index(a, B, 0)", "macro that casts"),
                            ("cv::Mat(8, 8, CV_8U, &grant)", "a matrix")):
            self.complains("gateway/seal/b.cc", f"auto b = {text};\n", words)
        self.assertEqual(self.faults(files={
            "gateway/base/files.cc": "#include <fcntl.h>\nconst auto got =\n"
                                     "    ::read(fd.get(), buffer,\n           sizeof buffer);\n",
            "gateway/seal/b.cc": "a.read(b, c, d); a->recv(b); c::read(a, b, c); read(a, b);\n",
            "gateway/seal/c.cc": "const auto read = a(); return b(read);\n"}), [])
        self.complains("gateway/base/files.cc", "::read(fd.get(), &grant, sizeof buffer);\n",
                       "LOOKED_AT")

    def test_build_flags(self):
        for flag in ("-fno-access-control", "-Dprivate=public", "-include a.h"):
            self.complains("gateway/seal/CMakeLists.txt", f"add_compile_options({flag})\n",
                           "opens what is private")

    def test_casts(self):
        for cast in ("reinterpret_cast<Clip*>(a)", "std::bit_cast<Grant>(a)",
                     "*static_cast<latchstring::Grant*>(a)", "*(Clip*)a", "(const Grant&)a",
                     "std::bit_cast<MadeBy<X>>(a)", "f();return(Clip*)a", "(Clip const* const)a",
                     "(struct ::release::Grant volatile&)a", "std::static_pointer_cast<Clip>(a)",
                     "u8'\"'; (Clip*)a; c = u8'\"'", "R\"-(\")-\"; (Clip*)a; \"\"",
                     "\"\\\n\"; (Clip*)a; \"\"", "XR\"(\"; (Clip*)a; \")\""):
            self.complains_too("tests/unit/a.cc", f"auto b = {cast};\n", "cast to a stage")
        self.assertEqual(self.faults(files={
            "tests/unit/a.cc": "// reinterpret_cast<Clip*>(a)\nf(const Clip& c);\n"
                               "int operator()(const Clip&) const;\nint f(Grant&) noexcept;\n",
        }), [])

    def test_labels(self):
        files = {"docs/HACKING.md": "`ctest -L unit`\n",
                 "tests/unit/CMakeLists.txt": "latchstring_test(a LABEL unit SOURCES a.cc)\n"}
        self.assertEqual(self.faults(files=files), [])
        files["tests/sim/CMakeLists.txt"] = 'set_tests_properties(a PROPERTIES LABELS "sim")\n'
        self.assertIn("`sim`", self.faults(files=files)[0])


    def test_links(self):
        files = {"docs/a.md": "[b](ref/b.md#part) [c](../gateway/seal) [d](https://a.example)\n",
                 "docs/ref/b.md": "[up](../a.md)\n"}
        self.assertEqual(self.faults(files=files), [])
        self.complains("docs/a.md", "see ![flow](flow.svg)\n", ":1:", "`flow.svg` leads nowhere")

    def test_messages(self):
        source = 'f(not_found("no camera `{}` in "  // which\n  "`{}`: say \\"which\\"", a, b));\n'
        guide = "docs/guide/troubleshooting.md"
        files = {"gateway/seal/b.cc": source,
                 guide: "# A\n### no camera `...` in `...`: say \"which\"\n### camera `...`: say\n"}
        self.assertEqual(self.faults(files=files), [])
        for quoted in ("no camera `...` on `...`", "which"):
            faults = self.faults(files={**files, guide: f"# Words\n\n### {quoted}\n"})
            self.assertEqual(len(faults), 1, faults)
            self.assertIn(f"{guide}:3: ", faults[0])
        self.complains(guide, "### ... `...`\n", "any message")

    def test_tables(self):
        files = {"gateway/seal/b.cc": 'run("CREATE TABLE thing (a INTEGER)");\n',
                 "docs/ref/a.md": "`other`\n"}
        self.assertIn("`thing`", self.faults(files=files)[0])
        self.assertEqual(self.faults(files={**files, "docs/ref/a.md": "`thing`: `a`\n"}), [])


class Literals(unittest.TestCase):
    def test_read(self):
        text = ('a("one {} " /* not "two" */ "{{x}}"); // "three"\n'
                "char c = '\"'; b(\"four\");\nR\"(five\n\"six\")\"\n")
        self.assertEqual(documents.literals(text),
                         ["one ... {x}", "four", 'five\n"six"'])


class Functions(unittest.TestCase):
    def lengths(self, text):
        return sizes.functions(text)

    def test_measure(self):
        text = ("namespace a {\n"
                "const int kTable[] = {1, f(2), 3};\n"
                "class B {\n public:\n  int c() const { return 1; }\n"
                "  B() : x_{1}, y_(2) {\n    if (x_) {\n    }\n  }\n};\n"
                "template <class T>\nint d(T t)\n{\n  auto l = [](int) { return '{'; };\n"
                '  return "}" + l(t);  // }\n}\n'
                "}\n")
        self.assertEqual(self.lengths(text), [(5, 1), (6, 4), (11, 6)])

    def test_macros_are_not_functions(self):
        self.assertEqual(self.lengths("#define A(x) \\\n  { \\\n    x\nint b;\n"), [])


class Forge(unittest.TestCase):
    class Result:
        def __init__(self, code, stderr):
            self.returncode, self.stderr = code, stderr

    def test_judge(self):
        self.assertIsNone(forge.judge(0, None, self.Result(0, "")))
        self.assertIn("must compile", forge.judge(0, None, self.Result(1, "error: x")))
        self.assertIsNone(forge.judge(1, "private", self.Result(1, "a: error: is private")))
        self.assertIn("can be forged", forge.judge(1, "private", self.Result(0, "")))
        self.assertIn("another reason", forge.judge(1, "private", self.Result(1, "error: typo")))


if __name__ == "__main__":
    unittest.main()
