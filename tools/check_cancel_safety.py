#!/usr/bin/env python3
"""Checks docs/cancel_safety.md: it has a row for each awaiter of the library, and no others; each test
that it names exists, and one of each row races the drop with a wake (it is in tests/stress), unless the
awaiter never suspends.

An awaiter is a class below include/ that derives from `leaf_base`, directly or not, and from which no
other derives; or an operation, which `operation_awaiter` awaits.
"""

import argparse
import pathlib
import re
import sys

import check_parity
import source

CLASS = re.compile(r"\b(?:class|struct)\s+(?:\[\[[^\]]*\]\]\s*)?(?:EDO_API\s+)?"
                   r"((?:\w+(?:<\w+>)?::)*\w+)\s*(?:final\s*)?:(?!:)([^{;]*)\{")
OPERATION = "operation_awaiter(*this)"
ROW = re.compile(r"^\| `([\w:]+)` \|")
NEVER = "| it never suspends |"


def bases(text):
    """The first word of each base in a list of bases, without namespace and template arguments."""
    flat = text
    while (stripped := re.sub(r"<[^<>]*>", "", flat)) != flat:
        flat = stripped
    return [re.sub(r"^.*::", "", re.sub(r"\b(?:public|private|virtual)\b", "", b).strip())
            for b in flat.split(",")]


def awaiters(root):
    derived, operations = {}, set()
    for file in source.files("include", root=root):
        text = source.blank(file.read_text())
        for name, base_list in CLASS.findall(text):
            derived[re.sub(r"<\w+>", "", name)] = bases(base_list)
        for before in text.split(OPERATION)[:-1]:
            operations.add(CLASS.findall(before)[-1][0])
    found, grown = {"leaf_base"}, True
    while grown:
        more = {n for n, b in derived.items() if found & set(b)} - found
        found, grown = found | more, bool(more)
    leaves = {n for n in found if not any(n in b for m, b in derived.items() if m in found)}
    return leaves - {"operation_awaiter"} | operations


def check(root):
    page = root / "docs" / "cancel_safety.md"
    wanted = awaiters(root)
    tests = check_parity.defined(root)
    races = check_parity.defined(root, "tests/stress")
    errors, rows = [], set()
    for number, line in enumerate(page.read_text().splitlines(), 1):
        if not (row := ROW.match(line)):
            continue
        where = f"{page.relative_to(root)}:{number}"
        rows.add(row[1])
        if row[1] not in wanted:
            errors.append(f"{where}: {row[1]} is no awaiter")
        named = [n for n in check_parity.NAMED.findall(line) if not n.endswith(check_parity.FILES)]
        if not races.intersection(named) and NEVER not in line:
            errors.append(f"{where}: no test that races the drop of {row[1]} is named")
        errors += [f"{where}: {n} does not exist" for n in named if n not in tests]
    errors += [f"{page.relative_to(root)}: {name} is missing" for name in sorted(wanted - rows)]
    return source.report("check_cancel_safety", errors, f"{len(wanted)} awaiters")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--root", type=pathlib.Path, default=source.ROOT)
    sys.exit(check(parser.parse_args().root))
