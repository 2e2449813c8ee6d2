"""Images that are converted on their way into the batch, and the memory of batches."""

import pickle
import threading
from pathlib import Path
from resource import RUSAGE_SELF, getrusage
from typing import Any

import numpy as np
import pytest
import torch
from blendtorch import btb, btt
from support.processes import run_python
from support.sources import sources
from support.streams import dataset, publishing
from support.untested import UNTESTED

MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


def noise(channels: int, n: int = 4) -> np.ndarray[Any, Any]:
    """So many images; 37 x 53 pixels, which fill no vector."""
    return np.random.default_rng(7).integers(0, 256, (n, 37, 53, channels), np.uint8)


def converted(images: np.ndarray[Any, Any], transform: btt.ImageTransform, **options: Any) -> Any:
    """What a batch of them becomes."""

    def publish(publisher: btb.DataPublisher) -> None:
        for image in images:
            publisher.publish(image=image, other=image)

    with publishing(publish) as address:
        loader = btt.DataLoader(
            dataset(address), batch_size=len(images), transform={"image": transform}, **options
        )
        (batch,) = loader
    assert torch.equal(batch["other"], torch.from_numpy(images)), "an untold field is changed"
    assert batch["image"].is_contiguous()
    return batch["image"]


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
@pytest.mark.parametrize("layout", ["HWC", "CHW"])
@pytest.mark.parametrize("dtype", ["uint8", "float32"])
def test_channels_dtype_and_layout_are_as_torch_makes_them(
    channels: int, layout: str, dtype: str
) -> None:
    images = noise(4)
    found = converted(
        images, btt.ImageTransform(channels=channels, dtype=dtype, layout=layout), threads=2
    )
    expected = torch.from_numpy(images)[..., :channels]
    if layout == "CHW":
        expected = expected.permute(0, 3, 1, 2)
    if dtype == "float32":
        expected = expected.to(torch.float32) / 255
    assert found.dtype is getattr(torch, dtype) and found.shape == expected.shape
    assert torch.allclose(found, expected, rtol=0, atol=1e-6 if dtype == "float32" else 0)


def srgb_to_linear(x: torch.Tensor) -> torch.Tensor:
    return torch.where(x <= 0.04045, x / 12.92, ((x + 0.055) / 1.055) ** 2.4)


@pytest.mark.parametrize("mean_std", [(MEAN, STD), (0.5, 0.25), (torch.tensor(MEAN), None)])
@pytest.mark.parametrize("curve", [{}, {"srgb": True}, {"gamma": 1 / 2.2}])
def test_colours_are_made_linear_and_normalized_as_torch_does(mean_std: Any, curve: Any) -> None:
    images = noise(4)
    mean, std = mean_std
    transform = btt.ImageTransform(channels=3, layout="CHW", mean=mean, std=std, **curve)
    found = converted(images, transform)
    x = torch.from_numpy(images)[..., :3].to(torch.float64) / 255
    if curve:
        x = srgb_to_linear(x) if "srgb" in curve else x ** curve["gamma"]
    x = x - torch.as_tensor(mean, dtype=torch.float64)
    if std is not None:
        x = x / torch.as_tensor(std, dtype=torch.float64)
    assert found.dtype is torch.float32
    assert torch.allclose(found.to(torch.float64), x.permute(0, 3, 1, 2), rtol=1e-6, atol=4e-6)


@pytest.mark.parametrize("channels", [2, 4])
def test_alpha_passes_no_curve(channels: int) -> None:
    images = noise(channels)
    expected = torch.from_numpy(images).to(torch.float64) / 255
    expected[..., :-1] = srgb_to_linear(expected[..., :-1])
    floats = converted(images, btt.ImageTransform(dtype="float32", srgb=True))
    assert torch.allclose(floats.to(torch.float64), expected, rtol=0, atol=1e-6)
    rounded = converted(images, btt.ImageTransform(srgb=True))
    assert torch.equal(rounded, (expected * 255).round().to(torch.uint8))


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("layout", ["HWC", "CHW"])
def test_floats_are_normalized_and_laid_out_as_torch_does(channels: int, layout: str) -> None:
    images = np.random.default_rng(7).normal(0, 2, (4, 37, 53, 4)).astype(np.float32)
    transform = btt.ImageTransform(channels=channels, layout=layout, mean=0.5, std=0.25)
    found = converted(images, transform)
    expected = (torch.from_numpy(images)[..., :channels].to(torch.float64) - 0.5) / 0.25
    if layout == "CHW":
        expected = expected.permute(0, 3, 1, 2)
    assert found.dtype is torch.float32 and torch.equal(found, expected.to(torch.float32))


def test_recordings_are_converted_too(tmp_path: Path) -> None:
    images = noise(4)
    with publishing(lambda p: [p.publish(image=image) for image in images]) as address:
        list(dataset(address, record_path_prefix=tmp_path / "run"))
    transform = {"image": btt.ImageTransform(channels=3, layout="CHW")}
    loader = btt.DataLoader(btt.FileDataset(tmp_path / "run"), batch_size=4, transform=transform)
    (batch,) = loader
    assert torch.equal(batch["image"], torch.from_numpy(images)[..., :3].permute(0, 3, 1, 2))


@pytest.mark.parametrize(
    ("fields", "transform", "message"),
    [
        ({"image": np.zeros((2, 2, 3), np.float64)}, {}, "field 'image' .* it is float64"),
        ({"image": np.zeros((2, 2), np.uint8)}, {}, r"field 'image' .* shape is \[2, 2\]"),
        ({"image": 3}, {}, "field 'image' .* no array"),
        ({"picture": 3}, {}, "field 'image' .* there are picture"),
        ({"image": np.zeros((2, 2, 1), np.uint8)}, {"channels": 3}, "field 'image': 3 channels"),
        (
            {"image": np.zeros((2, 2, 4), np.uint8)},
            {"mean": MEAN, "std": STD},
            "field 'image' .* mean has 3 numbers for 4 channels",
        ),
    ],
)
def test_what_cannot_be_converted_is_an_error_that_names_the_field(
    fields: dict[str, Any], transform: dict[str, Any], message: str
) -> None:
    def publish(publisher: btb.DataPublisher) -> None:
        publisher.publish(**fields)
        publisher.publish(image=np.full((2, 2, 4), 9, np.uint8))

    with publishing(publish, btid=3) as address:
        asked = btt.ImageTransform(**transform)
        loader = btt.DataLoader(dataset(address), batch_size=1, transform={"image": asked})
        batches = iter(loader)
        with pytest.raises(ValueError, match=f"instance 3: {message}"):
            next(batches)
        if "mean" not in transform:
            # The iteration goes on with what can be converted.
            assert (next(batches)["image"] == 9).all()
            assert loader.stats()["discarded"] == 1


def test_words_and_numbers_that_no_image_fits_are_refused_before_anything_is_opened() -> None:
    for wrong, message in [
        ({"dtype": "float16"}, "dtype must be one of"),
        ({"layout": "NCHW"}, "layout must be one of"),
        ({"srgb": True, "gamma": 2.2}, "two curves"),
    ]:
        with pytest.raises(ValueError, match=message):
            btt.ImageTransform(**wrong)  # type: ignore[arg-type]
    for what in (lambda batch: batch, btt.ImageTransform()):
        # Regression: a lambda was an AttributeError about `items`.
        with pytest.raises(TypeError, match=r"transform must be a mapping .*ImageTransform\("):
            btt.DataLoader(["tcp://127.0.0.1:1"], transform=what)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match=r"transform\['image'\]"):
        btt.DataLoader("tcp://127.0.0.1:1", transform={"image": len})  # type: ignore[dict-item]
    with pytest.raises(ValueError, match="threads"):
        btt.DataLoader("tcp://127.0.0.1:1", threads=-1)
    for wrong, message in [
        ({"std": 0.0}, "field 'image' cannot be normalized: std has 0"),
        ({"channels": 5}, "field 'image': 5 channels"),
        ({"gamma": -1.0}, "field 'image': gamma"),
    ]:
        loader = btt.DataLoader(
            "tcp://127.0.0.1:1",
            transform={"image": btt.ImageTransform(**wrong)},  # type: ignore[arg-type]
        )
        with pytest.raises(ValueError, match=message):
            iter(loader)


def test_torchs_own_loader_takes_the_loaders_batches() -> None:
    with sources(1, items=40) as addresses:
        loader = btt.DataLoader(dataset(*addresses), batch_size=8)
        batches = list(torch.utils.data.DataLoader(loader, batch_size=None, num_workers=0))
    assert [batch["number"].tolist() for batch in batches] == [
        list(range(first, first + 8)) for first in range(0, 40, 8)
    ]
    assert loader.stats()["received"] == 40
    # To be sent to a worker it leaves behind what it has opened.
    assert pickle.loads(pickle.dumps(loader)).stats() == {}


@pytest.mark.parametrize("start", ["fork", "spawn"])
def test_torchs_workers_take_the_loaders_batches(start: str) -> None:
    with sources(1) as addresses:
        transform = {"image": btt.ImageTransform(channels=3, layout="CHW")}
        loader = btt.DataLoader(
            dataset(*addresses, max_items=80), batch_size=8, transform=transform
        )
        assert pickle.loads(pickle.dumps(loader)).transform == transform
        batches = list(
            torch.utils.data.DataLoader(
                loader, batch_size=None, num_workers=2, multiprocessing_context=start
            )
        )
    assert len(batches) == 10
    assert all(batch["image"].shape == (8, 3, 64, 64) for batch in batches)
    numbers = [int(number) for batch in batches for number in batch["number"]]
    assert len(set(numbers)) == 80


def test_other_threads_run_while_a_batch_is_waited_for() -> None:
    """The publisher sends when this process's other thread has counted: if waiting kept the GIL,
    there would never be a batch."""
    counted = threading.Event()

    def publish(publisher: btb.DataPublisher) -> None:
        publisher.publish(number=0)
        assert counted.wait(60)
        publisher.publish(number=1)

    def count() -> None:
        sum(range(1_000_000))
        counted.set()

    with publishing(publish) as address:
        batches = iter(btt.DataLoader(dataset(address), batch_size=1))
        assert next(batches)["number"].tolist() == [0]
        thread = threading.Thread(target=count)
        thread.start()
        assert next(batches)["number"].tolist() == [1]
        thread.join()


def flood(shape: tuple[int, ...], count: int) -> Any:
    image = np.zeros(shape, np.uint8)

    def publish(publisher: btb.DataPublisher) -> None:
        for _ in range(count):
            publisher.publish(image=image)

    return publish


def test_memory_of_tensors_that_died_is_used_again() -> None:
    """Fresh memory is told by its page faults: the kernel gives the addresses again too."""
    with publishing(flood((480, 640, 4), 8 * 60)) as address:
        batches = iter(btt.DataLoader(dataset(address), batch_size=8, prefetch_bytes=1))
        # The loop holds one batch, one waits, one is assembled, a few are at rest.
        addresses = {next(batches)["image"].data_ptr() for _ in range(10)}
        before = getrusage(RUSAGE_SELF).ru_minflt
        addresses |= {batch["image"].data_ptr() for batch in batches}
        faults = getrusage(RUSAGE_SELF).ru_minflt - before
    assert len(addresses) <= 8
    pages = 50 * 8 * 480 * 640 * 4 // 4096
    assert faults < pages / 4, f"{faults} faults for {pages} pages"


def test_memory_of_tensors_that_live_is_not_used_again() -> None:
    with publishing(flood((480, 640, 4), 8 * 12)) as address:
        batches = list(btt.DataLoader(dataset(address), batch_size=8))
    assert len({batch["image"].data_ptr() for batch in batches}) == 12


MEMORY = """
import sys
from pathlib import Path
import torch
from blendtorch import btt

def memory():
    lines = Path("/proc/self/status").read_text().splitlines()
    sizes = {line.split(":")[0]: line.split()[1] for line in lines if line.endswith(" kB")}
    return sum(1024 * int(sizes[kind]) for kind in ("RssAnon", "RssShmem"))

torch.zeros(8, 480, 640, 4)
before = memory()
dataset = btt.RemoteIterableDataset(sys.argv[1:], timeoutms=120_000, max_items=8 * 150)
# One batch waits, one is assembled, and the loop holds two: the last one until it has the next.
loader = btt.DataLoader(dataset, batch_size=8, prefetch_bytes=1)
in_flight = 4 * 8 * 480 * 640 * 4
over, kept = [], []
for number, batch in enumerate(loader):
    image = batch["image"]
    assert image.shape == (8, 480, 640, 4)
    # What was held for a while is given back, but for a batch or two.
    kept.append(image)
    if number % 30 >= 12:
        kept.clear()
        over.append(memory() - before - in_flight)
# The usual, not the most: a moment's frames from a full pool are on the heap.
print(sorted(over)[len(over) // 2] / 1e6)
"""


def test_memory_stays_within_64_megabytes_over_the_batches_in_flight() -> None:
    def measured() -> float:
        with sources(4, shape=(480, 640, 4)) as addresses:
            return float(run_python(MEMORY, *addresses))

    # On a busy machine such moments may be the usual, once.
    over: list[float] = []
    while not over or (over[-1] > 64 and len(over) < 3):
        over.append(measured())
    assert over[-1] <= 64, f"{over} MB"


def test_pinned_memory_without_cuda_warns_and_gives_batches(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # On a machine that has it, torch finds none either.
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with sources(1, items=4) as addresses:
        loader = btt.DataLoader(dataset(*addresses), batch_size=4, pin_memory=True)
        with pytest.warns(UserWarning, match="pin_memory"):
            (batch,) = loader
    assert batch["image"].shape == (4, 64, 64, 4)


@pytest.mark.skipif(
    not torch.cuda.is_available(), reason=f"{UNTESTED}pinned memory with CUDA: torch finds none"
)
def test_with_cuda_tensors_are_pinned() -> None:
    with sources(1, items=4) as addresses:
        (batch,) = btt.DataLoader(dataset(*addresses), batch_size=4, pin_memory=True)
    assert batch["image"].is_pinned() and batch["number"].is_pinned()
