"""The publisher of scene scripts, without Blender."""

import warnings

import pytest
from blendtorch import btb


def test_a_publisher_that_others_reach_warns_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("BLENDTORCH_LAUNCHED", raising=False)
    with pytest.warns(UserWarning, match=r"0\.0\.0\.0:\d+: whoever .* can read") as told:
        btb.DataPublisher("tcp://0.0.0.0:0").close()
    assert len(told) == 1 and told[0].filename == __file__
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        btb.DataPublisher("tcp://127.0.0.1:0").close()
        # The launcher has said it for all its instances.
        monkeypatch.setenv("BLENDTORCH_LAUNCHED", "1")
        btb.DataPublisher("tcp://0.0.0.0:0").close()
