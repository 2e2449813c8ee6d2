"""Pools: functions get a Blender each, whatever the others do, and their progress is shown."""

import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from blendtorch.render import BlenderClient, BlenderClients, Pool, PoolProgress
from rich.console import Console
from support.animations import files
from support.processes import eventually, has_ended

NAMES = ("monkey", "cube", "metaballs")


@pytest.fixture(scope="module")
def pool() -> Iterator[Pool]:
    """Two Blenders."""
    with BlenderClients.pool(2, timeout=120) as pool:
        yield pool


def render(
    client: BlenderClient, scene: Path, out: Path, tick: Any = None, frames: int = 2
) -> tuple[str, int]:
    """Renders frames of a scene of a picture of another size; its name, and how many there are."""
    assert client.__class__ is BlenderClient
    client.initialize(scene, out / scene.stem)
    client.include_frames()
    client.set_resolution((16, 24))
    client.render_animation(1, frames, update_fn=tick)
    return scene.stem, len(files(out / scene.stem, "frames"))


def test_functions_get_a_client_each(pool: Pool, assets: Path, tmp_path: Path) -> None:
    scenes = [assets / f"{name}.blend" for name in NAMES]
    wanted = [(name, 2) for name in NAMES]
    assert pool.map(partial(render, out=tmp_path / "map"), scenes) == wanted
    assert list(pool.imap(partial(render, out=tmp_path / "imap"), iter(scenes))) == wanted
    found = pool.imap_unordered(partial(render, out=tmp_path / "unordered"), scenes)
    assert sorted(found) == sorted(wanted)
    assert pool.starmap(render, [(scene, tmp_path / "star") for scene in scenes]) == wanted
    assert pool.apply(render, (scenes[0], tmp_path / "apply"), {"frames": 1}) == ("monkey", 1)
    results = [
        pool.map_async(partial(render, out=tmp_path / "map"), scenes[:1]).get(),
        pool.starmap_async(render, [(scenes[0], tmp_path / "map")]).get(),
        [pool.apply_async(render, (scenes[0],), {"out": tmp_path / "map"}).get()],
    ]
    assert results == 3 * [wanted[:1]]


def test_nothing_stays_open_behind_a_function(pool: Pool, assets: Path, tmp_path: Path) -> None:
    def size(client: BlenderClient, name: str) -> int:
        with pytest.raises(RuntimeError, match="initialize"):
            client.animation_range()
        client.initialize(assets / f"{name}.blend", tmp_path)
        width: int = client.camera_info()["w"]
        client.set_resolution((16, 24))
        return width

    assert pool.map(size, 2 * NAMES) == 6 * [48]


def test_what_a_function_did_not_wait_for_is_rendered(
    pool: Pool, assets: Path, tmp_path: Path
) -> None:
    def begin(client: BlenderClient) -> None:
        client.initialize(assets / "monkey.blend", tmp_path)
        client.include_frames()
        client.render_animation_async()

    pool.apply(begin)
    assert len(files(tmp_path, "frames")) == 4


def test_a_function_that_raises_ends_alone(pool: Pool, assets: Path, tmp_path: Path) -> None:
    raised = []

    def fails(client: BlenderClient, scene: Path, tick: Any) -> None:
        client.initialize(scene, tmp_path / "fails")
        tick(total=9)
        raise LookupError("a function's own [bug]")

    console = Console(record=True, width=200, file=open("/dev/null", "w"))  # noqa: SIM115
    with PoolProgress(console=console) as progress:
        results = []
        for name in NAMES:
            scene = assets / f"{name}.blend"
            tick = progress.add_task(f"Rendering {name}...")
            results.append(pool.apply_async(render, args=(scene, tmp_path, tick)))
            tick = progress.add_task(f"Failing {name}...")
            pool.apply_async(fails, args=(scene, tick), error_callback=raised.append)
        progress.wait(timeout=60)
        shown = [task.description for task in progress.tasks if task.visible]
        assert [task.completed for task in progress.tasks if task.total == 2] == 3 * [2]
        assert (progress.tasks[0].completed, progress.tasks[0].total) == (6, 6)
    assert [result.get()[1] for result in results] == [2, 2, 2]
    eventually("all have told", lambda: len(raised) == 3)
    assert all(isinstance(error, LookupError) for error in raised)
    assert len(shown) == 4 and "Failing cube" in shown[2] and r"bug]" in shown[2], shown


def test_progress_says_what_it_waits_for() -> None:
    with PoolProgress(disable=True, description="All:", auto_visible=False) as progress:
        tick = progress.add_task("One", total=3)
        with pytest.raises(TimeoutError, match="1 of 1 task"):
            progress.wait(timeout=0.01)
        tick(total=2)
        tick(advance=1)
        tick(completed=2)
        progress.wait()
        assert [task.description for task in progress.tasks] == ["All:", "One"]
    with pytest.raises(AttributeError, match="nothing_of_rich"):
        _ = progress.nothing_of_rich


def test_a_pool_that_is_terminated_leaves_nothing(
    assets: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    began = []

    def renders(client: BlenderClient, number: int, tick: Any) -> None:
        client.initialize(assets / "slow.blend", tmp_path / str(number))
        client.include_frames()

        def told(**values: Any) -> None:
            began.append(number)
            tick(**values)

        client.render_animation(update_fn=told)

    with PoolProgress(disable=True) as progress, BlenderClients.pool(1) as pool:
        results = [
            pool.apply_async(renders, (number, progress.add_task(str(number))))
            for number in range(3)
        ]
        pids = pool._fleet.pids()
        eventually("a frame is rendered", lambda: len(began) > 1)
        start = time.monotonic()
        pool.terminate()
        progress.wait()
        pool.join()
        assert time.monotonic() - start < 30
        for result in results:
            with pytest.raises(RuntimeError, match="the pool was terminated"):
                result.get()
        assert set(began) == {0}
        with pytest.raises(ValueError, match="not running"):
            pool.apply_async(renders)
    eventually("no Blender is left", lambda: all(has_ended(pid) for pid in pids))
    assert "warning" not in capfd.readouterr().err
