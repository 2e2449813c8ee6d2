"""What the original has under this name."""

DEFAULT_TIMEOUTMS = 5000
"""How long an environment in real time waits for its first command."""
