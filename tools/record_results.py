#!/usr/bin/env python3
"""Writes the table of `./dev test --full` into a page, between its two markers.

Standard input has a line for each step: name, state, number of tests, seconds, with tabs between.
"""

import datetime
import pathlib
import subprocess
import sys

BEGIN, END = "<!-- results -->", "<!-- /results -->"


def commit():
    """The short hash of the tree that was tested, with a + when it has changes; or `unknown`."""
    try:
        git = ["git", "describe", "--always", "--dirty=+", "--exclude=*"]
        return subprocess.run(git, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return "unknown"


def table(lines):
    yield f"Last run: {datetime.date.today().isoformat()}, commit {commit()}."
    yield ""
    yield "| step | result | tests | seconds |"
    yield "|---|---|---|---|"
    for line in lines:
        name, state, tests, seconds = line.split("\t")
        yield f"| {name} | {state} | {tests if tests != '0' else '–'} | {seconds} |"


def main():
    page = pathlib.Path(sys.argv[1])
    text = page.read_text()
    head, _, rest = text.partition(BEGIN)
    _, end, tail = rest.partition(END)
    if not end:
        sys.exit(f"{page}: no place between {BEGIN} and {END}")
    lines = [line for line in sys.stdin.read().splitlines() if line]
    page.write_text("\n".join([head + BEGIN, *table(lines), END]) + tail)


if __name__ == "__main__":
    main()
