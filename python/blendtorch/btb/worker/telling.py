"""What the worker tells its head without being asked, by the topic `render`, and its own log."""

import sys
from collections.abc import Iterable
from typing import Any

from .. import instance

TOPIC = "render"


def event(name: str, **values: Any) -> None:
    """Says an event to the head."""
    instance.say(TOPIC, {"event": name, **values})


def warn(text: str) -> None:
    """Says what the user should know, to the head and in this process's log."""
    print(f"blendtorch: warning: {text}", file=sys.stderr, flush=True)
    event("warning", text=text)


def some(names: Iterable[str], most: int = 5) -> str:
    """Names in a message: a few, and how many more."""
    every = sorted(set(names))
    more = f" and {len(every) - most} more" if len(every) > most else ""
    return ", ".join(every[:most]) + more
