"""What the original has under this name, and launch infos that are followed."""

from .following import Following
from .launcher import LaunchInfo

__all__ = ["Following", "LaunchInfo"]
