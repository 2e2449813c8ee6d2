"""Launch infos that are followed: instances that come, go, and come back elsewhere."""

import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from blendtorch import btb, btt
from blendtorch.btt.epochs import leave
from support import HANG_S, LONG_MS
from support.sources import Source
from support.streams import dataset, numbered, publishing
from torch.utils.data import DataLoader


class Info:
    """A launch info, as a launcher replaces it."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "launch_info.json"

    def lists(self, *addresses: str, instances: int | None = None) -> None:
        commands = ["blender"] * (len(addresses) if instances is None else instances)
        info = btt.LaunchInfo({"DATA": list(addresses), "CTRL": []}, commands)
        btt.LaunchInfo.save_json(self.path, info)


@pytest.fixture
def info(tmp_path: Path) -> Info:
    return Info(tmp_path)


@pytest.fixture
def source() -> Iterator[Callable[..., Source]]:
    """Starts publishers in processes of their own."""
    started: list[Source] = []

    def start(btid: int, items: int = -1) -> Source:
        started.append(Source(items, btid))
        return started[-1]

    yield start
    for one in started:
        one.stop()


def followed(info: Info, **options: Any) -> btt.RemoteIterableDataset:
    following = btt.Following(info.path)
    return btt.RemoteIterableDataset(following, **{"timeoutms": LONG_MS, **options})


def numbers(items: Iterator[dict[str, Any]], wanted: int, of: int) -> dict[int, list[int]]:
    """What comes of each instance until so much has come of one."""
    seen: dict[int, list[int]] = defaultdict(list)
    while len(seen[of]) < wanted:
        item = next(items)
        seen[item["btid"]].append(item["number"])
    return seen


def test_instances_that_come_go_and_move_are_followed(
    info: Info, source: Callable[..., Source]
) -> None:
    stream = followed(info)
    items = iter(stream)
    first, second = source(0), source(1)
    late = threading.Timer(1, info.lists, [first.address], {"instances": 2})
    late.start()
    came = numbers(items, 20, of=0)
    late.join()
    info.lists(first.address, second.address)
    one = numbers(items, 50, of=1)
    info.lists(second.address, instances=2)
    deadline = time.monotonic() + HANG_S
    while len((two := numbers(items, 500, of=1))[0]) > 0:
        assert time.monotonic() < deadline, "the first is not left"
        one[1] += two[1]
    moved = source(2)
    info.lists(moved.address, instances=2)
    three = numbers(items, 500, of=2)
    stats = stream.stats()
    assert (stats["duplicated"], stats["reordered"]) == (0, 0)
    assert came[0] == list(range(20))
    stayed = one[1] + two[1] + three[1]
    assert stayed == list(range(stayed[0], stayed[0] + len(stayed)))
    assert three[2][0] == 0 and not three[0]


def test_an_instance_that_comes_back_at_another_address_goes_on_from_there(
    info: Info, source: Callable[..., Source]
) -> None:
    life = source(0)
    info.lists(life.address)
    items = iter(followed(info))
    numbers(items, 20, of=0)
    life.stop()
    life = source(0)
    info.lists(life.address)
    deadline = time.monotonic() + HANG_S
    while next(items)["number"] != 0:
        assert time.monotonic() < deadline, "the next life is not heard"
    assert [next(items)["number"] for _ in range(50)] == list(range(1, 51))


def worker_and_item(item: dict[str, Any]) -> tuple[int, int]:
    return item["btid"], item["number"]


@pytest.mark.parametrize("start", ["fork", "spawn"])
def test_workers_follow_and_have_all_of_instances_that_come_one_after_another(
    info: Info, source: Callable[..., Source], start: str
) -> None:
    loader = DataLoader(
        followed(info, max_items=100_000, item_transform=worker_and_item),
        batch_size=None,
        num_workers=2,
        multiprocessing_context=start,
    )
    sources = [source(btid, 300) for btid in range(3)]
    a, b, c = (one.address for one in sources)
    info.lists(a, instances=3)
    steps = {
        (0, 50): lambda: info.lists(a, b, instances=3),
        (0, 300): lambda: info.lists(b, instances=3),
        (1, 100): lambda: info.lists(b, c, instances=3),
        (1, 300): lambda: info.lists(c),
    }
    counts = [0, 0, 0]
    items = []
    for btid, number in loader:
        items.append((btid, number))
        counts[btid] += 1
        if step := steps.pop((btid, counts[btid]), None):
            step()
    assert not steps
    assert sorted(items) == [(btid, number) for btid in range(3) for number in range(300)]


def test_batches_are_of_who_is_listed(info: Info, source: Callable[..., Source]) -> None:
    first, second = source(0), source(1)
    info.lists(first.address, instances=2)
    loader = btt.DataLoader(btt.Following(info.path), batch_size=4)
    batches = iter(loader)
    assert set(next(batches)["btid"].tolist()) == {0}
    info.lists(second.address, instances=2)
    deadline = time.monotonic() + HANG_S
    while (batch := next(batches))["btid"].tolist() != [1] * 4:
        assert time.monotonic() < deadline, "the second is not followed"
    assert isinstance(batch["image"], torch.Tensor)


def test_until_somebody_is_listed_a_timeout_names_the_file(info: Info) -> None:
    items = iter(followed(info, timeoutms=300))
    with pytest.raises(TimeoutError, match=r"launch_info\.json is not there"):
        next(items)
    info.lists(instances=2)
    time.sleep(1)
    with pytest.raises(TimeoutError, match=r'launch_info\.json lists no address of "DATA"'):
        next(items)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('{"scene": "", "script": "x.blend.py"}', "missing field `addresses`"),
        ('{"addresses": {"PIXELS": []}, "commands": []}', 'no socket "DATA", only PIXELS'),
        ('{"addresses": {"DATA": ["nonsense"]}, "commands": []}', "'nonsense' is no address"),
    ],
)
def test_a_foreign_file_is_an_error_that_names_it(info: Info, text: str, says: str) -> None:
    info.path.write_text(text)
    with pytest.raises(ValueError, match=says) as raised:
        next(iter(followed(info)))
    assert str(info.path) in str(raised.value)


def test_a_file_that_breaks_later_is_told_of_once(
    info: Info, source: Callable[..., Source], capfd: pytest.CaptureFixture[str]
) -> None:
    info.lists(source(0).address)
    # In so long a quiet machine takes more than the usual 100,000.
    stream = followed(info, max_items=10**9)
    items = iter(stream)
    next(items)
    info.path.write_text("{")
    until = time.monotonic() + 2.5
    while time.monotonic() < until:
        next(items)
    said = capfd.readouterr().err
    assert said.count("launch_info.json") == 1, said
    assert stream.stats()["missing"] == 0


def test_the_iteration_ends_with_all_that_are_listed_and_epochs_go_on(info: Info) -> None:
    with publishing(numbered(30)) as address:
        info.lists(address)
        stream = followed(info, max_items=20)
        assert [item["number"] for item in stream] == list(range(20))
        assert [item["number"] for item in stream] == list(range(20, 30))
    assert stream.stats()["ended"] == 1


def test_a_stream_that_is_kept_is_closed_when_its_instances_are_to_end(info: Info) -> None:
    def publish(publisher: btb.DataPublisher) -> None:
        for number in range(1000):
            publisher.publish(number=number)

    with publishing(publish) as address:
        info.lists(address)
        stream = followed(info, max_items=5)
        assert len(list(stream)) == 5
        leave([address])
        assert not stream._epochs._kept


def test_what_is_followed_is_a_path_that_stays_and_a_socket(
    info: Info, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(info.path.parent)
    following = btt.Following(info.path.name)
    assert (following.file, following.socket) == (str(info.path), "DATA")
    assert following.addresses() == []
    info.lists("tcp://127.0.0.1:1")
    assert following.addresses() == ["tcp://127.0.0.1:1"]
    assert btt.Following(info.path, socket="CTRL").addresses() == []
    assert btt.launch_info.Following is btt.Following
    assert dataset("tcp://127.0.0.1:1").addresses == ["tcp://127.0.0.1:1"]
    assert list(info.path.parent.iterdir()) == [info.path]
