"""What a client does to a scene and asks of it, with VisionSim's words.

Each is a step that a worker does in Blender (`btb/worker/steps`), whose errors come back as what
they were there. Owns the arguments and their defaults.
"""

from collections.abc import Sequence
from os import PathLike
from typing import Any

from .plain import absolute


class Steps:
    """Methods of a client that change its scene, or ask it."""

    def _step(self, step: str, /, **arguments: Any) -> Any:
        raise NotImplementedError

    def _ask(self, step: str, /, **arguments: Any) -> Any:
        raise NotImplementedError

    # What a scene is.

    def original_fps(self) -> Any:
        """Frames a second, rounded."""
        return self._ask("original_fps")

    def get_original_fps(self) -> Any:
        """Frames a second."""
        return self._ask("get_original_fps")

    def animation_range(self) -> Any:
        """The scene's frames, as a `range`."""
        value = self._ask("animation_range")
        if isinstance(value, tuple):
            return tuple(range(*one) for one in value)
        return range(*value)

    def animation_range_tuple(self) -> Any:
        """First frame, last frame, step."""
        value = self._ask("animation_range_tuple")
        return tuple(map(tuple, value)) if isinstance(value, tuple) else tuple(value)

    def iter_fcurves(self, actions: Sequence[str] | None = None) -> Any:
        """The animation curves, as dicts: action, slot, data_path, array_index, mute, keyframes."""
        return self._ask("iter_fcurves", actions=actions)

    def camera_info(self) -> Any:
        """The camera as the transforms have it: lens, sensor, picture, `fl_x` to `cy`."""
        return self._ask("camera_info")

    def empty_transforms(self) -> Any:
        """`camera_info`, by its name in VisionSim 0.1."""
        return self._ask("empty_transforms")

    def camera_intrinsics(self) -> Any:
        """The matrix K, 3 × 3."""
        return self._ask("camera_intrinsics")

    def camera_extrinsics(self) -> Any:
        """Camera to world, 4 × 4: x right, y up, looking along −z; without scale."""
        return self._ask("camera_extrinsics")

    # How it is rendered.

    def engine(self, name: str) -> None:
        """`cycles`, `eevee` or `workbench`."""
        self._step("engine", name=name)

    def samples(self, n: int) -> None:
        """Samples a pixel."""
        self._step("samples", count=n)

    def denoise(self, enable: bool) -> None:
        """Whether Cycles denoises."""
        self._step("denoise", enable=enable)

    def camera(self, name: str) -> None:
        """Renders through this camera of the scene."""
        self._step("camera", name=name)

    def set_resolution(
        self,
        height: "tuple[int, int] | int | None" = None,
        width: int | None = None,
        resolution_percentage: int = 100,
    ) -> None:
        """The picture's size: a pair (height, width), or either."""
        self._step(
            "set_resolution",
            height=height,
            width=width,
            resolution_percentage=resolution_percentage,
        )

    def image_settings(
        self,
        file_format: str | None = None,
        bit_depth: int | None = None,
        color_mode: str | None = None,
    ) -> None:
        """The scene's own output settings, by which composites are written."""
        self._step(
            "image_settings", file_format=file_format, bit_depth=bit_depth, color_mode=color_mode
        )

    def use_motion_blur(self, enable: bool) -> None:
        """Motion blur on or off."""
        self._step("use_motion_blur", enable=enable)

    def use_animations(self, enable: bool) -> None:
        """Mutes all animation curves, or unmutes those that the file has not muted."""
        self._step("use_animations", enable=enable)

    def cycles_settings(
        self,
        device_type: str | None = None,
        use_cpu: bool | None = None,
        adaptive_threshold: float | None = None,
        max_samples: int | None = None,
        use_denoising: bool | None = None,
    ) -> Any:
        """What Cycles renders with; None keeps what the scene has. The names of the devices."""
        return self._step(
            "cycles_settings",
            device_type=device_type,
            use_cpu=use_cpu,
            adaptive_threshold=adaptive_threshold,
            max_samples=max_samples,
            use_denoising=use_denoising,
        )

    def load_addons(self, *names: str) -> None:
        """Enables add-ons."""
        self._step("load_addons", names=list(names))

    def save_file(self, path: "str | PathLike[str]") -> None:
        """Saves the scene as it is now, without what rendering has changed."""
        self._ask("save_file", path=absolute(path))

    # Time.

    def move_keyframes(self, scale: float = 1.0, shift: float = 0.0) -> None:
        """Moves all keyframes to `frame · scale + shift`, and the scene's range with them."""
        self._step("move_keyframes", scale=scale, shift=shift)

    def set_animation_range(
        self, start: int | None = None, stop: int | None = None, step: int | None = None
    ) -> None:
        """Sets the scene's range; `stop` is not in it."""
        self._step("set_animation_range", start=start, stop=stop, step=step)

    # The camera.

    def unbind_camera(self, clear_animations: bool = True) -> None:
        """Frees the camera of constraints, parent and animation; it stays where it is."""
        self._step("unbind_camera", clear_animations=clear_animations)

    def position_camera(
        self,
        location: Sequence[float] | None = None,
        rotation: Sequence[Any] | None = None,
        look_at: Sequence[float] | None = None,
        in_order: bool = True,
    ) -> None:
        """Places the camera, in its parent's space.

        Args:
            location: where; None keeps what is.
            rotation: a rotation matrix, or three angles in radians (Euler XYZ).
            look_at: a point to look at; not together with `rotation`.
            in_order: of the angles that mean the same, those next to the ones before.
        """
        self._step(
            "position_camera",
            location=location,
            rotation=rotation,
            look_at=look_at,
            in_order=in_order,
        )

    def rotate_camera(self, angle: float) -> None:
        """Turns the camera about its optical axis, by radians, clockwise."""
        self._step("rotate_camera", angle=angle)

    def offset_camera(self, offset: Sequence[float]) -> None:
        """Moves the camera along its own axes."""
        self._step("offset_camera", offset=offset)

    def set_camera_keyframe(
        self, frame_num: int, matrix: Sequence[Sequence[float]] | None = None
    ) -> None:
        """A keyframe of the camera's location, rotation and scale, `matrix`'s where it is given."""
        self._step("set_camera_keyframe", frame_num=frame_num, matrix=matrix)
