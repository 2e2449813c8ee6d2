"""An item whose arrays are written where the consumer reads them."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from .._blendtorch import DraftTensor, Publisher
from . import asked, progress

if TYPE_CHECKING:
    from numpy.typing import DTypeLike, NDArray


class Draft(Mapping[str, "NDArray[Any]"]):
    """An item that is being made, by `DataPublisher.begin`; its arrays by name.

        with pub.begin(image=((480, 640, 4), np.uint8)) as draft:
            off.render(out=draft["image"])
            draft.publish(frameid=anim.frameid)

    The arrays lie in memory that a consumer on this host reads: what is written there is not copied
    any more before it is sent. They begin with what an earlier item left there, or with zeros.

    `publish` makes them read-only. Slices and other numpy views that a script made of them would
    stay writable; while there are any, `publish` sends a copy instead. What it cannot see are
    buffers that are no numpy arrays (a memoryview, a `gpu.types.Buffer`): drop them before. As long
    as an array of a draft is kept, its memory is not used again: keep a copy instead.

    Left without `publish`, a draft is discarded.
    """

    def __init__(
        self, publisher: Publisher, tensors: "dict[str, tuple[tuple[int, ...], DTypeLike]]"
    ) -> None:
        """Begins an item with these arrays; use `DataPublisher.begin`."""
        self._publisher = publisher
        self._tensors: dict[str, DraftTensor] = {}
        try:
            for name, what in tensors.items():
                shape, dtype = _layout(name, what)
                self._tensors[name] = publisher.begin(name, dtype, shape)
        except BaseException:
            self.discard()
            raise

    def __getitem__(self, name: str) -> "NDArray[Any]":
        """The array of this name, C order, writable until the draft is published or discarded.

        Raises:
            RuntimeError: it has been.
        """
        array: NDArray[Any] = self._tensors[name].array()
        return array

    def __iter__(self) -> Iterator[str]:
        return iter(self._tensors)

    def __len__(self) -> int:
        return len(self._tensors)

    def shared(self, name: str) -> bool:
        """Whether a consumer on this host reads the array where it is: it is not small, there is
        shared memory at this address, and some of it was free."""
        return self._tensors[name].shared

    def publish(self, **kwargs: Any) -> None:
        """Publishes the arrays, and these fields behind them, as one item.

        Blocks as `DataPublisher.publish` does. The draft is over afterwards.

        Raises:
            TypeError: a field cannot travel, or has the name of an array; the draft goes on.
            RuntimeError: the draft is over.
            OSError: the publisher is closed.
            SystemExit: as `DataPublisher.publish`.
        """
        for name in kwargs:
            if name in self._tensors:
                raise TypeError(f"the draft has an array '{name}' already: write into that")
        self._publisher.publish(kwargs, progress.episode, progress.index, self._tensors)
        asked.published()

    def discard(self) -> None:
        """Gives the memory back, and sends nothing. Does nothing where the draft is over."""
        for tensor in self._tensors.values():
            tensor.discard()

    def __enter__(self) -> "Draft":
        return self

    def __exit__(self, *_: object) -> None:
        self.discard()


def _layout(name: str, what: "tuple[tuple[int, ...], DTypeLike]") -> tuple[list[int], str]:
    try:
        shape, dtype = what
        return [int(length) for length in shape], np.dtype(dtype).name
    except (TypeError, ValueError) as error:
        raise TypeError(
            f"field '{name}' must be (shape, dtype), as ((480, 640, 4), np.uint8): {error}"
        ) from error
