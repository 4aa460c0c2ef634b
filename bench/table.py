"""What the runners of the benchmarks share: programs that print JSON, quartiles, tables in pages.

By itself (table.py PAGE NAME) it puts its standard input between <!-- NAME --> and <!-- /NAME -->.
"""

import json
import os
import pathlib
import re
import statistics
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[1]


def run(command, environment=None, timeout=120):
    """What a program prints as JSON; `timeout` in seconds."""
    command = [str(word) for word in command]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=timeout,
                          check=False)
    if done.returncode != 0:
        raise SystemExit(f"bench: {' '.join(command)}: {done.stderr.strip() or done.returncode}")
    return json.loads(done.stdout)


def quartiles(values):
    """The lower quartile, the median, the upper quartile."""
    return statistics.quantiles(values, n=4, method="inclusive") if len(values) > 1 else values * 3


def number(value):
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}"


def toolchains(edo):
    """`edo`: a program that says with --compiler what it was built with."""
    rustc = subprocess.run(["/usr/bin/rustc", "--version"], capture_output=True, text=True, check=True)
    lock = (ROOT / "bench/compare/tokio/Cargo.lock").read_text()
    tokio = re.search(r'name = "tokio"\nversion = "([^"]+)"', lock)[1]
    compiler = subprocess.run([edo, "--compiler"], capture_output=True, text=True, check=True)
    return (f"Edo with {compiler.stdout.strip()}; Tokio {tokio} with "
            f"{' '.join(rustc.stdout.split()[:2])}; {os.cpu_count()} processors")


def write_page(page, name, text):
    """Puts `text` between <!-- name --> and <!-- /name -->."""
    begin, end = f"<!-- {name} -->", f"<!-- /{name} -->"
    head, _, rest = page.read_text().partition(begin)
    _, found, tail = rest.partition(end)
    if not found:
        raise SystemExit(f"{page}: no place between {begin} and {end}")
    page.write_text(f"{head}{begin}\n{text}\n{end}{tail}")


if __name__ == "__main__":
    write_page(pathlib.Path(sys.argv[1]), sys.argv[2], sys.stdin.read().strip())
