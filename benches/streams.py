"""Images from Python to Python: the original's way, libzmq and ours, beside each other.

    streams.py --out streams.json

As `bench --only throughput` does, whose producers of our ways are Rust; here both ends are what a
scene script and a training loop use. Every round runs each case once. What was measured is written
as it came; whoever reads it makes medians, and ratios of the same round.
"""

import argparse
import json
import os
import socket
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

HERE = Path(__file__).resolve().parent
ROWS, COLUMNS = 480, 640
LIMIT_S = 120

# Each way's script, and how many images about a second of it is.
WAYS = {
    "original": ("baseline.py", 600),
    "libzmq": ("libzmq.py", 1200),
    "blendtorch": ("torch_loader.py", 4000),
}


def addresses(producers: int) -> list[str]:
    """Ports that were free a moment ago."""
    probes = [socket.socket() for _ in range(producers)]
    for probe in probes:
        probe.bind(("127.0.0.1", 0))
    found = [f"tcp://127.0.0.1:{probe.getsockname()[1]}" for probe in probes]
    for probe in probes:
        probe.close()
    return found


def run(script: str, images: int, producers: int) -> dict[str, float]:
    """One case: gigabytes a second, and processor seconds of all processes for a gigabyte."""
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    started: list[subprocess.Popen[str]] = []

    def start(*arguments: Any) -> None:
        command = [sys.executable, HERE / script, *arguments, "--size", ROWS, COLUMNS]
        started.append(
            subprocess.Popen(
                list(map(str, command)), env=environment, stdout=subprocess.PIPE, text=True
            )
        )

    each = images // producers
    with TemporaryDirectory() as folder:
        done = Path(folder, "done")
        places = addresses(producers)
        try:
            for number, place in enumerate(places):
                ready = Path(folder, f"ready-{number}")
                arguments = ("--items", each, "--number", number, "--ready", ready, "--done", done)
                start("producer", "--address", place, *arguments)
            deadline = time.monotonic() + LIMIT_S
            while len(list(Path(folder).glob("ready-*"))) < producers:
                assert time.monotonic() < deadline, f"{script}: the producers do not become ready"
                assert all(p.poll() is None for p in started), f"{script}: a producer has ended"
                time.sleep(0.01)
            items = each * producers
            start("consumer", "--addresses", *places, "--items", items, "--done", done)
            said = [process.communicate(timeout=LIMIT_S)[0] for process in started]
        finally:
            for process in started:
                process.kill()
        for process in started:
            assert process.returncode == 0, f"{script}: a process ended with {process.returncode}"
    told = [json.loads(text.splitlines()[-1]) for text in said]
    size = ROWS * COLUMNS * 4 / 1e9
    return {
        "gb_per_s": told[-1]["images_per_second"] * size,
        "cpu_per_gb": sum(one["cpu"] for one in told) / (items * size),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--out", type=Path, required=True)
    opts = parser.parse_args()
    cases = [(way, producers) for producers in (1, 4) for way in WAYS]
    rounds: dict[tuple[str, int], list[dict[str, float]]] = {case: [] for case in cases}
    for number in range(opts.rounds):
        for way, producers in cases:
            measured = run(*WAYS[way], producers)
            rounds[way, producers].append(measured)
            said = f"round {number + 1} of {opts.rounds}: {way} x{producers}"
            print(f"{said}: {measured['gb_per_s']:.2f} GB/s", file=sys.stderr)
    found = [{"way": w, "producers": n, "rounds": r} for (w, n), r in rounds.items()]
    opts.out.write_text(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
