"""The same work under Slurm and beside it: what placing it on nodes costs.

    cluster.py --bpy PYTHON --program blendtorch --out cluster.json [--pairs 10] [--streams 5]

A real Slurm of two nodes (`tests/support/slurm_cluster.py`) is started for it and ended with it.

`render`: pairs of renders of the same frames, each way once a pair, in turns: two Blenders of this
machine, and two nodes of one core each with a Blender. A render's time is from the start of its
Blenders' host, which under Slurm is that of the job, until the last file has its name.

`streams`: two instances of a fleet, each on a node in namespaces of its own, to a consumer at the
head, in namespaces of its own too; beside two plain producers that run the same script with the
same library in the same namespaces, without launcher, host or Slurm. Messages of 640 x 480 x 4
bytes, as many as the consumer takes.
"""

import argparse
import json
import os
import random
import re
import statistics
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "tests"))

from support.slurm_cluster import SlurmCluster  # noqa: E402

SCENE = HERE / "fleet.blend.py"

PUBLISHES = """
import sys
import numpy as np
from blendtorch import btb

if "-btid" in sys.argv:
    args, _ = btb.parse_blendtorch_args()
    address, btid = args.btsockets["DATA"], args.btid
else:
    address, btid = sys.argv[-2], int(sys.argv[-1])
image = np.random.default_rng(btid).integers(0, 255, (480, 640, 4), np.uint8)
pub = btb.DataPublisher(address, btid)
while True:
    pub.publish(image=image)
"""

TAKES = """
import json, sys, time
from blendtorch import btt

seconds, source = float(sys.argv[1]), json.loads(sys.argv[2])
source = btt.Following(source, "DATA") if isinstance(source, str) else source
seen, count, began = set(), 0, None
for item in btt.RemoteIterableDataset(source, max_items=10**9, timeoutms=60_000):
    seen.add(item["btid"])
    now = time.monotonic()
    if began is None:
        # Once both are there.
        began, count = (now, 0) if len(seen) == 2 else (None, 0)
        continue
    count += 1
    if now - began >= seconds:
        break
print(json.dumps(count / (now - began)))
"""


def options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--bpy", type=Path, required=True, help="a Python that has bpy")
    parser.add_argument("--program", type=Path, required=True, help="the program blendtorch")
    parser.add_argument("--pairs", type=int, default=10, help="of renders; 0 for none")
    parser.add_argument("--frames", type=int, default=40)
    parser.add_argument("--streams", type=int, default=5, help="rounds of streams; 0 for none")
    parser.add_argument("--seconds", type=float, default=8, help="of each stream")
    parser.add_argument("--out", type=Path, required=True)
    return parser.parse_args()


def rendered(command: list[str], out: Path, env: dict[str, str]) -> float:
    """Runs a render; the seconds from the start of its first host until its last file."""
    began = time.time()
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    last = max(file.stat().st_ctime for file in (out / "frames").iterdir())
    return last - began


def renders(opts: argparse.Namespace, folder: Path) -> dict[str, Any]:
    scene = folder / "fleet.blend"
    subprocess.run([opts.bpy, SCENE, "scene", scene, "--cubes"], check=True, capture_output=True)
    words = ["-f", f"1:{opts.frames}", "-p", "frames,depths,normals,flows,segmentations", "-q"]
    rows = []
    with SlurmCluster(2, cpus=1) as slurm:
        env = {**slurm.env(), "XDG_STATE_HOME": str(folder / "state")}
        description = {"scene": str(scene), "slurm": {"head_address": slurm.address()}}
        (folder / "render.json").write_text(json.dumps(description))
        for pair in range(opts.pairs):
            row: dict[str, float] = {}
            for way in ("here", "slurm") if pair % 2 else ("slurm", "here"):
                out = folder / f"{way}-{pair}"
                command = [str(opts.program), "render", str(folder / "render.json"), "-o", str(out)]
                command += words
                command += ["--jobs", "2"] if way == "here" else ["--slurm", "--nodes", "2"]
                began = time.time()
                seconds = rendered(command, out, env)
                if way == "slurm":
                    # The job's own start, by what its host noted first.
                    job = began_at(began)
                    row["queued"] = job - began
                    seconds -= job - began
                row[way] = seconds
            row["ratio"] = row["here"] / row["slurm"]
            print(f"pair {pair}: {row}", file=sys.stderr, flush=True)
            rows.append(row)
    ratios = [row["ratio"] for row in rows]
    return {
        "frames": opts.frames,
        "pairs": rows,
        "ratio": {"median": statistics.median(ratios), "low": min(ratios), "high": max(ratios)},
    }


def began_at(after: float) -> float:
    """When the latest job's first element was started: Slurm made its log then."""
    logs = Path.cwd() / "slurm-logs"
    made = [birth(log) for log in logs.glob("blendtorch-*.log")]
    return min(at for at in made if at >= after - 1)


def birth(path: Path) -> float:
    """When a file was made."""
    said = subprocess.run(["stat", "--format=%W.%w", path], capture_output=True, text=True)
    found = re.search(r"\d\d:\d\d:\d\d(\.\d+)", said.stdout)
    whole = int(said.stdout.split(".")[0])
    return whole + float(found[1]) if found else path.stat().st_ctime


def streams(opts: argparse.Namespace, folder: Path) -> dict[str, Any]:
    script = folder / "publishes.py"
    script.write_text(PUBLISHES)
    rows = []
    with SlurmCluster(2, namespaces=True) as slurm:
        for number in range(opts.streams):
            row = {}
            for way in ("plain", "fleet") if number % 2 else ("fleet", "plain"):
                take = plain if way == "plain" else fleet
                row[way] = take(opts, slurm, folder, script)
            row["ratio"] = row["fleet"] / row["plain"]
            print(f"round {number}: {row}", file=sys.stderr, flush=True)
            rows.append(row)
    ratios = [row["ratio"] for row in rows]
    return {
        "bytes": 640 * 480 * 4,
        "rounds": rows,
        "ratio": {"median": statistics.median(ratios), "low": min(ratios), "high": max(ratios)},
    }


def taken(opts: argparse.Namespace, slurm: SlurmCluster, source: Any) -> float:
    words = [sys.executable, "-c", TAKES, opts.seconds, json.dumps(source)]
    return float(slurm.said(*words, timeout=120))


def plain(opts: argparse.Namespace, slurm: SlurmCluster, folder: Path, script: Path) -> float:
    """Two producers that nobody looks after."""
    port = random.randrange(20_000, 30_000)
    nodes = slurm.nodes
    addresses = [f"tcp://{slurm.address(node)}:{port}" for node in nodes]
    env = {**os.environ, "OMP_NUM_THREADS": "1"}
    producers = [
        subprocess.Popen(slurm.on(node, opts.bpy, script, address, i), env=env)
        for i, (node, address) in enumerate(zip(nodes, addresses, strict=True))
    ]
    try:
        return taken(opts, slurm, addresses)
    finally:
        for producer in producers:
            producer.kill()
            producer.wait()
        subprocess.run(["pkill", "-9", "-f", str(script)], check=False)


def fleet(opts: argparse.Namespace, slurm: SlurmCluster, folder: Path, script: Path) -> float:
    """A fleet of two hosts under Slurm."""
    description = {
        "script": str(script),
        "num_instances": 2,
        "named_sockets": ["DATA"],
        "start_port": random.randrange(20_000, 30_000),
        "blender": "bpy",
        "slurm": {"nodes": 2, "head_address": slurm.address(), "extra": ["--exclusive"]},
    }
    (folder / "launch.json").write_text(json.dumps(description))
    info = folder / "launch_info.json"
    info.unlink(missing_ok=True)
    env = {**slurm.env(), "XDG_STATE_HOME": str(folder / "state")}
    words = [opts.program, "launch", folder / "launch.json", "--slurm", "--out-launch-info", info]
    with subprocess.Popen(slurm.command(*words), env=env, cwd=folder) as head:
        try:
            return taken(opts, slurm, str(info))
        finally:
            head.terminate()
            head.wait(60)


def main() -> None:
    opts = options()
    opts.bpy, opts.program = opts.bpy.absolute(), opts.program.absolute()
    out = opts.out.absolute()
    found: dict[str, Any] = {}
    with TemporaryDirectory(prefix="blendtorch-cluster-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        os.chdir(folder)
        if opts.pairs:
            found["render"] = renders(opts, folder)
        if opts.streams:
            found["streams"] = streams(opts, folder)
    out.write_text(json.dumps(found, indent=1))
    print(json.dumps({key: value["ratio"] for key, value in found.items()}))


if __name__ == "__main__":
    main()
