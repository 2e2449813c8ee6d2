"""What was lost, said by all consumers of a stream together."""

import json
from collections.abc import Iterable
from typing import Any

from .._blendtorch import total_receipts

Receipts = dict[str, Any]
"""Plain data, to be sent as JSON or pickled: for each of `publishers` the ranges of sequence
numbers `received` (first, one behind the last), how many it `sent` (once it has said its end), how
it came to its `end`, and more."""


def merge_receipts(receipts: Iterable[Receipts]) -> dict[str, Any]:
    """Puts together the receipts of all consumers of a stream, in any order.

        btt.merge_receipts([mine.receipts(), *(json.load(file) for file in others)])["lost"]

    One consumer that had the stream for itself is all. `received` are samples that reached at
    least one consumer, `duplicated` those that came again, to the same one or another, `lost` those
    that reached nobody: up to each publisher's end, or up to the latest that anybody has. `lost` is
    None where a consumer has forgotten what it had (after some 250 million samples in gaps).
    `unfinished` are publishers whose end nobody has heard: of them `lost` is the least that it can
    be. The same for each of `publishers`.

    Raises:
        ValueError: something is no receipts.
    """
    total: dict[str, Any] = json.loads(total_receipts([json.dumps(one) for one in receipts]))
    return total
