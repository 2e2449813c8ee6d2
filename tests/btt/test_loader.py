"""Batches as torch tensors: right, whole, without a copy, and alive as long as they are held."""

import gc
from typing import Any

import numpy as np
import pytest
import torch
from blendtorch import btb, btt
from support.batches import batch_stream, scene
from support.streams import dataset, publishing
from support.values import DTYPES


def test_batches_have_the_dtypes_and_shapes_of_what_was_published() -> None:
    with publishing(scene(10), btid=5) as address:
        loader = btt.DataLoader(dataset(address), batch_size=4)
        batches = list(loader)
    assert [len(batch["name"]) for batch in batches] == [4, 4, 2]
    number = 0
    for batch in batches:
        n = len(batch["name"])
        i = torch.arange(number, number + n)
        for name, dtype, shape in [
            ("image", torch.uint8, (48, 64, 3)),
            ("xy", torch.float32, (8, 2)),
            ("frameid", torch.int64, ()),
            ("reward", torch.float64, ()),
            ("done", torch.bool, ()),
            ("speed", torch.float32, ()),
            ("btid", torch.int64, ()),
        ]:
            assert batch[name].dtype == dtype, name
            assert batch[name].shape == (n, *shape), name
            assert batch[name].is_contiguous()
        assert (batch["image"] == i[:, None, None, None]).all()
        assert (batch["xy"] == i[:, None, None]).all()
        assert (batch["frameid"] == i).all() and (batch["reward"] == i / 2).all()
        assert (batch["done"] == (i % 3 == 0)).all() and (batch["speed"] == i).all()
        assert (batch["btid"] == 5).all()
        assert batch["name"] == [f"item {j}" for j in range(number, number + n)]
        assert [extra["at"][0] for extra in batch["extra"]] == i.tolist()
        assert [extra["at"][1].tolist() for extra in batch["extra"]] == [[j, j] for j in i.tolist()]
        number += n
    assert loader.stats()["received"] == 10 and loader.stats()["discarded"] == 0
    assert loader.stats()["assembling"] > 0


def test_every_dtype_becomes_torchs() -> None:
    def publish(publisher: btb.DataPublisher) -> None:
        for _ in range(2):
            publisher.publish(**{name: np.ones((2, 3), name) for name in DTYPES})

    with publishing(publish) as address:
        (batch,) = btt.DataLoader(dataset(address), batch_size=2)
    for name in DTYPES:
        assert batch[name].dtype == getattr(torch, name)
        assert batch[name].shape == (2, 2, 3)
        assert (batch[name].to(torch.float64) == 1).all(), name


@pytest.mark.parametrize("torchs", [False, True])
def test_seeds_are_in_batches_what_they_were(torchs: bool) -> None:
    """Regression: half of all seeds made a batch float64, rounded; torch's own loader raised."""
    episode = btb.episode_seed(7, 0, 0)
    seeds = [btb.sample_seed(episode, index) for index in range(16)]
    assert {seed < 2**63 for seed in seeds} == {True, False}

    def publish(publisher: btb.DataPublisher) -> None:
        for seed in seeds:
            publisher.publish(seed=seed, both=(seed, {seed: 1}), place={"episode": episode})

    with publishing(publish) as address:
        items = list(dataset(address))
    assert [int(item["seed"]) for item in items] == seeds
    assert {item["seed"].dtype for item in items} == {np.dtype("uint64")}
    for item, seed in zip(items, seeds, strict=True):
        assert (int(item["both"][0]), item["both"][1]) == (seed, {seed: 1})
        # What drew a sample is drawn again by what was received.
        drawn = [np.random.default_rng(source).random() for source in (seed, int(item["seed"]))]
        assert drawn[0] == drawn[1]
    loader = torch.utils.data.DataLoader if torchs else btt.DataLoader

    def publish_seeds(publisher: btb.DataPublisher) -> None:
        for seed in seeds:
            publisher.publish(seed=seed, typed=np.array(seed, "uint64"))

    with publishing(publish_seeds) as address:
        batches = list(loader(dataset(address), batch_size=2))
    for name in ("seed", "typed"):
        assert {batch[name].dtype for batch in batches} == {torch.uint64}
        assert [number for batch in batches for number in batch[name].tolist()] == seeds


def test_an_int_that_is_no_int64_is_an_error_that_names_it() -> None:
    """Regression: its batch was float64."""

    def publish(publisher: btb.DataPublisher) -> None:
        for number in (1, 2**63, 2**63 - 1):
            publisher.publish(number=number)

    with publishing(publish) as address:
        loader = btt.DataLoader(dataset(address), batch_size=2)
        batches = iter(loader)
        with pytest.raises(ValueError, match="field 'number' of instance 0 is the int 92233720368"):
            next(batches)
        (batch,) = batches
    assert batch["number"].dtype == torch.int64 and batch["number"].tolist() == [1, 2**63 - 1]
    assert loader.stats()["discarded"] == 1


def test_numbers_of_another_kind_than_before_are_an_error() -> None:
    """Regression: the column became another."""

    def publish(publisher: btb.DataPublisher) -> None:
        for reward in (0, 1, 0.5, None, 2):
            publisher.publish(reward=reward)

    with publishing(publish) as address:
        batches = iter(btt.DataLoader(dataset(address), batch_size=2))
        assert next(batches)["reward"].dtype == torch.int64
        for found in ("a float", "None"):
            said = f"field 'reward' of instance 0 is {found}, but was a number of int64 before it"
            with pytest.raises(ValueError, match=said):
                next(batches)
        assert next(batches)["reward"].tolist() == [2]


def test_tensors_are_the_loaders_memory() -> None:
    with publishing(scene(4)) as address:
        memory = next(batch_stream(address))["image"]
        address_of_data = memory.__array_interface__["data"][0]
        array = np.asarray(memory)
        tensor = torch.from_dlpack(memory)
        again = torch.from_dlpack(memory)
        assert tensor.data_ptr() == again.data_ptr() == address_of_data == array.ctypes.data
        del memory, again
        gc.collect()
        array[1] = 77
        assert (tensor[1] == 77).all() and (tensor[2] == 2).all()
        del array
        gc.collect()
        tensor += 1
        assert (tensor[1] == 78).all() and (tensor[3] == 4).all()


def test_an_exchange_that_nobody_takes_is_freed() -> None:
    with publishing(scene(4)) as address:
        memory = next(batch_stream(address))["image"]
        for _ in range(3):
            capsule = memory.__dlpack__()
            assert "dltensor" in repr(capsule)
            del capsule
        assert memory.__dlpack_device__() == (1, 0)
        assert (torch.from_dlpack(memory)[3] == 3).all()


def test_tensors_outlive_the_loader_and_its_publisher() -> None:
    with publishing(scene(200)) as address:
        loader = btt.DataLoader(dataset(address), batch_size=4)
        images = [batch["image"] for batch in loader]
        del loader
    gc.collect()
    assert len(images) == 50
    for number, image in enumerate(images):
        assert image[:, 0, 0, 0].tolist() == [(4 * number + row) % 256 for row in range(4)]


def test_a_last_batch_is_smaller_or_left_out() -> None:
    for drop_last, sizes, discarded in [(False, [4, 4, 1], 0), (True, [4, 4], 1)]:
        with publishing(scene(9)) as address:
            loader = btt.DataLoader(dataset(address), batch_size=4, drop_last=drop_last)
            assert [len(batch["image"]) for batch in loader] == sizes
        assert loader.stats()["discarded"] == discarded
    with publishing(scene(40)) as address:
        items = dataset(address, max_items=6)
        assert [len(batch["image"]) for batch in btt.DataLoader(items, batch_size=4)] == [4, 2]


@pytest.mark.parametrize(
    ("second", "message"),
    [
        ({"image": np.zeros((3, 2), np.uint8)}, r"field 'image' of instance 0 is .*\[3, 2\]"),
        ({"image": np.zeros((2, 2), np.int8)}, "field 'image' of instance 0 is an array of int8"),
        ({"image": 3}, "field 'image'"),
        ({}, "field 'image' is in no item"),
        ({"image": np.zeros((2, 2), np.uint8), "more": 1}, "field 'more'"),
    ],
)
def test_items_that_do_not_fit_are_an_error_that_names_the_field(
    second: dict[str, Any], message: str
) -> None:
    def publish(publisher: btb.DataPublisher) -> None:
        publisher.publish(image=np.full((2, 2), 1, np.uint8))
        publisher.publish(**second)
        publisher.publish(image=np.full((2, 2), 3, np.uint8))

    with publishing(publish) as address:
        loader = btt.DataLoader(dataset(address), batch_size=2)
        batches = iter(loader)
        with pytest.raises(ValueError, match=message):
            next(batches)
        # Regression: the error had ended the iteration, and with it the other items were gone.
        (batch,) = batches
        assert batch["image"][:, 0, 0].tolist() == [1, 3]
        assert loader.stats()["discarded"] == 1


def test_what_cannot_be_batched_in_the_background_is_refused() -> None:
    class Own(btt.RemoteIterableDataset):
        def _item(self, item: dict[str, Any]) -> int:
            return 1

    for refused in (dataset("tcp://127.0.0.1:1", item_transform=len), Own(["tcp://127.0.0.1:1"])):
        with pytest.raises(ValueError, match=r"torch\.utils\.data\.DataLoader"):
            btt.DataLoader(refused)
    with pytest.raises(ValueError, match="batch_size"):
        btt.DataLoader("tcp://127.0.0.1:1", batch_size=0)


def test_the_loader_takes_addresses() -> None:
    with publishing(scene(8)) as address:
        assert len(list(btt.DataLoader([address]))) == 1


def test_torchs_own_loader_takes_the_dataset() -> None:
    with publishing(scene(8)) as address:
        loader = torch.utils.data.DataLoader(dataset(address), batch_size=None, num_workers=0)
        assert [item["frameid"] for item in loader] == list(range(8))
