#!/usr/bin/env python3
"""Measures how Edo grows: with live tasks, pending timers, workers; and how late tasks run.

Each run is a process of its own. Prints tables of medians; --page writes them into a page and plots
beside it. README.md beside this file has the rules.
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
from table import ROOT, number, quartiles, run, toolchains, write_page

SIZES = [10**k for k in range(1, 8)]
HUGE = 10**7  # from here on one run is enough
WORKERS = [1, 2, 4, 16, 64]
PERCENTILES = [50, 99, 99.9, 99.99]
OPERATIONS = 1_000_000  # on timers, a run
LATENCY_TIME = 2e9  # nanoseconds a run
STEPS = 2_000  # of a task of wake_latency: some microseconds
LOAD = 0.5
BYTES_FROM = 10_000  # with fewer tasks than that the pages of the runtime weigh more
FLOOR_WORKERS, CEILING_LATENCY = 0.7, 1.0  # the goals

# Bytes that a live task, a pending timer takes, with something to spare.
NEEDS = {"live_tasks": 320, "timer_cancel": 64, "timer_fire": 320}


def available():
    """MemAvailable of proc_meminfo(5), in bytes."""
    lines = pathlib.Path("/proc/meminfo").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("MemAvailable:")) * 1024


def expect(answer, checksum):
    if answer["checksum"] != checksum:
        raise SystemExit(f"scale: {answer['workload']}: the checksum is {answer['checksum']} "
                         f"instead of {checksum}")
    return answer


class Bench:
    """The programs, and how much they have to do."""

    def __init__(self, options):
        self.edo, self.tokio = options.edo, options.tokio
        self.is_check = options.check
        self.rounds = 1 if options.check else options.rounds
        self.sizes = [10, 1_000] if options.check else [n for n in SIZES if n <= options.largest]
        self.workers = [1, 2, 64] if options.check else WORKERS
        self.laps = 1 if options.check else 0  # 0: as many as fit into the time
        self.operations = 1_000 if options.check else OPERATIONS
        self.tasks, self.leaves = (1_000, 1_000) if options.check else (10_000, 1_000_000)

    def run(self, *command):
        return run([self.edo, *command])

    def sizes_of(self, workload):
        """Those that fit into memory."""
        for size in self.sizes:
            needed, free = size * NEEDS[workload], 0.8 * available()
            if needed > free:
                print(f"{workload}: {size:,} left out: needs {needed / 2**30:.1f} GiB, "
                      f"{free / 2**30:.1f} GiB may be used", file=sys.stderr)
            else:
                yield size

    def each_size(self, workload, figures, *numbers, checksum=None):
        """Series by the names of `figures`; the rounds go through all sizes by turns."""
        series = {figure: {} for figure in figures}
        for turn in range(self.rounds):
            for size in self.sizes_of(workload):
                if turn > 0 and size >= HUGE:
                    continue
                answer = expect(self.run(workload, size, *numbers), checksum or size)
                for figure in figures:
                    series[figure].setdefault(size, []).append(answer[figure])
        return series


def live_tasks(bench):
    series = bench.each_size("live_tasks", ["spawn", "beside", "end", "bytes"], bench.laps)
    series["bytes"] = {size: values for size, values in series["bytes"].items() if size >= BYTES_FROM}
    return series


def timers(bench):
    count = bench.operations
    return (bench.each_size("timer_cancel", ["cancel"], count, checksum=count) |
            bench.each_size("timer_fire", ["fire"], count, checksum=count))


def workers(bench):
    series = {"spawn_many": {}, "skynet": {}}
    sums = {"spawn_many": bench.tasks, "skynet": bench.leaves * (bench.leaves - 1) // 2}
    for turn in range(bench.rounds):
        for n in bench.workers if turn % 2 == 0 else bench.workers[::-1]:
            for workload, size in (("spawn_many", bench.tasks), ("skynet", bench.leaves)):
                answer = expect(bench.run(workload, n, size, bench.laps), sums[workload])
                series[workload].setdefault(n, []).append(1_000 / answer["task"])  # millions a second
    return series


def wake_latency(bench):
    """Alternating pairs: the source has one processor, each other one has a worker."""
    n = max(1, (os.cpu_count() or 1) - 1)
    steps = 100 if bench.is_check else STEPS
    turn_ns = min(bench.run("work", steps)["work"] for _ in range(5))
    interval = max(1, round(turn_ns / (LOAD * n)))
    events = 2_000 if bench.is_check else round(LATENCY_TIME / interval)
    numbers = [n, interval, events, steps]
    sides = {"edo": [bench.edo, "wake_latency", *numbers], "tokio": [bench.tokio, *numbers]}
    series = {"edo": {}, "tokio": {}, "edo load": {}, "tokio load": {}, "edo source": {},
              "tokio source": {}}
    for turn in range(bench.rounds):
        names = list(sides) if turn % 2 == 0 else list(sides)[::-1]
        answers = {name: run(sides[name]) for name in names}
        expect(answers["tokio"], answers["edo"]["checksum"])
        for name, answer in answers.items():
            for percent in PERCENTILES:
                series[name].setdefault(percent, []).append(answer[f"p{percent}"] / 1_000)  # us
            series[f"{name} load"].setdefault(n, []).append(answer["load"])
            series[f"{name} source"].setdefault(99.9, []).append(answer["source p99.9"] / 1_000)
    return series


MEASURES = {measure.__name__: measure for measure in (live_tasks, timers, workers, wake_latency)}


# --- what becomes of the figures: {plot: {series: {x: [a figure a round]}}} ---------------------


def medians(series):
    return {x: statistics.median(values) for x, values in series.items()}


def ratios(above, below):
    """Round by round, as "**median** (quartiles)", and the median."""
    lower, median, upper = quartiles([a / b for a, b in zip(above, below)])
    return f"**{median:.2f}** ({lower:.2f} – {upper:.2f})", median


def rows(head, lines):
    yield "| " + " | ".join(head) + " |"
    yield "|---" * len(head) + "|"
    for line in lines:
        yield "| " + " | ".join(line) + " |"


def sizes_table(head, columns):
    """A line for each size; columns of medians by size."""
    sizes = sorted({size for column in columns for size in column})
    cells = ([number(column[size]) if size in column else "–" for column in columns] for size in sizes)
    yield from rows(head, ([f"{size:,}", *line] for size, line in zip(sizes, cells)))


def live_tasks_table(figures):
    yield from sizes_table(["live tasks", "spawned until asleep, ns", "spawn and await beside them, ns",
                            "abort and join, ns", "bytes a task"],
                           [medians(figures[name]) for name in ("spawn", "beside", "end", "bytes")])


def timers_table(figures):
    yield from sizes_table(["pending timers", "cancel and register, ns", "fire, turn, register, ns"],
                           [medians(figures[name]) for name in ("cancel", "fire")])


def workers_table(figures):
    counts = sorted(figures["skynet"])
    last = counts[-1]
    lines = []
    for name, series in figures.items():
        kept = ratios(series[last], series[2])[0] if 2 in series else "–"
        lines.append([name, *(f"{medians(series)[n]:.2f}" for n in counts), kept])
    head = ["million tasks a second, by workers", *map(str, counts), f"{last} by 2 (quartiles)"]
    yield from rows(head, lines)


def wake_latency_table(figures):
    def line(name, key):
        load = medians(figures[f"{key} load"])
        return [name, *(number(value) for value in medians(figures[key]).values()),
                ", ".join(f"{value:.2f}" for value in load.values()),
                number(medians(figures[f"{key} source"])[99.9])]

    compared = [ratios(figures["edo"][p], figures["tokio"][p])[0] for p in PERCENTILES]
    yield from rows(["us from wake to turn", *(f"p{p}" for p in PERCENTILES), "load", "source, p99.9"],
                    [line("Edo", "edo"), line("Tokio", "tokio"),
                     ["Edo by Tokio (quartiles)", *compared, "", ""]])


TABLES = {"live_tasks": live_tasks_table, "timers": timers_table, "workers": workers_table,
          "wake_latency": wake_latency_table}
TITLES = {"live_tasks": "Tasks beside live ones", "timers": "Timers beside pending ones",
          "workers": "More workers than processors", "wake_latency": "From wake to turn at half load"}


def text(results, versions, plots):
    """`plots`: where they lie, seen from the page; None: there are none."""
    yield f"Measured {datetime.date.today().isoformat()}: {versions}."
    for name, figures in results.items():
        yield ""
        if plots:
            yield f"![{TITLES[name]}]({plots}/{name}.svg)"
            yield ""
        yield from TABLES[name](figures)


def verdicts(results):
    """Where the goals are."""
    for name, series in results.get("workers", {}).items():
        last = max(series)
        if 2 in series and last > 2:
            kept = ratios(series[last], series[2])[1]
            yield (f"{name}: {last} workers keep {kept:.2f} of what 2 reach "
                   f"(goal: {FLOOR_WORKERS}): {'ok' if kept >= FLOOR_WORKERS else 'MISSED'}")
    if figures := results.get("wake_latency"):
        ratio = ratios(figures["edo"][99.9], figures["tokio"][99.9])[1]
        yield (f"wake_latency: Edo's p99.9 is {ratio:.2f} of Tokio's "
               f"(goal: {CEILING_LATENCY}): {'ok' if ratio <= CEILING_LATENCY else 'MISSED'}")


def load(path):
    results = json.loads(path.read_text())["plots"]
    return {plot: {name: {json.loads(x): values for x, values in series.items()}
                   for name, series in figures.items()} for plot, figures in results.items()}


def main():
    parse = argparse.ArgumentParser(prog="./dev bench scale", description=__doc__.splitlines()[0])
    parse.add_argument("plots", nargs="*", help=f"of {', '.join(MEASURES)}; default: all")
    parse.add_argument("--edo", default=ROOT / "build/release/bench/edo_scale")
    parse.add_argument("--tokio", default=ROOT / "build/tokio/release/tokio_scale")
    parse.add_argument("--rounds", type=int, default=11)
    parse.add_argument("--largest", type=int, default=SIZES[-1], help="most live tasks, pending timers")
    parse.add_argument("--json", type=pathlib.Path, help="writes all figures there")
    parse.add_argument("--from", type=pathlib.Path, dest="earlier",
                       help="what is not named comes from this file of --json")
    parse.add_argument("--page", type=pathlib.Path, help="writes the tables there, plots beside it")
    parse.add_argument("--check", action="store_true", help="once, small: are the checksums right?")
    options = parse.parse_args()
    unknown = set(options.plots) - set(MEASURES)
    if unknown:
        parse.error(f"no such plot: {', '.join(sorted(unknown))}")

    bench = Bench(options)
    measured = options.plots or ([] if options.earlier else list(MEASURES))
    results = load(options.earlier) if options.earlier else {}
    for name in measured:
        results[name] = MEASURES[name](bench)
        print(f"{name}: {'ok' if options.check else 'measured'}", file=sys.stderr, flush=True)
    if options.check:
        return
    results = {name: results[name] for name in MEASURES if name in results}
    versions = toolchains(options.edo)
    if options.json:
        options.json.write_text(json.dumps({"versions": versions, "plots": results}, indent=1) + "\n")
    if options.page:
        import plots  # not on top: who only measures needs no matplotlib
        plots.draw_all(options.page.parent / "plots", results)
        write_page(options.page, "scale", "\n".join(text(results, versions, "plots")))
    print("\n".join(text(results, versions, None)))
    print("\n".join(verdicts(results)), file=sys.stderr)


if __name__ == "__main__":
    main()
