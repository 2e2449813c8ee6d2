"""What a client does to a scene and asks of it, with VisionSim's words.

Each is a step that a worker does in Blender (`btb/worker/steps`), whose errors come back as what
they were there. Owns the arguments and their defaults.
"""

from collections.abc import Sequence
from os import PathLike
from typing import Any


class Steps:
    """Methods of a client that change its scene, or ask it."""

    def _step(self, step: str, /, keep: bool = True, **arguments: Any) -> Any:
        raise NotImplementedError

    # What a scene is.

    def original_fps(self) -> Any:
        """Frames a second, rounded."""
        return self._step("original_fps", keep=False)

    def get_original_fps(self) -> Any:
        """Frames a second."""
        return self._step("get_original_fps", keep=False)

    def animation_range(self) -> Any:
        """The scene's frames, as a `range`."""
        value = self._step("animation_range", keep=False)
        if isinstance(value, tuple):
            return tuple(range(*one) for one in value)
        return range(*value)

    def animation_range_tuple(self) -> Any:
        """First frame, last frame, step."""
        value = self._step("animation_range_tuple", keep=False)
        return tuple(map(tuple, value)) if isinstance(value, tuple) else tuple(value)

    def iter_fcurves(self, actions: Sequence[str] | None = None) -> Any:
        """The animation curves, as dicts: action, slot, data_path, array_index, mute, keyframes."""
        return self._step("iter_fcurves", keep=False, actions=actions)

    def camera_info(self) -> Any:
        """The camera as the transforms have it: lens, sensor, picture, `fl_x` to `cy`."""
        return self._step("camera_info", keep=False)

    def empty_transforms(self) -> Any:
        """`camera_info`, by its name in VisionSim 0.1."""
        return self._step("empty_transforms", keep=False)

    def camera_intrinsics(self) -> Any:
        """The matrix K, 3 × 3."""
        return self._step("camera_intrinsics", keep=False)

    def camera_extrinsics(self) -> Any:
        """Camera to world, 4 × 4: x right, y up, looking along −z; without scale."""
        return self._step("camera_extrinsics", keep=False)

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
        size = list(height) if isinstance(height, tuple) else height
        self._step(
            "set_resolution",
            height=size,
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
        self._step("save_file", keep=False, path=path)

    # Time.

    def move_keyframes(self, scale: float = 1.0, shift: float = 0.0) -> None:
        """Moves all keyframes to `frame · scale + shift`, and the scene's range with them."""
        self._step("move_keyframes", scale=scale, shift=shift)

    def set_current_frame(self, frame_number: int) -> None:
        """Sets the scene's current frame."""
        self._step("set_current_frame", frame_number=frame_number)

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
        rotation: Sequence[float] | None = None,
        look_at: Sequence[float] | None = None,
        in_order: bool = True,
    ) -> None:
        """Moves the camera in its local space; a rotation or a point to look at, not both."""
        self._step(
            "position_camera",
            location=_floats(location),
            rotation=_floats(rotation),
            look_at=_floats(look_at),
            in_order=in_order,
        )

    def rotate_camera(self, angle: float) -> None:
        """Turns the camera about its optical axis, by radians, clockwise."""
        self._step("rotate_camera", angle=angle)

    def offset_camera(self, offset: Sequence[float]) -> None:
        """Moves the camera along its own axes."""
        self._step("offset_camera", offset=_floats(offset))

    def set_camera_keyframe(
        self, frame_num: int, matrix: Sequence[Sequence[float]] | None = None
    ) -> None:
        """A keyframe of the camera's location, rotation and scale; of `matrix` where it is given."""
        rows = None if matrix is None else [_floats(row) for row in matrix]
        self._step("set_camera_keyframe", frame_num=frame_num, matrix=rows)


def _floats(values: Sequence[float] | None) -> list[float] | None:
    return None if values is None else [float(value) for value in values]
