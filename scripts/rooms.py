"""Holds the crates and the Python packages to the rooms of docs/architecture.md.

    python3 scripts/rooms.py

Reads the two tables under "Rooms" there: which room may use which, and which library only some
rooms may use. What tests use (dev-dependencies) is free, since nothing stands on it. Prints each
import that the page does not allow, and ends with 1 if there is one.
"""

import ast
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "architecture.md"


def tables() -> Iterator[list[dict[str, str]]]:
    """The tables of the section, each a list of rows by the words of its head."""
    section = PAGE.read_text().split("\n## Rooms\n", 1)[1].split("\n## ", 1)[0]
    for block in re.findall(r"(?:^\|.*\n)+", section, re.MULTILINE):
        rows = [
            [cell.strip() for cell in line.strip("|\n").split("|")] for line in block.splitlines()
        ]
        yield [dict(zip(rows[0], row, strict=True)) for row in rows[2:]]


def names(cell: str) -> set[str]:
    """The names in backticks of a cell."""
    return set(re.findall(r"`([^`]+)`", cell))


def folder(cell: str) -> str:
    """The folder that a row is of."""
    (found,) = names(cell)
    return found.rstrip("/")


def crates() -> dict[str, tuple[str, set[str]]]:
    """Crates of the workspace by folder: the name, and what it depends on, tests aside."""
    command = ["cargo", "metadata", "--no-deps", "--format-version", "1"]
    told = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    found = {}
    for package in json.loads(told)["packages"]:
        place = Path(package["manifest_path"]).parent.relative_to(ROOT)
        used = {one["name"] for one in package["dependencies"] if one["kind"] != "dev"}
        found[str(place)] = (package["name"], used)
    return found


def imported(package: Path) -> set[str]:
    """The sub-packages of blendtorch that the files of one import."""
    found = set()
    for file in package.rglob("*.py"):
        place = file.relative_to(ROOT / "python").with_suffix("").parts
        for node in ast.walk(ast.parse(file.read_text())):
            modules = []
            if isinstance(node, ast.ImportFrom):
                above = place[: -node.level] if node.level else ()
                module = ".".join([*above, *filter(None, [node.module])])
                modules = [f"{module}.{alias.name}" for alias in node.names]
            elif isinstance(node, ast.Import):
                modules = [alias.name for alias in node.names]
            found |= {name.split(".")[1] for name in modules if name.startswith("blendtorch.")}
    return found


def complaints() -> Iterator[str]:
    """What the page does not allow, a line each."""
    rooms, libraries = tables()
    there = crates()
    allowed = {folder(row["folder"]): names(row["may use"]) for row in rooms}
    room_of = {name: place for place, (name, _) in there.items()}
    for place, (name, used) in there.items():
        if place not in allowed:
            yield f"{place}/ ({name}) is no room of the table"
            continue
        for one in sorted(used & room_of.keys()):
            if room_of[one] not in {word.rstrip("/") for word in allowed[place]}:
                yield f"{place}/ uses {room_of[one]}/, which the table does not allow"
    for row in libraries:
        only = {word.rstrip("/") for word in names(row["only in"])}
        for place, (_, used) in there.items():
            for one in sorted(used & names(row["library"])):
                if place not in only:
                    yield f"{place}/ uses the library {one}, which is for {row['only in']} only"
    python = ROOT / "python" / "blendtorch"
    packages = {str(path.parent.relative_to(ROOT)) for path in python.glob("*/__init__.py")}
    for place in sorted(packages):
        if place not in allowed:
            yield f"{place}/ is no room of the table"
            continue
        others = {Path(other).name for other in packages} - {Path(place).name}
        may = {Path(word).name for word in allowed[place]}
        for one in sorted(imported(ROOT / place) & others - may):
            yield f"{place}/ imports blendtorch.{one}, which the table does not allow"
    for place in sorted(allowed):
        if not (ROOT / place).is_dir():
            yield f"the table has a room {place}/ that is not there"


def main() -> int:
    """Prints the complaints."""
    found = list(complaints())
    for line in found:
        print(f"rooms: {line} (docs/architecture.md)", file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
