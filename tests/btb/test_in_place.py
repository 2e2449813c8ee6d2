"""Renderers that write where the consumer reads, in a real Blender: items are what was drawn."""

from pathlib import Path
from typing import Any

import pytest
from support.runtimes import Runtime

# A publisher, what a consumer in a thread of the same process gets of it, and something to draw.
PRELUDE = """
import threading
from blendtorch import btt

pub = btb.DataPublisher("tcp://127.0.0.1:0", 3, lingerms=60000)
items = []
def consume():
    for item in btt.RemoteIterableDataset([pub.address], timeoutms=600000):
        items.append(item)
consumer = threading.Thread(target=consume)
consumer.start()

def finish():
    assert pub.close()
    consumer.join()

def cube_and_camera(width, height):
    cubes.empty_scene(width, height).render.engine = "BLENDER_WORKBENCH"
    cubes.colored_cube("cube")
    return cubes.camera((6, -6, 5), (0, 0, 0))
"""


def reported(runtime: Runtime, tmp_path: Path, code: str) -> dict[str, Any]:
    return runtime.reported(tmp_path, PRELUDE + code)


def test_images_drawn_in_place_arrive_as_those_that_were_copied(
    runtime: Runtime, tmp_path: Path
) -> None:
    got = reported(
        runtime,
        tmp_path,
        """
cam = cube_and_camera(160, 120)
cubes.set_background((0.25, 0.5, 0.1))
# 119 rows: that of the middle is its own mirror image.
cam.shape = (119, 160)
plain, untouched, fits = [], [], []
for mode, origin, srgb in (("rgba", "upper-left", False), ("rgba", "lower-left", False),
                           ("rgb", "upper-left", False), ("rgba", "upper-left", True)):
    off = btb.OffScreenRenderer(cam, mode=mode, origin=origin, srgb=srgb)
    plain.append(off.render())
    for frame in range(12):  # More than there are slots.
        with pub.begin(image=off.layout()) as draft:
            shared = draft.shared("image")
            off._pixels[...] = 77
            image = off.render(out=draft["image"])
            untouched.append(bool((off._pixels == 77).all()))
            draft.publish(frameid=frame, case=len(plain) - 1, shared=shared)
    off.free()
finish()
report(
    count=len(items), untouched=untouched,
    shared=items[0]["shared"],
    same=all((item["image"] == plain[item["case"]]).all() for item in items),
    shapes=sorted({item["image"].shape for item in items}),
    different=bool((plain[0] != plain[1]).any() and (plain[0] == plain[1][::-1]).all()),
    order=[item["frameid"] for item in items] == list(range(12)) * 4,
    stats=pub.stats(), btid={item["btid"] for item in items} == {3},
    readonly=not image.flags.writeable,
)
""",
    )
    assert got["count"] == 48 and got["order"] and got["btid"]
    assert got["same"] and got["different"] and got["shared"]
    assert got["shapes"] == [[119, 160, 3], [119, 160, 4]]
    # Linear RGBA is read to where it stays; the others are converted on the way there.
    assert got["untouched"] == [True] * 24 + [False] * 24
    # A consumer that gets no turn on a busy machine may have all slots; never the first.
    assert got["stats"]["shared"] >= 8
    assert got["stats"]["shared"] + got["stats"]["heap"] == 48
    assert got["readonly"]


def test_passes_of_cycles_written_in_place_arrive_as_those_that_were_copied(
    runtime: Runtime, tmp_path: Path
) -> None:
    got = reported(
        runtime,
        tmp_path,
        """
from blendtorch.btb import cycles
cube_and_camera(96, 72)
names = ("image", "linear", "depth", "normal")
bpy.context.scene.cycles.seed = 1
renderer = btb.Renderer(names, engine="CYCLES", samples=1, mode="rgba")
kept = renderer.render()
again = renderer.render()
own = not any(np.shares_memory(kept[name], again[name]) for name in names)
plain = {name: kept[name].copy() for name in names}
cycles._own_memory.clear()
for frame in range(3):
    with pub.begin(**renderer.layout()) as draft:
        drawn = renderer.render(out=draft)
        writable = all(drawn[name].flags.writeable for name in names)
        draft.publish(frameid=frame)
scratch = sorted(cycles._own_memory)
# Some in place, some not.
depth = np.empty((72, 96), np.float32)
mixed = renderer.render(out={"depth": depth})
finish()
report(
    count=len(items), own=own, writable=writable, scratch=scratch, keys=list(items[0]),
    same={name: all(np.array_equal(item[name], plain[name]) for item in items) for name in names},
    dtypes=[str(items[0][name].dtype) for name in names],
    shapes=[items[0][name].shape for name in names],
    mixed=mixed["depth"] is depth and all(
        np.array_equal(mixed[name], plain[name]) for name in names),
    surfaces=int(np.isfinite(plain["depth"]).sum()), heap=pub.stats()["heap"],
    unchanged=all(np.array_equal(kept[name], plain[name]) for name in names),
)
""",
    )
    assert got["count"] == 3 and got["own"] and got["writable"] and got["unchanged"]
    assert got["same"] == dict.fromkeys(("image", "linear", "depth", "normal"), True)
    assert got["keys"] == ["btid", "image", "linear", "depth", "normal", "frameid"]
    assert got["dtypes"] == ["uint8", "float32", "float32", "float32"]
    assert got["shapes"] == [[72, 96, 4], [72, 96, 4], [72, 96], [72, 96, 3]]
    # What is wanted as Cycles has it has no memory in between.
    assert got["scratch"] == ["Normal"]
    assert got["mixed"] and 500 < got["surfaces"] < 72 * 96 and got["heap"] == 0


def test_passes_of_workbench_written_in_place_arrive_as_those_that_were_copied(
    runtime: Runtime, tmp_path: Path
) -> None:
    got = reported(
        runtime,
        tmp_path,
        """
cube_and_camera(96, 72)
same = []
for number, names in enumerate((("image", "depth", "normal"), ("image", "depth"))):
    renderer = btb.Renderer(names, engine="WORKBENCH")
    plain = renderer.render()
    with pub.begin(**renderer.layout()) as draft:
        renderer.render(out=draft)
        draft.publish(number=number)
    while len(items) == number:
        threading.Event().wait(0.01)
    same.append({name: bool(np.array_equal(items[number][name], plain[name])) for name in names})
    renderer.free()
finish()
report(same=same)
""",
    )
    assert got["same"] == [
        {"image": True, "depth": True, "normal": True},
        {"image": True, "depth": True},
    ]


def test_nothing_is_drawn_into_what_was_published_or_does_not_fit(
    runtime: Runtime, tmp_path: Path
) -> None:
    """Blender's own buffers accept read-only arrays, and would change what the consumer reads."""
    got = reported(
        runtime,
        tmp_path,
        """
off = btb.OffScreenRenderer(cube_and_camera(96, 72))
renderer = btb.Renderer(("image", "depth"), engine="WORKBENCH", mode="rgba")
with pub.begin(image=off.layout(), **{"depth": renderer.layout()["depth"]}) as draft:
    image, depth = draft["image"], draft["depth"]
    image[...], depth[...] = 5, 6
    draft.publish()
said = []
def attempt(act):
    said.append(error_of(act))
attempt(lambda: off.render(out=image))
attempt(lambda: renderer.render(out={"image": image}))
attempt(lambda: renderer.render(out={"depth": depth}))
attempt(lambda: renderer.render(out={"depth": np.empty((72, 97), np.float32)}))
attempt(lambda: renderer.render(out={"depth": np.empty((72, 96), np.float64)}))
attempt(lambda: renderer.render(out={"depth": np.empty((96, 72), np.float32).T}))
finish()
report(said=said, image=bool((items[0]["image"] == 5).all()),
       depth=bool((items[0]["depth"] == 6).all()), kept=bool((image == 5).all()))
""",
    )
    assert got["image"] and got["depth"] and got["kept"]
    off, image, depth, shape, dtype, order = got["said"]
    assert "read-only" in off
    assert image.startswith("ValueError out['image'] is read-only")
    assert depth.startswith("ValueError out['depth'] is read-only")
    assert shape == "ValueError out['depth'] is float32 (72, 97), the pass float32 (72, 96)"
    assert dtype == "ValueError out['depth'] is float64 (72, 96), the pass float32 (72, 96)"
    assert order.startswith("ValueError out['depth'] is read-only, or not C-contiguous")


@pytest.mark.parametrize("kept", ["slice", "array"])
def test_what_a_script_keeps_of_a_draft_changes_nothing_that_was_sent(
    runtime: Runtime, tmp_path: Path, kept: str
) -> None:
    got = reported(
        runtime,
        tmp_path,
        f"""
kept = {kept!r}
off = btb.OffScreenRenderer(cube_and_camera(96, 72))
plain = off.render()
hoard, refused = [], 0
for frame in range(40):
    with pub.begin(image=off.layout()) as draft:
        image = off.render(out=draft["image"])
        hoard.append(image[3:] if kept == "slice" else image)
        del image
        draft.publish(frameid=frame)
    try:
        hoard[-1][...] = frame
    except ValueError:
        refused += 1
finish()
report(count=len(items), same=all((item["image"] == plain).all() for item in items),
       refused=refused)
""",
    )
    assert got["count"] == 40 and got["same"]
    assert got["refused"] == (0 if kept == "slice" else 40)
