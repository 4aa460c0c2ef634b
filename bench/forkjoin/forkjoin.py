#!/usr/bin/env python3
"""Runs the fork-join workloads of Edo and of oneTBB in alternating pairs and prints a table of ratios.

Each run is a process of its own. A ratio above 1 says that Edo is that many times as fast. README.md
beside this file says what the workloads have in common.
"""

import argparse
import datetime
import json
import os
import pathlib
import statistics
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from table import ROOT, number, quartiles, run, write_page

COMPILERS = {"gcc": ("GCC", "release"), "clang": ("Clang", "clang-release")}
ADDITION = "locked_add"  # not a row: the cost of one locked instruction, which figures scale with
SCOUTS = 5  # runs of the small size by which the best variant is found
TIMEOUT = 600  # seconds a process
MIB = 1 << 20


def output(program, *arguments):
    return subprocess.run([program, *arguments], capture_output=True, text=True, check=True).stdout


class Side:
    """A program that runs workloads, and the variants in which it has them."""

    def __init__(self, name, compiler):
        self.name, self.compiler = name, compiler
        self.program = ROOT / "build" / COMPILERS[compiler][1] / "bench" / f"{name}_forkjoin"
        self.variants, self.small = {}, {}
        for line in output(self.program).splitlines():
            workload, variant, _, small = line.split()
            self.variants.setdefault(workload, []).append(variant)
            self.small[workload] = int(small)

    def run(self, workload, variant, threads, size=None):
        return run([self.program, workload, *([size] if size else []),
                    "--variant", variant, "--threads", threads], timeout=TIMEOUT)

    def best_variant(self, workload, threads):
        """The fastest of them at the small size, and what each took there."""
        variants, small = self.variants[workload], self.small[workload]
        if len(variants) == 1:
            return variants[0], {}
        figures = {variant: [] for variant in variants}
        for _ in range(SCOUTS):
            for variant in variants:
                figures[variant].append(self.run(workload, variant, threads, small)["figure"])
        return min(variants, key=lambda variant: statistics.median(figures[variant])), figures


def same_checksum(workload, answers):
    sums = {answer["checksum"] for answer in answers}
    if len(sums) > 1:
        raise SystemExit(f"bench: {workload}: the checksums differ: {sorted(sums)}")


def check(sides, workloads):
    """Each variant on each side at the small size: do they compute the same?"""
    for workload in [*workloads, ADDITION]:
        answers = [side.run(workload, variant, 2, side.small[workload])
                   for side in sides for variant in side.variants.get(workload, [])]
        same_checksum(workload, answers)
        print(f"{workload}: {len(answers)} agree")


def addition(side):
    """Nanoseconds of one lock xadd that nobody gets in the way of."""
    return side.run(ADDITION, side.variants[ADDITION][0], 1)["figure"]


def measure(sides, workload, size, threads, pairs):
    """A row of the table: for each compiler the two sides and the quartiles of the ratios of pairs."""
    # With one worker there is a task that waits for another one, but no thread beside it.
    sides = [side for side in sides if workload in side.variants
             and not (side.name == "tbb" and threads == 1 and workload.startswith("channel"))]
    chosen = {side: side.best_variant(workload, threads) for side in sides}
    answers = {side: [] for side in sides}
    for pair in range(pairs):
        order = sides if pair % 2 == 0 else sides[::-1]
        for side in order:
            answers[side].append(side.run(workload, chosen[side][0], threads, size))
        same_checksum(workload, [runs[-1] for runs in answers.values()])
    one = answers[sides[0]][0]
    row = {"workload": workload, "size": one["size"], "threads": threads, "operations": one["operations"]}
    for side in sides:
        figures = [answer["figure"] for answer in answers[side]]
        row.setdefault(side.compiler, {})[side.name] = {
            "variant": chosen[side][0], "variants": len(side.variants[workload]),
            "scouts": chosen[side][1], "figures": figures, "figure": statistics.median(figures),
            "seconds": statistics.median(answer["seconds"] for answer in answers[side]),
            "peak_rss": max(answer["peak_rss"] for answer in answers[side])}
    for compiler in {side.compiler for side in sides}:
        both = row[compiler]
        if "tbb" in both:
            ratios = [theirs / ours for ours, theirs in zip(both["edo"]["figures"], both["tbb"]["figures"])]
            both["lower"], both["ratio"], both["upper"] = quartiles(ratios)
    return row


def seconds(side):
    if side is None:
        return "–"
    variant = f" ({side['variant']})" if side["variants"] > 1 else ""
    return f"{side['seconds']:.3f}{variant}"


def cells(row):
    yield f"{row['workload']}({row['size']:,})" if row["size"] >= 10_000 else f"{row['workload']}({row['size']})"
    yield str(row["threads"])
    done = [row[compiler] for compiler in COMPILERS if compiler in row]
    for compiler in COMPILERS:
        both = row.get(compiler, {})
        yield seconds(both.get("edo"))
        yield seconds(both.get("tbb"))
        yield (f"**{both['ratio']:.2f}** ({both['lower']:.2f} – {both['upper']:.2f})"
               if "ratio" in both else "–")
    yield " / ".join(number(both["edo"]["figure"]) for both in done)
    yield " / ".join(f"{max(both[name]['peak_rss'] for both in done) / MIB:.1f}"
                     for name in ("edo", "tbb") if name in done[0])


def line(row):
    return f"| {' | '.join(cells(row))} |"


def lines(rows, versions):
    yield f"Measured {datetime.date.today().isoformat()}: {versions}."
    yield ""
    yield ("| workload | threads | Edo, GCC, s | oneTBB, GCC, s | ratio (quartiles) | Edo, Clang, s "
           "| oneTBB, Clang, s | ratio (quartiles) | Edo, ns an operation, GCC / Clang "
           "| peak MiB, Edo / oneTBB |")
    yield "|" + "---|" * 10
    yield from map(line, rows)


def described(sides, additions):
    about = [output(side.program, "--about").strip().split(" with ") for side in sides]
    runtimes, compilers = map(dict.fromkeys, zip(*about))  # each once, in order
    return (f"{' and '.join(runtimes)} with {' and '.join(compilers)}; {os.cpu_count()} processors; "
            f"one uncontended `lock xadd` took {statistics.median(additions):.1f} ns")


def wanted(specifications, known, parse):
    """[(workload, size or None)] of NAME and NAME=SIZE."""
    for specification in specifications or known:
        name, _, size = specification.partition("=")
        if name not in known or (size and not size.isdecimal()):
            parse.error(f"no such workload: {specification}")
        yield name, int(size) if size else None


def main():
    parse = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parse.add_argument("workloads", nargs="*", metavar="NAME[=SIZE]", help="default: all")
    parse.add_argument("--pairs", type=int, default=5)
    parse.add_argument("--threads", type=int, nargs="+", default=[2, 1], help="default: 2, then 1")
    parse.add_argument("--compilers", nargs="+", choices=COMPILERS, default=list(COMPILERS))
    parse.add_argument("--json", type=pathlib.Path, help="writes all figures there")
    parse.add_argument("--page", type=pathlib.Path, help="writes the table there, between its markers")
    parse.add_argument("--check", action="store_true",
                       help="small sizes, GCC, two threads: are the checksums equal?")
    options = parse.parse_args()

    compilers = ["gcc"] if options.check else options.compilers
    sides = [Side(name, compiler) for compiler in compilers for name in ("edo", "tbb")]
    known = [workload for workload in sides[0].variants if workload != ADDITION]
    workloads = list(wanted(options.workloads, known, parse))
    if options.check:
        check(sides, [name for name, _ in workloads])
        return
    rows, additions = [], []
    for threads in options.threads:
        for workload, size in workloads:
            additions.append(addition(sides[0]))
            rows.append(measure(sides, workload, size, threads, options.pairs))
            print(line(rows[-1]), file=sys.stderr, flush=True)
    versions = described(sides, additions)
    text = "\n".join(lines(rows, versions))
    print(text)
    if options.json:
        options.json.write_text(json.dumps({"versions": versions, "locked_add": additions, "rows": rows},
                                           indent=1) + "\n")
    if options.page:
        write_page(options.page, "forkjoin", text)


if __name__ == "__main__":
    main()
