"""Where a script that plays episodes goes on after its instance was restarted.

Owns the count of its `play` calls, and what of them an earlier life has done already. The page of
memory that the launcher has keeps it from life to life; without one all begins anew. Knows no
Blender.
"""

from . import instance

_plays = 0


class Run:
    """The episodes of one `play` call, as far as they are left to this life."""

    def __init__(self, base: int, play: int, first: int, finished: int) -> None:
        """See `next_run`."""
        self._base = base
        self._play = play
        self.first = first
        """The number of its first episode."""
        self.finished = finished
        """How many of its episodes are over: played in earlier lives, or lost with one."""

    def begins(self, episode: int, finished: int) -> None:
        """An episode begins. If this life is lost with it, it counts as over: one that ends an
        instance would do so again."""
        instance.set_resume(self._base, self._play, episode + 1, finished + 1)

    def ends(self) -> None:
        """All its episodes are over, and the next `play` call comes."""
        instance.set_resume(self._base, self._play + 1, self._base, 0)


def next_run(num_episodes: int) -> Run | None:
    """What is left of the next `play` call, of so many episodes (below 0: without end); None where
    it is over, because an earlier life has played or lost all of them."""
    global _plays
    base, at, next_episode, played = instance.resume()
    play, _plays = _plays, _plays + 1
    if play < at:
        return None
    first, finished = (next_episode, played) if play == at else (base, 0)
    if 0 <= num_episodes <= finished and finished:
        return None
    return Run(base, play, first, finished)
