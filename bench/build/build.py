#!/usr/bin/env python3
"""What users pay to build: compile time and size of a program of one task, beside Boost.Asio.

Compiles edo.cpp, asio.cpp and an empty main() with the standard headers of <edo/edo.hpp>, in turn,
with both compilers and at two levels; and both programs with other headers than they name, for
information. README.md beside this file says how the figures are made.
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

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "bench"))
from table import quartiles, write_page

HERE = ROOT / "bench/build"
INCLUDE = ROOT / "include"
COMPILERS = {"GCC": ("g++", "release"), "Clang": ("clang++-19", "clang-release")}  # and its preset
LEVELS = ("-O0", "-O2")
RATIO, ABOVE_HEADERS = 0.6, 0.4  # what is wanted at most: of Asio's; seconds


def includes(header="edo/edo.hpp", seen=None):
    """The names of all standard headers that a header of Edo includes, sorted."""
    seen = set() if seen is None else seen
    found = set()
    for name in re.findall(r"^\s*#\s*include\s*<([^>]+)>", (INCLUDE / header).read_text(), re.MULTILINE):
        if not name.startswith("edo/"):
            found |= {name} if re.fullmatch(r"[a-z_]+", name) else set()
        elif name not in seen:
            seen.add(name)
            found |= set(includes(name, seen))
    return sorted(found)


def run(command):
    """Runs a command that must work; the processor time that it and its children took, in seconds."""
    process = subprocess.Popen([str(part) for part in command], stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise SystemExit(f"build: {' '.join(process.args)}: exit code {process.returncode}")
    return usage.ru_utime + usage.ru_stime


def with_headers(program, *headers):
    """The text of a program, with these headers in place of the library's."""
    text = re.sub(r"^#include <(edo|boost)/.*\n", "", (HERE / program).read_text(), flags=re.MULTILINE)
    return "".join(f"#include <{header}>\n" for header in headers) + text


def write_sources(folder):
    """What is compiled, by the names that it has here."""
    texts = {
        "edo": (HERE / "edo.cpp").read_text(),
        "asio": (HERE / "asio.cpp").read_text(),
        "headers": "".join(f"#include <{each}>\n" for each in includes()) + "int main() {}\n",
        "edo_needed": with_headers("edo.cpp", "edo/runtime/runtime.hpp"),
        "asio_all": with_headers("asio.cpp", "boost/asio.hpp"),
    }
    sources = {name: folder / f"{name}.cpp" for name in texts}
    for name, text in texts.items():
        sources[name].write_text(text)
    return sources


def sizes(compiler, library, objects):
    """Bytes of the linked and stripped programs. That they run is seen, too."""
    found = {}
    for name, libraries in {"edo": [library], "asio": []}.items():
        program = objects[name].with_suffix("")
        run([compiler, objects[name], *libraries, "-pthread", "-s", "-o", program])
        run([program])
        found[name] = program.stat().st_size
    return found


def measure(name, level, sources, laps, folder):
    """A row of the table."""
    compiler, preset = COMPILERS[name]
    objects = {each: folder / f"{each}.o" for each in sources}
    seconds = {each: [] for each in sources}
    for lap in range(laps):
        for each in list(sources) if lap % 2 == 0 else reversed(sources):
            seconds[each].append(run([compiler, "-std=c++23", level, "-I", INCLUDE, "-c", sources[each],
                                      "-o", objects[each]]))
    lower, ratio, upper = quartiles([ours / theirs for ours, theirs in zip(seconds["edo"], seconds["asio"])])
    above = statistics.median(ours - bare for ours, bare in zip(seconds["edo"], seconds["headers"]))
    size = sizes(compiler, ROOT / f"build/{preset}/libedo.a", objects)
    return {"compiler": name, "level": level, "seconds": seconds, "ratio": ratio, "lower": lower,
            "upper": upper, "above_headers": above, "bytes": size,
            "size_ratio": size["edo"] / size["asio"]}


def line(row):
    medians = {each: statistics.median(values) for each, values in row["seconds"].items()}
    kib = {each: size / 1024 for each, size in row["bytes"].items()}
    return (f"| {row['compiler']} {row['level']} | {medians['edo']:.2f} | {medians['asio']:.2f} | "
            f"**{row['ratio']:.2f}** ({row['lower']:.2f} – {row['upper']:.2f}) | {medians['headers']:.2f} | "
            f"{row['above_headers']:+.2f} | {medians['edo_needed']:.2f} | {medians['asio_all']:.2f} | "
            f"{kib['edo']:,.0f} | {kib['asio']:,.0f} | **{row['size_ratio']:.2f}** |")


def table(rows, versions):
    yield f"Measured {datetime.date.today().isoformat()}: {versions}."
    yield ""
    yield ("| compiler | Edo, s | Asio, s | ratio (quartiles) | standard headers, s | Edo above them, s | "
           "Edo, `runtime.hpp`, s | Asio, `asio.hpp`, s | Edo, KiB | Asio, KiB | ratio |")
    yield "|---|---|---|---|---|---|---|---|---|---|---|"
    yield from map(line, rows)


def missed(row):
    cell = f"{row['compiler']} {row['level']}"
    if row["ratio"] > RATIO:
        yield f"{cell}: time {row['ratio']:.2f} of Asio's, {RATIO} wanted"
    if row["above_headers"] > ABOVE_HEADERS:
        yield f"{cell}: {row['above_headers']:.2f} s above the headers, {ABOVE_HEADERS} wanted"
    if row["size_ratio"] > RATIO:
        yield f"{cell}: size {row['size_ratio']:.2f} of Asio's, {RATIO} wanted"


def toolchains():
    version = pathlib.Path("/usr/include/boost/version.hpp").read_text()
    boost = re.search(r'BOOST_LIB_VERSION "([^"]+)"', version)[1].replace("_", ".")
    numbers = [f"{name} " + subprocess.run([compiler, "-dumpfullversion", "-dumpversion"],
                                           capture_output=True, text=True, check=True).stdout.strip()
               for name, (compiler, _) in COMPILERS.items()]
    return f"{', '.join(numbers)}; Boost.Asio of Boost {boost}"


def main():
    parse = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parse.add_argument("--laps", type=int, default=5)
    parse.add_argument("--json", type=pathlib.Path, help="writes all figures there")
    parse.add_argument("--page", type=pathlib.Path, help="writes the table there, between its markers")
    options = parse.parse_args()

    rows = []
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        sources = write_sources(folder)
        for compiler in COMPILERS:
            for level in LEVELS:
                rows.append(measure(compiler, level, sources, options.laps, folder))
                print(line(rows[-1]), file=sys.stderr, flush=True)
    versions = toolchains()
    text = "\n".join(table(rows, versions))
    print(text)
    if options.json:
        options.json.write_text(json.dumps({"versions": versions, "rows": rows}, indent=1) + "\n")
    if options.page:
        write_page(options.page, "build", text)
    for row in rows:
        for complaint in missed(row):
            print(f"missed: {complaint}", file=sys.stderr)


if __name__ == "__main__":
    main()
