"""What the original has under this name."""

DEFAULT_TIMEOUTMS = 10000
"""How long silence lasts until it is an error."""
