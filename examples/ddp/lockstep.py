"""Batches of all ranks in step: every rank takes as many steps as any other, and ends with it.

A rank's stream may end earlier than another's, give nothing at all, or fail. Here each rank says
before each step how many items it has, and goes on, with none, until nobody has any. torch's own
`Join` lets a rank that has ended answer the collectives of the others instead. It does so for a
rank that never had a batch too (torch 2.13), but a fleet of Blenders wants more:

- A rank that raises leaves `Join` without a word. The others wait in a collective until its process
  is gone (gloo sees its connections close) or the collective's own time-out of minutes has passed.
  Here they take what is still theirs, are told the reason, and all come to an end.
- A rank that has joined steps its optimizer no more. Its weights come from another in the end, but
  what Adam knows stays behind (it is empty, where there was no batch), and so does a checkpoint.
- `Join` takes the mean over ranks, whatever they have. With the number of all items it can be taken
  over items, so that a last small batch counts for what it is.
"""

import sys
from collections.abc import Iterator
from typing import Any

import torch
import torch.distributed as dist
from blendtorch import btt

Batch = dict[str, Any]


class Lockstep:
    """Iterates what this rank has for each step, and how many items all ranks have in it.

    A rank without a batch gets None, and takes part in the step all the same. So does one whose
    stream has failed: what comes meanwhile goes to the others, and nothing is lost. All ranks
    iterate, as far as each other, and then call `check`.
    """

    def __init__(self, batches: Iterator[Batch]) -> None:
        """`batches` are this rank's own; their items have a `btid`."""
        self._batches = batches
        self._over = False
        self._error: Exception | None = None

    def __iter__(self) -> Iterator[tuple[Batch | None, int]]:
        while True:
            batch = self._next()
            items = torch.tensor(0 if batch is None else len(batch["btid"]))
            dist.all_reduce(items)
            if not items:
                return
            yield batch, int(items)

    def _next(self) -> Batch | None:
        if self._over:
            return None
        try:
            batch = next(self._batches, None)
        except Exception as error:  # Raised by `check`, on all ranks.
            self._error, batch = error, None
            print(f"rank {dist.get_rank()} goes on without items: {error}", file=sys.stderr)
        self._over = batch is None
        return batch

    def check(self, whole: bool) -> None:
        """Raises on every rank what ended the stream of this one, or else RuntimeError with what
        ended that of another.

        Args:
            whole: all that the fleet has sent was received, and it came to its end in order. A rank
                that was not connected by then had nobody to wait for, and that is no error.
        """
        late = whole and isinstance(self._error, btt.InstanceFailedError | TimeoutError)
        error = None if late else self._error
        said = gathered(error and f"{type(error).__name__}: {error}")
        if error:
            raise error
        failed = [f"rank {rank} has failed: {text}" for rank, text in enumerate(said) if text]
        if failed:
            raise RuntimeError("\n".join(failed))


def gathered(mine: Any) -> list[Any]:
    """What each rank says, on every rank."""
    everybody: list[Any] = [None] * dist.get_world_size()
    dist.all_gather_object(everybody, mine)
    return everybody
