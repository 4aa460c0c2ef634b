#!/usr/bin/env python3
"""What must not compile, and what is said about it.

Each CASE.cpp here breaks one rule. The compiler must report exactly one error, and the words of each
`// expect:` line must stand within the first three lines of what it prints (`a|b`: one of the two).
CASE.ok.cpp differs in one line and compiles without a warning. Compilers spell types and sentences
differently: both sides are reduced to words first, so `is_not_owning<...>` reads "is not owning".
"""

import argparse
import concurrent.futures
import difflib
import pathlib
import re
import shlex
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
WARNINGS = ["-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Wshadow"]
SPELLINGS = [("__cxx11::", ""), ("basic_string_view<char>", "string_view"),
             ("basic_string<char>", "string"), ("task<>", "task<void>"),
             ("edo::why::reason::", ""), ("edo::why::", "")]


def words(text):
    for long, short in SPELLINGS:
        text = text.replace(long, short)
    return " " + " ".join(re.findall(r"[A-Za-z0-9]+|[*&]", text)) + " "


def directives(source, name):
    return re.findall(rf"^// {name}: (.*)$", source, re.MULTILINE)


def changed_lines(bad, good):
    lines = [[l for l in text.splitlines() if not re.match(r"// (expect|flags):", l)]
             for text in (bad, good)]
    diff = list(difflib.ndiff(*lines))
    return sum(l.startswith("- ") for l in diff), sum(l.startswith("+ ") for l in diff)


class Compiler:
    def __init__(self, arguments, folder):
        self.command = [arguments.cxx, f"-std={arguments.std}", "-fsyntax-only", *WARNINGS,
                        *arguments.flag]
        self.include = [flag for path in arguments.include for flag in ("-I", path)]
        self.precompiled = self.precompile(pathlib.Path(folder))

    def precompile(self, folder):
        """Compiles <edo/edo.hpp> once, for all cases; without it they are slow, and as good."""
        (folder / "edo").mkdir()
        header = folder / "edo" / "edo.hpp"
        header.write_text("#include_next <edo/edo.hpp>\n")
        clang = "clang" in subprocess.run([self.command[0], "--version"], capture_output=True,
                                          text=True, check=False).stdout
        output = header.with_name("edo.hpp.pch" if clang else "edo.hpp.gch")
        done = subprocess.run([c for c in self.command if c != "-fsyntax-only"] +
                              ["-I", str(folder), *self.include, "-x", "c++-header", str(header),
                               "-o", str(output)], capture_output=True, text=True, check=False)
        if done.returncode != 0:
            return []
        return ["-include-pch", str(output)] if clang else ["-I", str(folder)]

    def run(self, file, flags=()):
        command = [*self.command, *self.precompiled, *self.include, *flags, file.name]
        done = subprocess.run(command, cwd=file.parent, capture_output=True, text=True, check=False,
                              env={"LC_ALL": "C", "PATH": "/usr/bin:/bin:/usr/local/bin"})
        return done.returncode, done.stderr


def check(compiler, bad):
    """The complaints about one case."""
    good = bad.with_name(bad.stem + ".ok.cpp")
    source = bad.read_text()
    expected = directives(source, "expect")
    flags = [flag for line in directives(source, "flags") for flag in shlex.split(line)]
    complaints = [] if expected else ["says nothing about what it expects"]
    if not good.exists():
        return [*complaints, f"{good.name} is missing"]
    if changed_lines(source, good.read_text()) != (1, 1):
        complaints.append(f"{good.name} must differ in exactly one line")
    code, output = compiler.run(bad, flags)
    errors = len(re.findall(r"\berror:", output))
    if code == 0 or errors != 1:
        complaints.append(f"{errors} errors instead of one")
    first = words("\n".join(output.splitlines()[:3]))
    for line in expected:
        if not any(words(choice) in first for choice in line.split("|")):
            complaints.append(f"the first three lines do not say: {line}")
    if complaints:
        complaints.append(output[:3000])
    code, output = compiler.run(good, flags)
    if code != 0 or output:
        complaints.append(f"{good.name} must compile without a word:\n{output[:3000]}")
    return complaints


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cxx", default="g++", help="the compiler")
    parser.add_argument("--std", default="c++23")
    parser.add_argument("-I", dest="include", action="append", default=[], help="include directory")
    parser.add_argument("--flag", action="append", default=[], help="another option for the compiler")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("cases", nargs="*", help="names of cases (default: all)")
    arguments = parser.parse_args()
    arguments.include = [str(pathlib.Path(path).resolve()) for path in
                         arguments.include or [HERE.parent.parent / "include"]]
    cases = [file for file in sorted(HERE.glob("*.cpp")) if not file.stem.endswith(".ok")
             and (not arguments.cases or file.stem in arguments.cases)]
    failed = 0
    with tempfile.TemporaryDirectory() as folder:
        compiler = Compiler(arguments, folder)
        with concurrent.futures.ThreadPoolExecutor(arguments.jobs) as pool:
            for file, complaints in zip(cases, pool.map(lambda f: check(compiler, f), cases)):
                if complaints:
                    failed += 1
                    print(f"{file.name}: " + "\n    ".join(complaints))
    print(f"compile_fail: {len(cases) - failed} of {len(cases)} cases as expected "
          f"({pathlib.Path(arguments.cxx).name})")
    return 1 if failed or not cases else 0


if __name__ == "__main__":
    sys.exit(main())
