"""What the checkers share: finding the project's files and blanking out comments and strings."""

import pathlib
import re

ROOT = pathlib.Path(__file__).resolve().parent.parent
CODE = {".hpp", ".cpp"}

_TOKEN = re.compile(
    r'//[^\n]*'
    r'|/\*.*?\*/'
    r'|R"(?P<tag>[^()\\\s]{0,16})\(.*?\)(?P=tag)"'
    r'|"(?:\\.|[^"\\\n])*"'
    r"|(?<![0-9a-zA-Z])'(?:\\.|[^'\\\n])*'",
    re.DOTALL,
)


def files(*folders, root=ROOT, suffixes=CODE):
    """The files below `folders` with one of `suffixes`, sorted; a missing folder has none."""
    found = []
    for folder in folders:
        found += [p for p in (root / folder).rglob("*") if p.suffix in suffixes and p.is_file()]
    return sorted(found)


def name(path, root=ROOT):
    """The path as the project writes it, with slashes, from its top folder."""
    return path.resolve().relative_to(root.resolve()).as_posix()


def blank(text, comments=True, strings=True):
    """`text` with comments and the insides of strings turned to spaces; lines and columns stay."""

    def replace(match):
        token = match.group()
        if token.startswith(("//", "/*")):
            return re.sub(r"[^\n]", " ", token) if comments else token
        if not strings:
            return token
        return token[0] + re.sub(r"[^\n]", " ", token[1:-1]) + token[-1]

    return _TOKEN.sub(replace, text)


def line_of(text, offset):
    return text.count("\n", 0, offset) + 1


def report(checker, errors, what):
    """Prints the errors and a closing line; gives the exit code."""
    for error in errors:
        print(error)
    print(f"{checker}: {what}, {len(errors)} error{'s' * (len(errors) != 1)}")
    return 1 if errors else 0
