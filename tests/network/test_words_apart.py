"""Of words that would touch each other in a picture, those that stay are evenly apart."""

import numpy as np
import pytest
from blendtorch.btb.network.words_apart import Word, evenly


def row(*at: float, width: float = 4.0) -> list[Word]:
    return [Word(x, 0.0, width, 1.0) for x in at]


def test_words_with_room_between_them_all_stay() -> None:
    assert evenly(row(0, 5, 10), []) == [0, 1, 2]
    assert evenly([], []) == []


def test_of_words_that_touch_each_nth_stays() -> None:
    assert evenly(row(0, 4, 8, 12, 16), []) == [0, 2, 4]
    # The more of them the better, whichever is the first.
    assert evenly(row(0, 2, 4, 6), []) == [0, 3]
    assert len(evenly(row(0, 0, 0), [])) == 1


def test_words_that_touch_what_is_there_already_go() -> None:
    there = [Word(16.0, 0.5, 4.0, 1.0)]
    assert evenly(row(0, 4, 8, 12, 16), there) == [0, 2]
    assert evenly(row(16), there) == []
    assert evenly(row(16), [Word(16.0, 1.3, 4.0, 1.0)]) == [0]


@pytest.mark.parametrize("seed", range(20))
def test_none_of_those_that_stay_touches_another(seed: int) -> None:
    random = np.random.default_rng(seed)
    words = [Word(*random.uniform(0, 20, 2), *random.uniform(1, 4, 2)) for _ in range(12)]
    there = [Word(*random.uniform(0, 20, 2), 2.0, 1.0) for _ in range(3)]
    stay = [*(words[at] for at in evenly(words, there)), *there]
    for at, one in enumerate(stay[: len(stay) - 3]):
        assert not [other for other in stay[at + 1 :] if one.touches(other)]
