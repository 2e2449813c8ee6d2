"""What VisionSim has and this has not: each says what to use instead."""

from typing import Any, NoReturn


def _gone(what: str, instead: str) -> NoReturn:
    raise NotImplementedError(f"{what} is not here: {instead}")


class BlenderServer:
    """VisionSim's server within Blender. Here a fleet alone starts and asks its workers."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Raises NotImplementedError."""
        _gone(
            "BlenderServer",
            "start Blenders by BlenderClient.spawn() or BlenderClients.spawn(jobs=n)",
        )

    @staticmethod
    def spawn(*args: Any, **kwargs: Any) -> NoReturn:
        """Raises NotImplementedError."""
        _gone("BlenderServer.spawn", "use BlenderClients.spawn(jobs=n)")

    @staticmethod
    def spawn_registry(*args: Any, **kwargs: Any) -> NoReturn:
        """Raises NotImplementedError."""
        _gone(
            "a registry of servers",
            "a fleet knows its Blenders; `blendtorch status` lists those of this machine",
        )

    @staticmethod
    def discover(*args: Any, **kwargs: Any) -> NoReturn:
        """Raises NotImplementedError."""
        _gone("a registry of servers", "`blendtorch status` lists the fleets of this machine")


class Gone:
    """Methods of clients that are not here."""

    @classmethod
    def auto_connect(cls, *args: Any, **kwargs: Any) -> NoReturn:
        """Raises NotImplementedError."""
        _gone("auto_connect", "start a Blender by BlenderClient.spawn()")

    def render_playblast(self, *args: Any, **kwargs: Any) -> NoReturn:
        """Raises NotImplementedError."""
        _gone(
            "render_playblast",
            'render with Workbench: client.engine("workbench"), then render_animation()',
        )

    def include_thermal(self, *args: Any, **kwargs: Any) -> NoReturn:
        """Raises NotImplementedError."""
        _gone("include_thermal", "thermal pictures are out of its scope; see VisionSim")

    def save_lighting(self, *args: Any, **kwargs: Any) -> NoReturn:
        """Raises NotImplementedError."""
        _gone("save_lighting", "lights can be read by a scene script with bpy")

    def with_logger(self, *args: Any, **kwargs: Any) -> NoReturn:
        """Raises NotImplementedError."""
        _gone("with_logger", 'each Blender has a log file: spawn(log="folder")')
