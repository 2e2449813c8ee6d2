"""A call that goes on while its caller does something else."""

import threading
from collections.abc import Callable
from typing import Any


class AsyncResult:
    """What a call in the background will return."""

    def __init__(self, function: Callable[..., Any], *args: Any, **kwargs: Any) -> None:
        """Begins the call."""
        self._value: Any = None
        self._error: BaseException | None = None
        self._told = False
        self._function = (function, args, kwargs)
        self._callbacks: list[Callable[[AsyncResult], Any]] = []
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        function, args, kwargs = self._function
        try:
            self._value = function(*args, **kwargs)
        except BaseException as error:
            self._error = error
        with self._lock:
            callbacks, self._callbacks = self._callbacks, []
            self._over = True
        for one in callbacks:
            one(self)

    _over = False

    @property
    def ready(self) -> bool:
        """Whether it has ended."""
        return self._over

    @property
    def error(self) -> bool:
        """Whether it has ended with an error."""
        return self._over and self._error is not None

    def wait(self, timeout: float | None = None) -> None:
        """Waits for its end.

        Raises:
            TimeoutError: it has not ended within `timeout` seconds.
        """
        self._thread.join(timeout)
        if self._thread.is_alive():
            raise TimeoutError(f"it has not ended within {timeout} s")

    @property
    def value(self) -> Any:
        """What it returned, once it has; raises what it raised."""
        self.wait()
        self._told = True
        if self._error is not None:
            raise self._error
        return self._value

    def add_callback(self, function: "Callable[[AsyncResult], Any]") -> None:
        """Calls a function with this when it has ended, or now if it has."""
        with self._lock:
            if not self._over:
                self._callbacks.append(function)
                return
        function(self)

    def _raise(self) -> None:
        """Raises its error, unless somebody has taken it."""
        if self._error is not None and not self._told:
            self._told = True
            raise self._error
