"""The wheel where torch is not installed, and in the Python that has Blender."""

from support import LONG_MS
from support.processes import run_python
from support.runtimes import bpy_python
from support.sources import sources


def test_btt_works_in_blenders_python_without_torch() -> None:
    code = f"""
import importlib.util, threading
import numpy as np
assert importlib.util.find_spec("torch") is None
from blendtorch import btb, btt
publisher = btb.DataPublisher("tcp://127.0.0.1:0", btid=1, lingerms={LONG_MS})
thread = threading.Thread(target=lambda: (publisher.publish(a=np.arange(3)), publisher.close()))
thread.start()
dataset = btt.RemoteIterableDataset([publisher.address], timeoutms={LONG_MS})
print([item["a"].tolist() for item in dataset])
thread.join()
try:
    next(iter(btt.DataLoader(dataset)))
except ModuleNotFoundError as error:
    print(error)
"""
    said = run_python(code, python=bpy_python())
    assert said.startswith("[[0, 1, 2]]\nbtt.DataLoader makes torch tensors, and torch is not"), (
        said
    )
    assert "pip install torch" in said


def test_without_torch_everything_but_the_loader_works() -> None:
    with sources(1, items=3) as addresses:
        said = run_python(
            """
import sys
sys.modules["torch"] = None  # as if it were not installed
from blendtorch import btt
class Doubled(btt.RemoteIterableDataset):
    def _item(self, item):
        return 2 * item["number"]
dataset = Doubled(sys.argv[1:], max_items=3)
print(list(dataset), dataset.stats()["received"])
try:
    iter(btt.DataLoader(sys.argv[1:]))
except ModuleNotFoundError as error:
    print(error)
""",
            *addresses,
        )
    assert said.startswith("[0, 2, 4] 3\n"), said
    assert "torch" in said.splitlines()[1]
