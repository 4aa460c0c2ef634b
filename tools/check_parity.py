#!/usr/bin/env python3
"""Checks docs/parity.md: each test that it names exists, and, given a log of ctest, has run.

    check_parity.py [--root ROOT] [LOG]
"""

import argparse
import pathlib
import re
import sys

TOOLS = pathlib.Path(__file__).resolve().parent
NAMED = re.compile(r"`(\w+\.\w+)`")
FILES = (".rs", ".hpp", ".cpp", ".md")
DEFINED = re.compile(r"^(?:TYPED_)?TEST(?:_[FP])?\((\w+), (\w+)\)", re.MULTILINE)
# 12/80 Test #12: unit.task.kinds/suite.test/multi_thread_2  # ... ....   Passed    0.01 sec
RESULT = re.compile(r"Test +#\d+: (?:\w+\.)*?(?:\w+/)?([A-Za-z_]\w*)(?:/\d+)?\.(\w+)(?:/[^\s.]+|<.*>)?"
                    r"(?:  #.*?)? \.+ *(\S+)")


def named(root):
    """The tests that the page names, with the line of each."""
    page = root / "docs" / "parity.md"
    for number, line in enumerate(page.read_text().splitlines(), 1):
        for name in NAMED.findall(line):
            if line.startswith("|") and not name.endswith(FILES):
                yield f"{page.relative_to(root)}:{number}", name


def defined(root, under="tests"):
    return {f"{suite}.{test}" for file in (root / under).rglob("*_test.cpp")
            for suite, test in DEFINED.findall(file.read_text())}


def ran(log):
    return {f"{suite}.{test}"
            for suite, test, result in RESULT.findall(log.read_text(errors="replace"))
            if result.startswith("Passed")}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--root", type=pathlib.Path, default=TOOLS.parent)
    parser.add_argument("log", type=pathlib.Path, nargs="?")
    arguments = parser.parse_args()
    root = arguments.root
    known = ran(arguments.log) if arguments.log else defined(root)
    lack = "did not run, or failed" if arguments.log else "does not exist"
    count = errors = 0
    for place, name in named(root):
        count += 1
        if name not in known:
            errors += 1
            print(f"{place}: {name} {lack}")
    print(f"check_parity: {count} tests, {errors} errors")
    return errors != 0


if __name__ == "__main__":
    sys.exit(main())
