"""The Python in documents, which is run as it stands there, word for word."""

from pathlib import Path
from typing import Any


def code_under(document: Path, heading: str) -> str:
    """The code under a heading of a document that describes a format."""
    section = document.read_text().split(f"\n## {heading}\n")[1].split("\n## ")[0]
    code = section.split("\n```python\n")[1].split("\n```\n")[0]
    # A recording holds our name; else the code needs no blendtorch, and does not speak of it.
    assert "blendtorch" not in code.replace('text("blendtorch")', ""), f"{document}: {heading}"
    return code


def definitions(document: Path, heading: str) -> dict[str, Any]:
    """What that code defines."""
    names: dict[str, Any] = {}
    code = code_under(document, heading)
    exec(compile(code, f"{document.name}: {heading}", "exec"), names)
    return names
