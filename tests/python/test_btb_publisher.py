"""The publisher of scene scripts, without Blender."""

import threading
import warnings
from typing import Any

import numpy as np
import pytest
from blendtorch import btb
from btt_support import HANG_S, LONG_MS, dataset


def test_a_publisher_that_others_reach_warns_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("BLENDTORCH_LAUNCHED", raising=False)
    with pytest.warns(UserWarning, match=r"0\.0\.0\.0:\d+: whoever .* can read") as told:
        btb.DataPublisher("tcp://0.0.0.0:0").close()
    (warning,) = (one for one in told if one.category is UserWarning)
    assert warning.filename == __file__
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        btb.DataPublisher("tcp://127.0.0.1:0").close()
        # The launcher has said it for all its instances.
        monkeypatch.setenv("BLENDTORCH_LAUNCHED", "1")
        btb.DataPublisher("tcp://0.0.0.0:0").close()


@pytest.mark.parametrize(("shm_bytes", "warns"), [(0, False), (1, True), (599_999, True)])
def test_a_pool_too_small_for_the_arrays_costs_a_copy_and_is_said_once(
    shm_bytes: int, warns: bool
) -> None:
    publisher = btb.DataPublisher(
        "tcp://127.0.0.1:0", send_hwm=0, lingerms=LONG_MS, shm_bytes=shm_bytes
    )
    image = np.full(200_000, 7, np.uint8)
    told: list[Any] = []

    def publish() -> None:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            for _ in range(5):
                publisher.publish(image=image)
                with publisher.begin(image=(image.shape, image.dtype)) as draft:
                    draft["image"][...] = image
                    draft.publish()
        told.extend(caught)
        publisher.close()

    thread = threading.Thread(target=publish, daemon=True)
    thread.start()
    items = list(dataset(publisher.address))
    thread.join(HANG_S)
    assert len(items) == 10 and all((item["image"] == 7).all() for item in items)
    assert publisher.stats()["heap"] == 10 and publisher.stats()["shared"] == 0
    assert len(told) == warns
    for warning in told:
        assert f"more than the {shm_bytes} bytes of shared memory" in str(warning.message)
        assert "set shm_bytes higher" in str(warning.message) and warning.filename == __file__


@pytest.mark.parametrize("name", ["send_hwm", "shm_bytes"])
def test_negative_numbers_are_refused_by_name(name: str) -> None:
    options: dict[str, Any] = {name: -1}
    with pytest.raises(ValueError, match=f"{name} must not be negative, as -1 is"):
        btb.DataPublisher("tcp://127.0.0.1:0", **options)
