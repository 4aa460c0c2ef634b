#!/usr/bin/env python3
"""Writes the results of `./dev test --full` into the table of a page, between its two markers.

Standard input has a line for each step: name, state, number of tests, seconds, with tabs between. Steps
that did not run now keep their row.
"""

import datetime
import pathlib
import subprocess
import sys

BEGIN, END = "<!-- results -->", "<!-- /results -->"
TITLES = ("step", "result", "tests", "seconds", "commit", "date")


def commit():
    """The short hash of the tree that was tested, with a + when it has changes; or `unknown`."""
    try:
        git = ["git", "describe", "--always", "--dirty=+", "--exclude=*"]
        return subprocess.run(git, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return "unknown"


def row(cells):
    return "| " + " | ".join(cells) + " |"


def rows_of(table):
    """The rows of a table as it stands in the page, by step."""
    rows = {}
    for line in table.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if len(cells) == len(TITLES) and cells[0] not in (TITLES[0], "---"):
            rows[cells[0]] = line
    return rows


def main():
    page = pathlib.Path(sys.argv[1])
    head, begin, rest = page.read_text().partition(BEGIN)
    table, end, tail = rest.partition(END)
    if not begin or not end:
        sys.exit(f"{page}: no place between {BEGIN} and {END}")
    rows = rows_of(table)
    tested = (commit(), datetime.date.today().isoformat())
    for line in filter(None, sys.stdin.read().splitlines()):
        name, state, tests, seconds = line.split("\t")
        rows[name] = row((name, state, tests if tests != "0" else "–", seconds, *tested))
    lines = [BEGIN, row(TITLES), "|" + "---|" * len(TITLES), *rows.values(), END]
    page.write_text(head + "\n".join(lines) + tail)


if __name__ == "__main__":
    main()
