#!/usr/bin/env python3
"""Fails when an #include goes against tools/layers.txt (the table of docs/architecture.md)."""

import argparse
import fnmatch
import pathlib
import re
import sys

import source

INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*([<"])([^>"]+)[>"]', re.MULTILINE)
ALLOW = re.compile(r"allow\s+(\S+)\s*->\s*(\S+?)\s*:\s*(.+)")


class Layers:
    def __init__(self, text):
        self.may_include, self.open, self.outside, self.allowed = {}, set(), set(), []
        for number, line in enumerate(text.splitlines(), 1):
            line = line.split("#")[0].strip()
            word, _, rest = line.partition(" ")
            if not line:
                continue
            if word == "module":
                module, _, others = rest.partition(":")
                self.may_include[module.strip()] = set(others.split())
            elif word == "open":
                self.open |= set(rest.split())
            elif word == "outside":
                self.outside |= set(rest.split())
            elif match := ALLOW.fullmatch(line):
                self.allowed.append((match[1], match[2], number))
            else:
                sys.exit(f"tools/layers.txt:{number}: not understood: {line}")
        self.needed = set()
        for module, others in self.may_include.items():
            if unknown := others - self.may_include.keys():
                sys.exit(f"tools/layers.txt: {module} names unknown modules: {sorted(unknown)}")

    def excused(self, file, header):
        for sender, target, number in self.allowed:
            if fnmatch.fnmatch(file, sender) and fnmatch.fnmatch(header, target):
                self.needed.add(number)
                return True
        return False

    def complaint(self, file, module, header, target):
        """Why `file` of `module` may not include `header` of `target`; None when it may."""
        if target not in self.may_include:
            return f"{header} belongs to no module of tools/layers.txt"
        if target != module and target not in self.may_include[module]:
            allowed = " ".join(sorted(self.may_include[module])) or "no other module"
            return f"{module} must not include {target} ({header}); it may include: {allowed}"
        private = "/detail/" in header and target not in self.open and target != module
        if private:
            return f"{header} is the innards of {target}; {module} may use its public headers only"
        if file.startswith("include/") and not header.startswith("edo/"):
            return f'a public header must not include "{header}" of src/'
        return None


def module_of(path):
    """include/edo/M/... and src/M/... belong to M; an include is written edo/M/... or M/..."""
    for top in ("include/edo/", "src/", "edo/"):
        if path.startswith(top):
            path = path[len(top):]
            break
    return path.split("/")[0] if "/" in path else ""


def check(root, layers):
    errors, count = [], 0
    for path in source.files("include", "src", root=root):
        file = source.name(path, root)
        if file.removeprefix("include/") in layers.outside:
            continue
        module = module_of(file)
        if module not in layers.may_include:
            errors.append(f"{file}:1: belongs to no module of tools/layers.txt")
            continue
        text = source.blank(path.read_text(), strings=False)
        for match in INCLUDE.finditer(text):
            header = match[2]
            if match[1] == '"' and not (root / "src" / header).exists():
                beside = (path.parent / header)  # "name.hpp" in the same folder
                if beside.exists():
                    header = source.name(beside, root).removeprefix("src/").removeprefix("include/")
            elif match[1] == "<" and not header.startswith("edo/"):
                continue
            count += 1
            if header in layers.outside:
                why = f"{header} gathers everything and is for users"
            else:
                why = layers.complaint(file, module, header, module_of(header))
            if why and not layers.excused(file, header):
                errors.append(f"{file}:{source.line_of(text, match.start())}: {why}")
    for _, target, number in layers.allowed:
        if number not in layers.needed:
            errors.append(f"tools/layers.txt:{number}: no longer needed: {target}")
    return errors, count


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--root", type=pathlib.Path, default=source.ROOT)
    root = parser.parse_args().root
    layers = Layers((root / "tools/layers.txt").read_text())
    errors, count = check(root, layers)
    return source.report("check_layers", errors, f"{count} includes")


if __name__ == "__main__":
    sys.exit(main())
