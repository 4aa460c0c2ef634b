#!/usr/bin/env python3
"""Counts the instructions of Edo's operations with callgrind and compares them with the baseline.

A count is the difference between a run of twice as many operations and one of as many, an operation;
so start and end cancel out. README.md beside this file says what the operations are, and why their
counts do not depend on the machine. Fails if an operation takes more than 5 % more than its baseline,
or has none though the compiler has one.
"""

import argparse
import concurrent.futures
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
BASELINE = ROOT / "bench/quick/baseline.json"
OPERATIONS = 10_000  # of a run; a multiple of what the operations do at a time
TOLERANCE = 0.05
BETTER, WORSE, MISSING = "better: update the baseline", "WORSE", "NO BASELINE"
TIMEOUT = 120  # seconds a process


def instructions(program, operation, n):
    """Of the whole process, in an empty environment: not even the stack may begin elsewhere."""
    with tempfile.TemporaryDirectory() as folder:
        profile = pathlib.Path(folder, "profile")
        command = ["/usr/bin/env", "-i", "/usr/bin/valgrind", "--tool=callgrind",
                   f"--callgrind-out-file={profile}", program, operation, str(n)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT, check=False)
        if done.returncode != 0:
            raise SystemExit(f"quick: {' '.join(command)}: {done.stderr.strip()}")
        return int(re.search(r"^totals: (\d+)$", profile.read_text(), re.MULTILINE)[1])


def count(program, operation):
    runs = [instructions(program, operation, n) for n in (OPERATIONS, 2 * OPERATIONS)]
    return round((runs[1] - runs[0]) / OPERATIONS, 1)


def measure(program, operations):
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        return dict(zip(operations, pool.map(lambda each: count(program, each), operations)))


def change(counted, known):
    return counted / known - 1


def verdict(counted, known):
    """What is to be said about a count beside its baseline, if anything."""
    if known is None:
        return MISSING
    if change(counted, known) > TOLERANCE:
        return WORSE
    return BETTER if change(counted, known) < -TOLERANCE else ""


def table(counts, baseline):
    yield f"{'operation':<16}{'instructions':>14}{'baseline':>12}{'change':>10}"
    for operation, counted in counts.items():
        line = f"{operation:<16}{counted:>14,.1f}"
        known = baseline.get(operation)
        if known is not None:
            line += f"{known:>12,.1f}{change(counted, known):>+10.1%}"
        if baseline:
            line = f"{line:<54}{verdict(counted, known)}"
        yield line.rstrip()


def failures(counts, baseline):
    """Names of the operations that may not stay as they are; none if nothing is known to compare with."""
    return [operation for operation, counted in counts.items()
            if baseline and verdict(counted, baseline.get(operation)) in (WORSE, MISSING)]


def output_of(*command):
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def main():
    parse = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parse.add_argument("program", type=pathlib.Path, help="an edo_quick")
    parse.add_argument("operations", nargs="*", help="default: all")
    parse.add_argument("--update", action="store_true", help="makes the counts this compiler's baseline")
    options = parse.parse_args()

    program = options.program.resolve()
    known = output_of(program).split()
    unknown = set(options.operations) - set(known)
    if unknown:
        parse.error(f"no such operation: {', '.join(sorted(unknown))}")
    compiler = output_of(program, "--compiler").strip()
    baselines = json.loads(BASELINE.read_text())
    baseline = baselines.get(compiler, {})
    counts = measure(program, options.operations or known)

    print(compiler + ("" if baseline else ": no baseline, nothing to compare with"))
    print("\n".join(table(counts, baseline)))
    if options.update:
        kept = baseline if options.operations else {}
        baselines[compiler] = kept | counts
        BASELINE.write_text(json.dumps(baselines, indent=4, sort_keys=True) + "\n")
        return 0
    failed = failures(counts, baseline)
    if failed:
        print(f"quick: {', '.join(failed)}: make it cheaper, or explain the new baseline (--update)",
              file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
