"""What the original has under this name."""

from .launcher import LaunchInfo

__all__ = ["LaunchInfo"]
