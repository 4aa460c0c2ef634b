#!/usr/bin/env python3
"""Runs the workloads of Edo and of Tokio in alternating pairs and prints a table of ratios.

Each run is a process of its own. Tokio runs with glibc's malloc and with mimalloc preloaded; the
better of the two medians counts. A ratio above 1 says that Edo is that many times as fast, or needs
that many times less memory. README.md beside this file says what the workloads have in common.
"""

import argparse
import datetime
import json
import os
import pathlib
import re
import statistics
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from table import ROOT, number, quartiles, run, toolchains, write_page

MIMALLOC = "libmimalloc.so.2"
TOKIO_HANGS = {"spawn_many_remote_busy2"}  # Tokio 1.24: its LIFO slot starves the rest for ever
BYTES = {"sleeping_tasks"}
WAKE_BOUND = 0.5  # futex wakes an operation, on both sides


class Side:
    """A program that runs workloads, and the environment that it gets."""

    def __init__(self, name, program, environment=None):
        self.name, self.program = name, str(program)
        self.environment = {**os.environ, **(environment or {})}

    def run(self, workload, laps=None, prefix=()):
        command = [*prefix, self.program, workload, *([str(laps)] if laps else [])]
        return run(command, self.environment)

    def wakes(self, workload):
        """Calls of FUTEX_WAKE an operation, by strace(1), in a run that nobody times."""
        with tempfile.NamedTemporaryFile("r") as log:
            done = self.run(workload, 3, ["strace", "-f", "-qq", "-e", "trace=futex", "-o", log.name])
            calls = sum("FUTEX_WAKE" in line for line in log)
        return calls / done["operations"]


def mimalloc():
    listing = subprocess.run(["/sbin/ldconfig", "-p"], capture_output=True, text=True, check=True)
    found = re.search(rf"{re.escape(MIMALLOC)} .*=> (\S+)", listing.stdout)
    if not found:
        raise SystemExit(f"compare: {MIMALLOC} is missing (Debian: libmimalloc2.0)")
    return found[1]


def same_checksum(workload, answers):
    sums = {answer["checksum"] for answer in answers}
    if len(sums) > 1:
        raise SystemExit(f"compare: {workload}: the checksums differ: {sorted(sums)}")


def check(edo, tokio, workloads):
    """One lap of each workload on each side: do they compute the same?"""
    for workload in workloads:
        sides = [edo] if workload in TOKIO_HANGS else [edo, tokio]
        same_checksum(workload, [side.run(workload, 1) for side in sides])
        print(f"{workload}: ok")


def measure(edo, tokios, workload, pairs):
    """A row of the table: quartiles of the ratios of alternating pairs."""
    sides = [edo] if workload in TOKIO_HANGS else [edo, *tokios]
    figures = {side.name: [] for side in sides}
    for pair in range(pairs):
        order = sides if pair % 2 == 0 else sides[::-1]
        answers = {side.name: side.run(workload) for side in order}
        same_checksum(workload, answers.values())
        for name, answer in answers.items():
            figures[name].append(answer["figure"])
    medians = {name: statistics.median(values) for name, values in figures.items()}
    row = {"workload": workload, "unit": "bytes" if workload in BYTES else "ns", "edo": medians["edo"],
           "figures": figures}
    if len(sides) > 1:
        best = min(tokios, key=lambda side: medians[side.name]).name
        ratios = [theirs / ours for ours, theirs in zip(figures["edo"], figures[best])]
        lower, median, upper = quartiles(ratios)
        row |= {"tokio": medians[best], "allocator": best, "ratio": median, "lower": lower, "upper": upper}
    return row


def count_wakes(row, edo, tokios):
    side = next((side for side in tokios if side.name == row.get("allocator")), None)
    if side is None or row["unit"] != "ns":
        return
    row["wakes"] = {"edo": edo.wakes(row["workload"]), "tokio": side.wakes(row["workload"])}
    row["wake_bound"] = min(row["wakes"].values()) >= WAKE_BOUND


def line(row):
    name = row["workload"] + (" (bytes)" if row["unit"] == "bytes" else "")
    if row.get("wake_bound"):
        name += " (wake-bound)"
    if "tokio" not in row:
        return f"| {name} | {number(row['edo'])} | – | – | – |"
    wakes = row.get("wakes")
    wakes = f"{wakes['edo']:.2f} / {wakes['tokio']:.2f}" if wakes else "–"
    return (f"| {name} | {number(row['edo'])} | {number(row['tokio'])} ({row['allocator']}) | "
            f"**{row['ratio']:.2f}** ({row['lower']:.2f} – {row['upper']:.2f}) | {wakes} |")


def table(rows, versions):
    yield f"Measured {datetime.date.today().isoformat()}: {versions}."
    yield ""
    yield "| workload | Edo, ns | Tokio, ns | ratio (quartiles) | futex wakes an operation |"
    yield "|---|---|---|---|---|"
    yield from map(line, rows)


def main():
    parse = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parse.add_argument("workloads", nargs="*", help="default: all")
    parse.add_argument("--edo", default=ROOT / "build/release/bench/edo_compare")
    parse.add_argument("--tokio", default=ROOT / "build/tokio/release/tokio_compare")
    parse.add_argument("--pairs", type=int, default=11)
    parse.add_argument("--json", type=pathlib.Path, help="writes all figures there")
    parse.add_argument("--page", type=pathlib.Path, help="writes the table there, between its markers")
    parse.add_argument("--no-wakes", action="store_true", help="does not count futex wakes")
    parse.add_argument("--check", action="store_true", help="one lap each: are the checksums equal?")
    options = parse.parse_args()

    edo = Side("edo", options.edo)
    tokio = Side("glibc", options.tokio)
    known = subprocess.run([edo.program], capture_output=True, text=True, check=True).stdout.split()
    unknown = set(options.workloads) - set(known)
    if unknown:
        parse.error(f"no such workload: {', '.join(sorted(unknown))}")
    workloads = options.workloads or known
    if options.check:
        check(edo, tokio, workloads)
        return
    tokios = [tokio, Side("mimalloc", options.tokio, {"LD_PRELOAD": mimalloc()})]
    rows = []
    for workload in workloads:
        rows.append(measure(edo, tokios, workload, options.pairs))
        if not options.no_wakes:
            count_wakes(rows[-1], edo, tokios)
        print(line(rows[-1]), file=sys.stderr, flush=True)
    versions = toolchains(edo.program)
    text = "\n".join(table(rows, versions))
    print(text)
    if options.json:
        options.json.write_text(json.dumps({"versions": versions, "rows": rows}, indent=1) + "\n")
    if options.page:
        write_page(options.page, "compare", text)
    slower = [row["workload"] for row in rows if row.get("ratio", 1) < 0.95]
    print(f"slower than Tokio: {', '.join(slower) or 'none'}", file=sys.stderr)


if __name__ == "__main__":
    main()
