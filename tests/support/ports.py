"""Ports that other programs may have too: tests find free ones, and use none that is fixed."""

import random
from collections.abc import Callable
from typing import TypeVar

from blendtorch import btt

T = TypeVar("T")


def on_free_ports(use: Callable[[int], T]) -> T:
    """Calls `use` with the first of some ports in a row, until those are free."""
    said = ""
    for _ in range(20):
        try:
            # Below the ports that the system gives out by itself.
            return use(random.randrange(20_000, 30_000))
        except (AssertionError, btt.LaunchError) as error:
            said = str(error)
            if "occupied" not in said:
                raise
    raise AssertionError(f"no free ports were found: {said}")
