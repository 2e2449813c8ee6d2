"""Recordings: items in a file, appended one by one, read in any order."""

import os
import warnings
from os import PathLike, fspath
from typing import Any

from .._blendtorch import Recorder, Recording, recording_path
from ..renamed import also_called


class FileRecorder:
    """Appends items to a recording while its `with` block lasts.

    with btt.FileRecorder(btt.FileRecorder.filename("run", 0)) as recorder:
        recorder.save({"image": image, "xy": xy})

    Whatever ends the block or the program: what was written so far can be read. That is everything
    when the block has been left, else all but the items of about the last second.
    """

    def __init__(
        self,
        outpath: str | PathLike[str] = "blendtorch.mpkl",
        max_messages: int = 100000,
        update_header: int = 10000,
    ) -> None:
        """Stores where to record. The file is made, in place of an older one, by the `with` block
        or the first item; so are folders on the way to it.

        Args:
            outpath: the file; `filename` makes a name that `FileDataset` finds. (The default is the
                original's name; what is written is a recording of ours.)
            max_messages: items beyond are dropped and counted in `dropped`.
            update_header: small items are gathered; so many are written at the latest.
        """
        self.outpath = fspath(outpath)
        self.max_messages = max_messages
        self.capacity = max_messages
        self.update_header = update_header
        self._recorder: Recorder | None = None

    @staticmethod
    @also_called(worker_idx="worker")
    def filename(prefix: str | PathLike[str], worker: int) -> str:
        """The file of a worker: `{prefix}_{worker:02d}.mcap`."""
        return fspath(recording_path(fspath(prefix), worker))

    @also_called(item="data")
    def save(self, data: dict[str, Any], is_pickled: bool = False) -> bool:
        """Appends an item: a dict of what can be published. False when it is full.

        Args:
            data: the item.
            is_pickled: as in the original's signature; no pickle is taken.

        Raises:
            TypeError: a value that cannot travel; it names the field. Or a pickle.
            OSError: the file cannot be written.
            ValueError: the recorder is closed.
        """
        if is_pickled:
            raise TypeError(
                "recordings hold no pickles, which would run code when they are read: save the "
                "item itself, without is_pickled=True"
            )
        return self._open().save(data)

    def flush(self) -> None:
        """Writes what was gathered: it can be read from now on."""
        self._open().flush()

    @property
    def num_messages(self) -> int:
        """Items kept."""
        return 0 if self._recorder is None else self._recorder.recorded()[0]

    @property
    def dropped(self) -> int:
        """Items dropped because there were more than `max_messages`."""
        return 0 if self._recorder is None else self._recorder.recorded()[1]

    def close(self) -> None:
        """Writes what was gathered and completes the file."""
        if self._recorder is not None:
            self._recorder.close()

    def _open(self) -> Recorder:
        if self._recorder is None:
            make_folder_of(self.outpath)
            self._recorder = Recorder(
                self.outpath,
                max_messages=self.max_messages,
                flush_messages=max(1, self.update_header),
            )
        return self._recorder

    def __enter__(self) -> "FileRecorder":
        self._open()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def make_folder_of(path: str) -> None:
    """Makes the folders on the way to a recording.

    Raises:
        OSError: one cannot be made.
    """
    try:
        os.makedirs(os.path.dirname(os.path.abspath(path)), exist_ok=True)
    except OSError as error:
        raise OSError(f"cannot create the recording {path}: {error}") from error


class FileReader:
    """Reads items of a recording, in any order.

    It can be pickled and used in forked processes: each opens the file for itself.
    """

    def __init__(self, path: str | PathLike[str]) -> None:
        """Opens a recording. One that is cut off or damaged opens up to there, with a warning that
        says where.

        Raises:
            FileNotFoundError, OSError: the file cannot be read.
            RecordingError: it is no recording.
        """
        self.path = fspath(path)
        self._opened: tuple[int, Recording] | None = None
        if damage := self._recording().damage():
            warnings.warn(f"{self.path}: {damage}", RuntimeWarning, stacklevel=2)

    def __len__(self) -> int:
        return len(self._recording())

    def read(self, index: int) -> dict[str, Any]:
        """The item of that number, from 0; negative ones count from the end.

        Raises:
            IndexError: there are fewer.
            RecordingError: its bytes are damaged; the text says where. Others may be readable.
        """
        recording = self._recording()
        return recording.read(self._number(recording, index))

    def __getitem__(self, index: int) -> dict[str, Any]:
        """As `read`."""
        return self.read(index)

    def header(self, index: int) -> dict[str, Any]:
        """An item's identity: `publisher`, `sequence`, `btid`, `episode`, `sample`, `time_ns`."""
        recording = self._recording()
        return recording.header(self._number(recording, index))

    @property
    def damage(self) -> str | None:
        """What was seen of a damage or a missing end when the file was opened."""
        return self._recording().damage()

    def verify(self) -> None:
        """Checks every checksum of the file.

        Raises:
            RecordingError: with the first damage.
        """
        self._recording().verify()

    def close(self) -> None:
        """Lets the file go; the next use opens it again."""
        self._opened = None

    def _number(self, recording: Recording, index: int) -> int:
        number = index + len(recording) if index < 0 else index
        if number < 0:
            raise IndexError(f"item {index} of {self.path} was asked for, which has {len(self)}")
        return number

    def _recording(self) -> Recording:
        if self._opened is None or self._opened[0] != os.getpid():
            self._opened = os.getpid(), Recording(self.path)
        return self._opened[1]

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_opened": None}

    def __enter__(self) -> "FileReader":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
