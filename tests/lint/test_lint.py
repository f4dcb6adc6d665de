"""Every rule of lint.py, both ways: what it finds and what it lets pass."""

import os
import subprocess
import sys
import tempfile
import unittest

import lint

HEADER = "#pragma once\n/* What it is for. */\n\n"


def rules_of(path, text, tree=()):
    source = lint.Source(path, text)
    known = set(tree) | {name for _, name, quoted in source.includes() if quoted}
    return [finding.rule for finding in lint.check_source(source, known)]


def function(lines, name="f", above=""):
    body = "    x++;\n" * (lines - 3)
    return f"{above}void {name}(void)\n{{\n{body}}}\n"


class RuleTest(unittest.TestCase):
    def assert_clean(self, path, text):
        self.assertEqual(rules_of(path, text), [])

    def assert_found(self, rule, path, text, times=1):
        self.assertEqual(rules_of(path, text), [rule] * times)


class IncludeGraphTest(RuleTest):
    def test_each_layer_may_use_what_the_design_allows(self):
        for path, include in [
            ("ui/a.c", "ui/draw.h"),
            ("ui/screens/a.c", "app/model.h"),
            ("app/a.c", "app/engine.h"),
            ("app/console/a.c", "app/engine.h"),
            ("app/a.c", "relay/event.h"),
            ("app/a.c", "discovery/finder.h"),
            ("relay/a.c", "relay/hub.h"),
            ("relay/server/a.c", "relay/server/options.h"),
            ("relay/server/a.c", "relay/hub.h"),
            ("relay/server/a.c", "discovery/announcer.h"),
            ("discovery/a.c", "discovery/finder.h"),
            ("tests/unit/ui/a.c", "relay/hub.h"),
        ]:
            with self.subTest(path=path, include=include):
                self.assert_clean(path, f'#include "{include}"\n')

    def test_everything_else_between_layers_is_found(self):
        for path, include in [
            ("ui/a.c", "relay/event.h"),
            ("ui/a.c", "discovery/finder.h"),
            ("app/a.c", "ui/draw.h"),
            ("app/a.c", "relay/server/options.h"),
            ("relay/a.c", "discovery/finder.h"),
            ("relay/a.c", "relay/server/options.h"),
            ("relay/a.c", "app/model.h"),
            ("relay/server/a.c", "app/model.h"),
            ("discovery/a.c", "relay/text.h"),
            ("app/a.c", "tests/unit/app/help.h"),
        ]:
            with self.subTest(path=path, include=include):
                self.assert_found("include-graph", path, f'#include "{include}"\n')

    def test_libraries_stay_in_their_layer(self):
        for path, include, allowed in [
            ("app/a.c", "SDL.h", False),
            ("relay/a.c", "SDL2/SDL.h", False),
            ("app/a.c", "pango/pango.h", False),
            ("ui/a.c", "SDL.h", True),
            ("ui/a.c", "sys/socket.h", False),
            ("ui/a.c", "sqlite3.h", False),
            ("ui/a.c", "openssl/ssl.h", False),
            ("ui/a.c", "sodium.h", False),
            ("ui/a.c", "avahi-client/client.h", False),
            ("ui/a.c", "gio/gio.h", True),
            ("discovery/a.c", "sqlite3.h", False),
            ("discovery/a.c", "avahi-client/client.h", True),
            ("relay/a.c", "avahi-client/client.h", False),
            ("relay/a.c", "sqlite3.h", True),
            ("relay/log.c", "openssl/ssl.h", True),
            ("tests/bench/a.c", "openssl/ssl.h", True),
        ]:
            with self.subTest(path=path, include=include):
                expected = [] if allowed else ["include-graph"]
                self.assertEqual(rules_of(path, f"#include <{include}>\n"), expected)

    def test_the_wire_is_unknown_to_the_window(self):
        self.assert_found("include-graph", "ui/a.c", '#include "wire.pb-c.h"\n')
        self.assert_clean("relay/a.c", '#include "relay/wire.pb-c.h"\n')

    def test_an_include_in_a_comment_is_none(self):
        self.assert_clean("app/a.c", '/*\n#include "ui/draw.h"\n*/\n')


class IncludePathTest(unittest.TestCase):
    def test_only_paths_from_the_root(self):
        source = lint.Source("relay/a.c", '#include "hub.h"\n#include "relay/hub.h"\n')
        found = list(lint.check_include_path(source, {"relay/hub.h"}))
        self.assertEqual([line for line, _ in found], [1])

    def test_any_file_of_the_tree_may_be_included(self):
        with tempfile.TemporaryDirectory() as root:
            os.mkdir(os.path.join(root, "ui"))
            with open(os.path.join(root, "ui", "table.inc"), "w", encoding="utf-8"):
                pass
            self.assertEqual(list(lint.files(root)), ["ui/table.inc"])

    def test_generated_headers_are_not_in_the_tree(self):
        source = lint.Source("relay/a.c", '#include "relay/wire.pb-c.h"\n')
        self.assertEqual(list(lint.check_include_path(source, set())), [])


class CoreTest(RuleTest):
    def test_cores_have_no_sockets_threads_clocks_or_chance(self):
        for text in [
            "#include <sys/socket.h>\n",
            "#include <sys/epoll.h>\n",
            "#include <pthread.h>\n",
            "int64_t now = g_get_monotonic_time();\n",
            "randombytes_buf(token, 16);\n",
        ]:
            for path in ["relay/hub.c", "relay/hub_admission.c", "app/session.c", "app/session_x.h"]:
                with self.subTest(path=path, text=text):
                    found = rules_of(path, (HEADER if path[-1] == "h" else "") + text)
                    self.assertIn("core", found)

    def test_what_is_passed_in_may_be_called(self):
        self.assert_clean("relay/hub.c", "int64_t now = hub->clock.time(hub);\n")
        self.assert_clean("relay/hub.c", "hub->env->socket (x);\n")

    def test_other_files_may(self):
        self.assert_clean("relay/link.c", "#include <sys/socket.h>\n")
        self.assert_clean("relay/hubs.c", "#include <sys/socket.h>\n")


class GotoTest(RuleTest):
    def test_found(self):
        self.assert_found("goto", "relay/a.c", "goto out;\n")

    def test_not_in_comments_literals_or_names(self):
        self.assert_clean("relay/a.c", '/* goto out */ x = "goto out"; goto_end(); // goto\n')


class UnboundedTest(RuleTest):
    def test_found(self):
        for call in [
            "strcpy(a, b)",
            "strcat(a, b)",
            "sprintf(a, b)",
            "vsprintf(a, b, c)",
            "gets(a)",
            "atoi(a)",
            "strtok(a, b)",
            "alloca(n)",
            "g_alloca (n)",
        ]:
            with self.subTest(call=call):
                self.assert_found("unbounded", "app/a.c", f"    {call};\n")

    def test_bounded_relatives_pass(self):
        for call in ["g_strlcpy(a, b, n)", "snprintf(a, n, b)", "fgets(a, n, f)", "strtok_r(a, b, c)"]:
            with self.subTest(call=call):
                self.assert_clean("app/a.c", f"    {call};\n")

    def test_not_in_a_string_even_with_quotes_in_it(self):
        self.assert_clean("app/a.c", 'puts("\\"strcpy(a, b)"); c = \'"\'; /* gets(a) */\n')


class BudgetTest(RuleTest):
    def test_a_file_has_500_lines(self):
        self.assert_clean("relay/a.c", "int x;\n" * 500)
        self.assert_found("file-length", "relay/a.c", "int x;\n" * 501)

    def test_a_file_is_waived_with_a_reason(self):
        waiver = "/* lint: file-length one table of all golden bytes */\n"
        self.assert_clean("relay/a.c", waiver + "int x;\n" * 501)
        self.assert_found("waiver", "relay/a.c", "/* lint: file-length */\n" + "int x;\n" * 501)

    def test_a_waiver_without_need_is_found(self):
        waiver = "/* lint: file-length one table of all golden bytes */\n"
        self.assert_found("file-length", "relay/a.c", waiver)

    def test_a_function_has_60_lines(self):
        self.assert_clean("relay/a.c", function(60))
        self.assert_found("function-length", "relay/a.c", function(61))

    def test_a_signature_of_several_lines_counts_and_its_comment_does_not(self):
        text = "/* Long\n * story. */\nstatic int f(int a,\n             int b)\n{\n" + "    x++;\n" * 56
        self.assert_clean("relay/a.c", text + "}\n")
        self.assert_found("function-length", "relay/a.c", text + "    x++;\n}\n")

    def test_a_function_is_waived_directly_above(self):
        waiver = "/* lint: function-length a table of keys in one switch */\n"
        self.assert_clean("relay/a.c", function(61, above=waiver))
        self.assert_clean("relay/a.c", function(61, above="/* Why. */\n" + waiver))
        self.assert_found("waiver", "relay/a.c", function(61, above="/* lint: function-length */\n"))

    def test_a_waiver_counts_for_its_own_function_only(self):
        waiver = "/* lint: function-length a table of keys in one switch */\n"
        text = function(61, above=waiver) + "\n" + function(61, name="g")
        self.assert_found("function-length", "relay/a.c", text)
        self.assert_found("function-length", "relay/a.c", function(10, above=waiver))
        self.assert_found("function-length", "relay/a.c", waiver + "\nint x;\n")

    def test_structs_and_tables_are_no_functions(self):
        text = "static const int table[] = {\n" + "    1,\n" * 80 + "};\n"
        self.assert_clean("relay/a.c", text)
        self.assert_clean("relay/a.c", "struct A {\n" + "    int a;\n" * 80 + "};\n")

    def test_other_rules_cannot_be_waived(self):
        self.assert_found("waiver", "relay/a.c", "/* lint: goto because I like it */\n")


class HeaderTest(RuleTest):
    def test_pragma_once_comes_first(self):
        self.assert_clean("relay/a.h", HEADER)
        self.assert_clean("relay/a.h", "/* What it is for. */\n#pragma once\n")
        self.assert_found("pragma-once", "relay/a.h", "/* What. */\n#ifndef A\n#define A\n#endif\n")

    def test_a_purpose_is_stated(self):
        text = "#pragma once\n\n#include <stdint.h>\n\n/* The answer. */\nint f(void);\n"
        self.assert_clean("relay/a.h", text)
        self.assert_found("purpose", "relay/a.h", "#pragma once\n\nstruct A;\n")

    def test_public_declarations_are_documented(self):
        for text in [
            "/* Opens it. */\nint a_open(void);\n",
            "/* Opens it. */\nint a_open(void);\nint a_shut(int x,\n           int y);\n",
            "int a_open(void); /* opens it */\n",
            "typedef struct {\n    int x; /* px */\n} A;\n",
            "typedef enum { A_ON, A_OFF } AState;\n",
            "typedef struct A A;\n",
            "struct A;\n",
            "A *a_new(int x);\nvoid a_free(A *a);\nA *a_ref(A *a);\nvoid a_start(A *a);\n",
            "int a_width(const A *a);\nconst char *a_name(\n    const A *a);\n",
            "G_DEFINE_AUTOPTR_CLEANUP_FUNC(A, a_free)\n",
            "#define A_MAX 3\n#define A_TWO(x) \\\n    f(x)\n",
            "/* Runs over it. */\ntypedef void (*AEvent)(int x);\n",
            "/* One. */\nstatic inline int one(void)\n{\n    return 1;\n}\n",
        ]:
            with self.subTest(text=text):
                self.assert_clean("relay/a.h", HEADER + text)

    def test_undocumented_ones_are_found(self):
        for text in [
            "int a_open(void);\n",
            "/* Opens it. */\nint a_open(void);\n\nint a_shut(void);\n",
            "typedef struct {\n    int x;\n} A;\n",
            "struct A {\n    int x;\n};\n",
            "typedef void (*AEvent)(int x);\n",
            "extern const int a_table[];\n",
            "void a_show(const A *a);\n",
            "int a_line(const A *a, int x);\n",
            "static inline int one(void)\n{\n    return 1;\n}\n",
            "/* About something else. */\n\nint a_open(void);\n",
        ]:
            with self.subTest(text=text):
                self.assert_found("documented", "relay/a.h", HEADER + text)

    def test_headers_of_tests_need_none_of_that(self):
        self.assert_clean("tests/sim/a.h", HEADER + "int a_open(void);\n")

    def test_a_c_file_needs_none_of_that(self):
        self.assert_clean("relay/a.c", "int a_open(void);\n")


class TreeTest(unittest.TestCase):
    def run_on(self, files):
        with tempfile.TemporaryDirectory() as root:
            for path, text in files.items():
                os.makedirs(os.path.join(root, os.path.dirname(path)), exist_ok=True)
                with open(os.path.join(root, path), "w", encoding="utf-8") as file:
                    file.write(text)
            return subprocess.run(
                [sys.executable, lint.__file__, root], capture_output=True, text=True, check=False
            )

    def test_findings_name_file_line_and_rule(self):
        result = self.run_on({"relay/a.c": "int x;\ngoto out;\n", "LICENSE": ""})
        self.assertEqual(result.returncode, 1)
        self.assertIn("relay/a.c:2: no goto [goto]", result.stdout)

    def test_a_clean_tree(self):
        result = self.run_on({"relay/a.c": "int x;\n", "README.md": "", "build/x.c": "goto out;"})
        self.assertEqual((result.returncode, result.stdout), (0, "1 files, 0 findings\n"))

    def test_the_top_level_is_closed(self):
        result = self.run_on({"CHANGELOG.md": "", "src/a.c": "int x;\n", ".ci/run": ""})
        self.assertEqual(result.stdout.count("[top-level]"), 2)

    def test_files_are_listed(self):
        with tempfile.TemporaryDirectory() as root:
            os.mkdir(os.path.join(root, "app"))
            for name in ["b.c", "a.h", "notes.txt"]:
                with open(os.path.join(root, "app", name), "w", encoding="utf-8"):
                    pass
            self.assertEqual(lint.c_files(root), ["app/a.h", "app/b.c"])


if __name__ == "__main__":
    unittest.main()
