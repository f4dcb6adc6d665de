#!/usr/bin/env python3
"""Checks of Backfence's own rules that no compiler makes. See RULES for the list.

    lint.py [ROOT]            check the tree, one line for each finding, exit code 1 when there is one
    lint.py --files [ROOT]    print the C files of the tree, for other tools

The source is read as text: comments and literals are blanked out first, and the layout that
clang-format enforces (a function's braces stand alone in column 0) finds the functions.
"""

import argparse
import os
import re
import sys
from collections import namedtuple

LAYERS = ("assets", "discovery", "relay", "app", "ui", "tests")
TOP_FILES = {"CMakeLists.txt", "README.md", "LICENSE"}
FILE_BUDGET = 500
FUNCTION_BUDGET = 60

# Which layer may include which. `tests` may include everything.
MAY_INCLUDE = {
    "discovery": {"discovery"},
    "relay": {"relay"},
    "relay/server": {"relay/server", "relay", "discovery"},
    "app": {"app", "relay", "discovery"},
    "ui": {"ui", "app"},
}

GRAPHICS = r"SDL|pango/|fontconfig/|md4c"
SOCKETS = r"sys/socket\.h|sys/un\.h|sys/epoll\.h|poll\.h|sys/select\.h|netinet/|arpa/|netdb\.h|net/if"
STORAGE = r"sqlite3"
WIRE = r"wire\.pb-c\.h|relay/wire\.pb-c\.h|protobuf-c/"
CRYPTO = r"openssl/|sodium"
THREADS = r"pthread\.h|threads\.h"

# What is nobody's business in a layer, by the path of the included file.
MAY_NOT_INCLUDE = {
    "discovery": [GRAPHICS, STORAGE, WIRE, CRYPTO],
    "relay": [GRAPHICS, "avahi"],
    "relay/server": [GRAPHICS],
    "app": [GRAPHICS],
    "ui": [SOCKETS, STORAGE, WIRE, CRYPTO, "avahi"],
}

# The state machines: no socket, thread, clock or random source of their own.
CORES = re.compile(r"relay/hub(_\w+)?\.[ch]|app/session(_\w+)?\.[ch]")
CORE_INCLUDES = [SOCKETS, THREADS, r"openssl/", r"avahi", r"time\.h", r"sys/time\.h"]
CORE_CALLS = re.compile(
    r"\b(g_get_monotonic_time|g_get_real_time|clock_gettime|gettimeofday|time|g_date_time_new_now\w*"
    r"|randombytes\w*|g_random_\w+|g_rand_\w+|getrandom|rand|random|g_thread_\w+|socket|g_timeout_add\w*"
    r"|g_idle_add\w*|sleep|usleep|nanosleep)\s*\("
)

UNBOUNDED = re.compile(
    r"\b(strcpy|stpcpy|strcat|sprintf|vsprintf|gets|atoi|atol|atoll|atof|strtok|alloca|g_alloca|g_newa"
    r"|strdupa|tmpnam|mktemp)\s*\("
)

# Verbs that mean the same everywhere need no comment, nor do questions about one thing, whose name
# says what is answered: `int picture_width(const Picture *picture)`.
PLAIN_VERBS = re.compile(r"_(new|free|ref|unref|clear|start|stop)$")
PLAIN_QUESTION = re.compile(r"(?!void )[\w* ]+\(\s*const \w+ \*\w+\s*\);")

WAIVER = re.compile(r"/\*\s*lint:\s*([\w-]+)\s*(.*?)\s*\*/", re.S)
WAIVABLE = {"file-length", "function-length"}

Finding = namedtuple("Finding", "path line rule text")
Function = namedtuple("Function", "name start end")


def blank_out(source):
    """The source with comments, strings and characters turned to spaces, line breaks kept."""
    pattern = re.compile(
        r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|' r"'(?:\\.|[^'\\\n])*'", re.S
    )

    def spaces(match):
        text = match.group(0)
        if text[0] in "\"'":
            return text[0] + " " * (len(text) - 2) + text[-1]
        return re.sub(r"[^\n]", " ", text)

    # An include's path is not a string literal.
    lines = source.split("\n")
    kept = {i: line for i, line in enumerate(lines) if re.match(r'\s*#\s*include\s*"', line)}
    blanked = pattern.sub(spaces, source).split("\n")
    for i, line in kept.items():
        if blanked[i].lstrip().startswith("#"):
            blanked[i] = line
    return "\n".join(blanked)


class Source:
    """One C file: its path from the root, its lines, and its lines without comments and literals."""

    def __init__(self, path, text):
        self.path = path
        self.text = text
        self.lines = text.split("\n")
        if self.lines and self.lines[-1] == "":
            self.lines.pop()
        self.code = blank_out(text).split("\n")[: len(self.lines)]

    @property
    def is_header(self):
        return self.path.endswith(".h")

    @property
    def layer(self):
        return layer_of(self.path)

    def includes(self):
        for number, line in enumerate(self.code, 1):
            match = re.match(r'\s*#\s*include\s*([<"])([^>"]+)[>"]', line)
            if match:
                yield number, match.group(2), match.group(1) == '"'

    def functions(self):
        """Definitions, from the first line of the signature to the closing brace."""
        start = None
        for i, line in enumerate(self.code):
            if line.rstrip() == "{":
                start = self.signature_start(i)
            elif line.startswith("}") and start is not None:
                signature = " ".join(self.code[start : i + 1]).split("{")[0]
                name = re.search(r"(\w+)\s*\(", signature)
                if name:
                    yield Function(name.group(1), start + 1, i + 1)
                start = None

    def signature_start(self, brace):
        start = brace
        while start > 0:
            above = self.code[start - 1].rstrip()
            if not above.strip() or above.startswith("#") or above[-1] in ";}":
                break
            start -= 1
        return start

    def waivers(self):
        for match in WAIVER.finditer(self.text):
            first = self.text.count("\n", 0, match.start()) + 1
            last = self.text.count("\n", 0, match.end()) + 1
            reason = " ".join(match.group(2).replace("*", " ").split())
            yield match.group(1), reason, first, last

    def comment_above(self, line):
        """The numbers of the lines of comment that end directly above this line."""
        above = []
        i = line - 2
        while i >= 0 and self.lines[i].strip() and not self.code[i].strip():
            above.append(i + 1)
            i -= 1
        return above


def layer_of(path):
    if path.startswith("relay/server/"):
        return "relay/server"
    return path.split("/")[0] if "/" in path else ""


def check_include_graph(source, tree):
    allowed = MAY_INCLUDE.get(source.layer)
    if allowed is None:
        return
    for line, path, quoted in source.includes():
        target = layer_of(path)
        if quoted and target not in allowed and target.split("/")[0] in LAYERS:
            yield line, f"{source.layer} may not use {target} ({path})"
        elif matches_any(path, MAY_NOT_INCLUDE[source.layer]):
            yield line, f"{source.layer} may not use <{path}>"


def check_include_path(source, tree):
    for line, path, quoted in source.includes():
        if quoted and path not in tree and not path.endswith(".pb-c.h"):
            yield line, f'"{path}" is not a path from the root of the tree'


def check_core(source, tree):
    if not CORES.fullmatch(source.path):
        return
    for line, path, _ in source.includes():
        if matches_any(path, CORE_INCLUDES):
            yield line, f"a core includes no <{path}>"
    for number, line in enumerate(source.code, 1):
        for match in CORE_CALLS.finditer(line):
            if not is_member(line, match.start()):
                yield number, f"a core does not call {match.group(1)}(): pass it in"


def check_goto(source, tree):
    for number, line in enumerate(source.code, 1):
        if re.search(r"\bgoto\b", line):
            yield number, "no goto"


def check_unbounded(source, tree):
    for number, line in enumerate(source.code, 1):
        for match in UNBOUNDED.finditer(line):
            if not is_member(line, match.start()):
                yield number, f"{match.group(1)}() has no bound or no error"


def check_file_length(source, tree):
    length = len(source.lines)
    waived = [line for rule, _, line, _ in source.waivers() if rule == "file-length"]
    if length > FILE_BUDGET and not waived:
        yield 1, f"{length} lines, budget {FILE_BUDGET}"
    if length <= FILE_BUDGET and waived:
        yield waived[0], "waives file-length without need"


def check_function_length(source, tree):
    waivers = {
        last: first for rule, _, first, last in source.waivers() if rule == "function-length"
    }
    for function in source.functions():
        length = function.end - function.start + 1
        above = source.comment_above(function.start)
        waived = [waivers.pop(line) for line in above if line in waivers]
        if length > FUNCTION_BUDGET and not waived:
            yield function.start, f"{function.name}() has {length} lines, budget {FUNCTION_BUDGET}"
        if length <= FUNCTION_BUDGET and waived:
            yield waived[0], f"waives function-length of {function.name}() without need"
    for first in waivers.values():
        yield first, "waives function-length of nothing: it stands directly above a function"


def check_waiver(source, tree):
    for rule, reason, line, _ in source.waivers():
        if rule not in WAIVABLE:
            yield line, f"{rule} cannot be waived"
        elif len(reason.split()) < 3:
            yield line, f"a waiver of {rule} gives its reason"


def check_pragma_once(source, tree):
    if not source.is_header:
        return
    directives = [line.strip() for line in source.code if line.strip()]
    if not directives or directives[0] != "#pragma once":
        yield 1, "a header begins with #pragma once"


def check_purpose(source, tree):
    """A header says what it is for before it declares anything."""
    if not source.is_header:
        return
    for line, code in zip(source.lines, source.code):
        if not code.strip() and re.match(r"\s*(/\*|//)", line):
            return
        if code.strip() and not code.lstrip().startswith("#"):
            break
    yield 1, "a header opens with a comment that states its purpose"


def check_documented(source, tree):
    """A public function, struct, callback or constant has a comment directly above it, within it or
    behind it, or stands in a row, without a blank line, under one that has. Headers of tests are for their neighbours only."""
    if not source.is_header or source.layer == "tests":
        return
    covered = False
    for first, last, text in declarations(source):
        above = bool(source.comment_above(first))
        within = any(
            re.search(r"/\*|//", source.lines[i - 1]) for i in range(first, last + 1)
        )
        in_row = covered and first >= 2 and source.lines[first - 2].strip() != ""
        covered = above or within or in_row
        name = public_name(text)
        plain = PLAIN_VERBS.search(name or "") or PLAIN_QUESTION.fullmatch(" ".join(text.split()))
        if not covered and name and not plain:
            yield first, f"{name} is public and has no comment"


def declarations(source):
    """(first line, last line, text) of everything declared at the top of a header."""
    depth, first, text = 0, None, []
    continued = False
    for number, line in enumerate(source.code, 1):
        directive = continued or (first is None and line.lstrip().startswith("#"))
        continued = directive and line.rstrip().endswith("\\")
        if directive or (first is None and not line.strip()):
            continue
        if first is None and re.match(r'\s*extern\s*"', line):
            continue
        if first is None and line.strip() == "}":
            continue
        if first is None:
            first = number
        text.append(line)
        depth += line.count("{") + line.count("(") - line.count("}") - line.count(")")
        joined = " ".join(text)
        inline_end = depth == 0 and line.startswith("}") and not joined.lstrip().startswith("typedef")
        macro_end = depth == 0 and re.match(r"\s*G_DEFINE_\w+\(.*\)\s*$", joined)
        if depth == 0 and (line.rstrip().endswith(";") or inline_end or macro_end):
            yield first, number, joined
            first, text = None, []


def public_name(declaration):
    """The name that a reader needs explained, or None: forward declarations, autoptr, assertions,
    and enums, whose values speak."""
    text = " ".join(declaration.split())
    if re.match(r"(G_DEFINE_\w+|G_STATIC_ASSERT|_Static_assert|static_assert)\b", text):
        return None
    if re.fullmatch(r"(typedef )?struct \w+( \w+)?;|(typedef )?enum\b.*", text):
        return None
    if text.startswith("typedef"):
        callback = re.search(r"\(\s*\*\s*(\w+)\s*\)", text)
        if callback and "{" not in text:
            return callback.group(1)
        name = re.search(r"(\w+)\s*(\[[^\]]*\])?;$", text)
        return name.group(1) if name else None
    name = re.search(r"(\w+)\s*\(", text)
    if name:
        return name.group(1)
    name = re.search(r"(\w+)\s*(\[[^\]]*\])*\s*[;={]", text)
    return name.group(1) if name else None


def matches_any(path, patterns):
    return any(re.match(pattern, path) for pattern in patterns)


def is_member(line, position):
    """Whether what stands there is called through a struct: `clock->time (…)`."""
    before = line[:position].rstrip()
    return before.endswith("->") or before.endswith(".")


RULES = {
    "include-graph": check_include_graph,
    "include-path": check_include_path,
    "core": check_core,
    "goto": check_goto,
    "unbounded": check_unbounded,
    "file-length": check_file_length,
    "function-length": check_function_length,
    "waiver": check_waiver,
    "pragma-once": check_pragma_once,
    "purpose": check_purpose,
    "documented": check_documented,
}


def check_source(source, tree):
    for rule, check in RULES.items():
        for line, text in check(source, tree):
            yield Finding(source.path, line, rule, text)


def check_top(names):
    """The top level holds the layers and four kinds of file, nothing else."""
    for name, is_folder in sorted(names):
        if name.startswith(".") or (is_folder and (name in LAYERS or name.startswith("build"))):
            continue
        if is_folder or name not in TOP_FILES:
            yield Finding(name, 1, "top-level", "does not belong at the top of the tree")


def files(root):
    for layer in LAYERS:
        for folder, folders, names in os.walk(os.path.join(root, layer)):
            folders.sort()
            for name in sorted(names):
                yield os.path.relpath(os.path.join(folder, name), root)


def c_files(root):
    return [path for path in files(root) if path.endswith((".c", ".h"))]


def check_tree(root):
    tree = set(files(root))
    paths = c_files(root)
    findings = list(check_top((e.name, e.is_dir()) for e in os.scandir(root)))
    for path in paths:
        with open(os.path.join(root, path), encoding="utf-8") as file:
            findings += check_source(Source(path, file.read()), tree)
    return paths, findings


def main():
    parser = argparse.ArgumentParser(description="Checks the rules of this tree.")
    parser.add_argument("--files", action="store_true", help="only print the C files")
    parser.add_argument("root", nargs="?", default=".")
    arguments = parser.parse_args()
    if arguments.files:
        print("\n".join(c_files(arguments.root)))
        return 0
    paths, findings = check_tree(arguments.root)
    for finding in findings:
        print(f"{finding.path}:{finding.line}: {finding.text} [{finding.rule}]")
    print(f"{len(paths)} files, {len(findings)} findings")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
