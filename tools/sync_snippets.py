#!/usr/bin/env python3
"""Copies compiled code into README.md and docs/*.md; with --check only compares.

    <!-- snippet: examples/lesson.cpp#spawn -->
    ```cpp
    (what stands between `// [spawn]` and `// [/spawn]` in that file, unindented)
    ```

`#name` may be left out: then it is the whole file. A ```cpp block without such a mark is refused,
since nobody compiles it; what is not C++ to compile is ```text.
"""

import argparse
import pathlib
import re
import sys
import textwrap

import source

SNIPPET = re.compile(
    r"^(?P<head><!-- snippet: (?P<file>[^\s#]+)(?:#(?P<name>[\w-]+))? -->\s*\n```\w*\n)"
    r"(?P<body>.*?)(?P<tail>^```$)",
    re.MULTILINE | re.DOTALL,
)
CODE = re.compile(r"^[ \t]*(?:```+|~~~+)[ \t]*(?:cpp|c\+\+)", re.MULTILINE | re.IGNORECASE)
MARK = re.compile(r"^\s*// \[/?[\w-]+\]\s*\n", re.MULTILINE)


def region(root, file, name):
    """The text of the region, or a complaint as a SyntaxError."""
    path = root / file
    if not path.is_file():
        raise SyntaxError(f"{file} does not exist")
    text = path.read_text()
    if name:
        found = re.search(rf"^\s*// \[{name}\]\s*\n(.*?)^\s*// \[/{name}\]", text,
                          re.MULTILINE | re.DOTALL)
        if not found:
            raise SyntaxError(f"{file} has no region between // [{name}] and // [/{name}]")
        text = found[1]
    return textwrap.dedent(MARK.sub("", text)).strip("\n") + "\n"


def update(root, path, errors):
    """The page with every snippet brought up to date, and how many it has."""
    file, text, count = source.name(path, root), path.read_text(), 0

    def replace(match):
        nonlocal count
        count += 1
        try:
            body = region(root, match["file"], match["name"])
        except SyntaxError as error:
            errors.append(f"{file}:{source.line_of(text, match.start())}: {error.msg}")
            return match[0]
        return match["head"] + body + match["tail"]

    new = SNIPPET.sub(replace, text)
    if len(re.findall("^<!-- snippet:", text, re.MULTILINE)) != count:
        errors.append(f"{file}:1: a snippet marker is not followed by a ``` block")
    rest = SNIPPET.sub(lambda match: "\n" * match[0].count("\n"), text)
    for fence in CODE.finditer(rest):
        errors.append(f"{file}:{source.line_of(rest, fence.start())}: C++ without a snippet mark; take "
                      "it from a compiled example, or call it ```text if it is not to be compiled")
    return text, new, count


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--root", type=pathlib.Path, default=source.ROOT)
    parser.add_argument("--check", action="store_true", help="write nothing, compare")
    arguments = parser.parse_args()
    root, errors, total = arguments.root, [], 0
    for path in sorted(root.glob("*.md")) + source.files("docs", root=root, suffixes={".md"}):
        old, new, count = update(root, path, errors)
        total += count
        if old != new and arguments.check:
            file = source.name(path, root)
            errors.append(f"{file}:1: a snippet differs; run tools/sync_snippets.py")
        elif old != new:
            path.write_text(new)
    return source.report("sync_snippets", errors, f"{total} snippets")


if __name__ == "__main__":
    sys.exit(main())
