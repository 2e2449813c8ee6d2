"""How long a job of which almost all is done takes until it goes on.

Lays what a job of 10,000 finished frames has left: one frame is rendered, its files and rows are
repeated under the numbers of the others. What is measured is the time that going on with it takes
beyond the same frame in an empty folder, so Blender's start and the frame itself are not in it.
"""

import os
import sqlite3
import subprocess
import time
from pathlib import Path
from typing import Any


def resume(program: Path, scene: Path, folder: Path, passes: str, frames: int) -> float:
    """Seconds that looking at `frames` finished frames takes, with what is written of them."""
    words = ["--jobs", "1", "--passes", passes, "--previews", "--quiet"]

    def render(out: Path, which: str) -> float:
        began = time.monotonic()
        command: list[Any] = [program, "render", scene, "-o", out, "--frames", which, *words]
        subprocess.run(list(map(str, command)), check=True, capture_output=True)
        return time.monotonic() - began

    done = folder / "done"
    render(done, "1")
    _repeat(done, frames)
    missing = frames + 1
    alone = render(folder / "alone", str(missing))
    return render(done, f"1:{missing}:1") - alone


def _repeat(out: Path, frames: int) -> None:
    """Frame 1 again, as all up to `frames`."""
    ledger = sqlite3.connect(out / "ledger.sqlite")
    cursor = ledger.execute("SELECT * FROM files WHERE frame = 1")
    columns = [one[0] for one in cursor.description]
    rows = [dict(zip(columns, row, strict=True)) for row in cursor]
    places = ", ".join(f":{name}" for name in columns)
    for number in range(2, frames + 1):
        for row in rows:
            path = Path(row["path"])
            other = path.with_name(f"{number:06}{path.suffix}")
            os.link(out / path, out / other)
            ledger.execute(
                f"INSERT INTO files VALUES ({places})",
                {**row, "frame": number, "path": str(other)},
            )
        ledger.execute(
            "INSERT INTO transforms SELECT ?, camera, matrix, seconds FROM transforms "
            "WHERE frame = 1",
            (number,),
        )
    ledger.commit()
    ledger.close()
