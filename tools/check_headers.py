#!/usr/bin/env python3
"""Public headers: `#pragma once` first, no header of the operating system; and the house limits.

That each compiles alone is shown by tests/headers, that each declaration is documented by Doxygen.
The limits (public header 300 lines, any file 500) only warn.
"""

import argparse
import pathlib
import re
import sys

import source

SYSTEM = re.compile(
    r"^\s*#\s*include\s*<((?:sys|linux|asm|arpa|net|netinet)/[^>]*|unistd\.h|pthread\.h"
    r"|sched\.h|fcntl\.h|signal\.h|poll\.h|netdb\.h|liburing\.h)>",
    re.MULTILINE,
)
MAY_BE_SYSTEM = "include/edo/base/detail/"
HEADER_LINES, FILE_LINES = 300, 500


def check(path, file):
    errors, text = [], path.read_text()
    first = next((line for line in source.blank(text).splitlines() if line.strip()), "")
    if first.strip() != "#pragma once":
        errors.append(f"{file}:1: `#pragma once` must come first, after the comment on top")
    if not file.startswith(MAY_BE_SYSTEM):
        for match in SYSTEM.finditer(source.blank(text, strings=False)):
            errors.append(f"{file}:{source.line_of(text, match.start(1))}: <{match[1]}> belongs to "
                          f"the operating system; only src/ and {MAY_BE_SYSTEM} may include it")
    return errors


def long_files(root):
    for path in source.files("include", "src", "tests", "examples", "bench", "tools", root=root,
                             suffixes=source.CODE | {".py", ".sh"}):
        file, lines = source.name(path, root), len(path.read_text().splitlines())
        public = file.startswith("include/") and "/detail/" not in file
        limit = HEADER_LINES if public else FILE_LINES
        if lines > limit:
            print(f"{file}:{limit}: warning: {lines} lines, {limit} wanted")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--root", type=pathlib.Path, default=source.ROOT)
    root = parser.parse_args().root
    errors, headers = [], source.files("include", root=root)
    for path in headers:
        errors += check(path, source.name(path, root))
    long_files(root)
    return source.report("check_headers", errors, f"{len(headers)} headers")


if __name__ == "__main__":
    sys.exit(main())
