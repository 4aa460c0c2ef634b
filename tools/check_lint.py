#!/usr/bin/env python3
"""GCC 12's coroutine traps, looked for where users copy from: examples, tests, README and docs.

GCC 12 destroys twice a temporary of aggregate type, or of a closure type with captures by value, in
an expression with co_await or co_yield. So there: the handle that spawn returns, a lambda with
captures by value and a braced argument get a line of their own (`[]` and `[&]` are harmless).
A line with `// lint: <reason>` is left alone.
"""

import argparse
import pathlib
import re
import sys

import source

AWAIT = re.compile(r"(?<!operator )\bco_(?:await|yield)\b")
SPAWN = re.compile(r"\s*(?:[\w:]|\.|->|\(\))*?"
                   r"\bspawn(?:_local|_blocking|_on|_pinned)?\s*(?:<[^;()]*>)?\(")
FENCE = re.compile(r"^```(?:cpp|c\+\+)\s*\n(.*?)^```", re.MULTILINE | re.DOTALL)
# Braces of these make trivial temporaries, which nobody minds to see destroyed twice.
TRIVIAL = re.compile(r"(?:std::)?(?:chrono::\w+|monostate|nullopt_t|size_t|u?int\d*(?:_t)?|byte)$"
                     r"|^(?:bool|int|unsigned|char|long|float|double)$")
OPEN, CLOSE = "([{", ")]}"


def matching(code, start):
    """The offset of the bracket that closes the one at `start`, or the end of the text."""
    depth = 0
    for i in range(start, len(code)):
        depth += (code[i] in OPEN) - (code[i] in CLOSE)
        if depth == 0:
            return i
    return len(code)


def before(code, offset, floor):
    """The word, `>` or punctuation in front of `offset`, not before `floor`."""
    match = re.search(r"([\w:]+|\S)\s*$", code[floor:offset])
    return match[1] if match else ""


def is_capture_list(code, offset, floor):
    word = before(code, offset, floor)
    return not re.fullmatch(r"[\w:]+|[\])]", word) or word in {"return", "co_await", "co_yield"}


def captures_by_value(captures):
    items = [c.strip() for c in captures.split(",") if c.strip()]
    return [c for c in items if not c.startswith("&") and c not in {"this"}]


def body_of_lambda(code, offset):
    """The offset behind a lambda whose capture list ends at `offset`."""
    i = offset + 1
    while i < len(code) and code[i] not in "{;":
        i = matching(code, i) + 1 if code[i] == "(" else i + 1
    return matching(code, i) + 1 if i < len(code) and code[i] == "{" else i


def operand_traps(code, start):
    """(offset, complaint) of each trap in the operand of co_await or co_yield that begins at start."""
    i, depth = start, 0
    while i < len(code):
        c = code[i]
        if c == "[" and not code.startswith("[[", i) and is_capture_list(code, i, start):
            end = matching(code, i)
            if captures_by_value(code[i + 1:end]):
                yield i, "a lambda with captures by value is a temporary: name it on its own line"
            i = body_of_lambda(code, end)
            continue
        if c == "{":
            inside, word = code[i + 1:matching(code, i)].strip(), before(code, i, start)
            if not TRIVIAL.search(word) and (inside or depth == 0 or word not in {"(", ","}):
                yield i, "a braced temporary: name it on its own line"
            i = matching(code, i) + 1
            continue
        if c in OPEN:
            depth += 1
        elif c in CLOSE:
            depth -= 1
        if depth < 0 or (depth == 0 and c in ";,"):
            return
        i += 1


def traps(code):
    for match in AWAIT.finditer(code):
        if SPAWN.match(code, match.end()):
            yield match.start(), "the handle gets its own line: auto h = edo::spawn(…); co_await h;"
        yield from operand_traps(code, match.end())


def snippets(path):
    """(first line, code) of each piece of C++ in the file."""
    text = path.read_text()
    if path.suffix != ".md":
        return [(1, text)]
    return [(source.line_of(text, m.start(1)), m[1]) for m in FENCE.finditer(text)]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--root", type=pathlib.Path, default=source.ROOT)
    root = parser.parse_args().root
    paths = source.files("examples", "tests", "bench", root=root)
    paths += source.files("docs", root=root, suffixes={".md"}) + sorted(root.glob("*.md"))
    errors, awaits = [], 0
    for path in paths:
        for first, text in snippets(path):
            code, lines = source.blank(text), text.splitlines()
            awaits += len(AWAIT.findall(code))
            for offset, why in traps(code):
                line = source.line_of(code, offset)
                if "// lint:" not in lines[line - 1]:
                    errors.append(f"{source.name(path, root)}:{first + line - 1}: {why}")
    return source.report("check_lint", errors, f"{awaits} awaits")


if __name__ == "__main__":
    sys.exit(main())
