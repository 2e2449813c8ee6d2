"""What a client includes: the passes, with VisionSim's words.

Owns their arguments. What is in the files says docs/passes.md: lossless unless something else is
asked for, ids as integers, flow in pixels with y down.
"""

from typing import Any

_FORMATS = {"OPEN_EXR": "exr", "PNG": "png", "JPEG": "jpeg", "NPY": "npy", "EXR": "exr"}


class Passes:
    """Methods of a client that include passes. Each keeps its options until `initialize`."""

    _included: dict[str, dict[str, Any]]
    _previews: dict[str, bool]
    _keys: dict[str, Any]

    def include_frames(
        self,
        file_format: str = "PNG",
        color_mode: str = "RGB",
        exr_codec: str = "ZIP",
        bit_depth: int = 8,
    ) -> None:
        """The picture, by-passing the compositor; through the scene's view transform, but for
        OPEN_EXR and NPY, which are scene-linear.

        Args:
            file_format: PNG, JPEG, OPEN_EXR or NPY.
            color_mode: BW, RGB or RGBA.
            exr_codec: of OPEN_EXR.
            bit_depth: 8 or 16 of PNG, 16 or 32 of OPEN_EXR.
        """
        self._include("frames", file_format, exr_codec, bit_depth, color=color_mode.upper())

    def include_composites(
        self,
        file_format: str | None = None,
        color_mode: str | None = None,
        exr_codec: str | None = None,
        bit_depth: int | None = None,
    ) -> None:
        """The compositor's picture, written by Blender by the scene's own output settings; what is
        given here changes those.

        Args:
            file_format: as Blender calls it; None keeps the file's, as for the others.
            color_mode: BW, RGB or RGBA.
            exr_codec: of OPEN_EXR.
            bit_depth: as Blender has it for this format.
        """
        wanted = {
            "file_format": file_format,
            "color_mode": color_mode,
            "bit_depth": bit_depth,
            "exr_codec": exr_codec,
        }
        wanted = {name: value for name, value in wanted.items() if value is not None}
        if wanted:
            self._step("image_settings", **wanted)
        self._included["composites"] = {}

    def include_depths(
        self,
        preview: bool = True,
        file_format: str = "OPEN_EXR",
        exr_codec: str = "ZIP",
        bit_depth: int = 32,
        debug: bool | None = None,
    ) -> None:
        """Planar depth in the scene's units, 1e10 where nothing is.

        Args:
            preview: on the contact sheet of each frame; `debug` is its name in VisionSim 0.1.
            file_format: OPEN_EXR or NPY.
            exr_codec: lossy ones are said.
            bit_depth: 16 or 32.
            debug: see `preview`.

        Raises:
            ValueError: another format.
        """
        if file_format.upper() not in ("OPEN_EXR", "EXR", "NPY"):
            raise ValueError(f"include_depths: {file_format!r} holds no depth: OPEN_EXR or NPY")
        self._include("depths", file_format, exr_codec, bit_depth)
        self._preview("depths", preview, debug)

    def include_normals(
        self,
        preview: bool = True,
        exr_codec: str = "ZIP",
        bit_depth: int = 32,
        file_format: str = "OPEN_EXR",
        debug: bool | None = None,
    ) -> None:
        """Normals in the camera's frame: x right, y up, z towards the camera; 0 where nothing is.

        See `include_depths`.
        """
        self._include("normals", file_format, exr_codec, bit_depth)
        self._preview("normals", preview, debug)

    def include_flows(
        self,
        preview: "bool | str" = True,
        direction: "str | bool" = "forward",
        exr_codec: str = "ZIP",
        bit_depth: int = 32,
        file_format: str = "OPEN_EXR",
        debug: bool | None = None,
    ) -> None:
        """Optical flow to the next frame and to the one before, in pixels, x right, y down.

        Args:
            preview: on the contact sheet.
            direction: forward, backward or both; taken and not needed: files have both, and the
                contact sheet shows the forward one.
            exr_codec: as in `include_depths`.
            bit_depth: 16 or 32.
            file_format: OPEN_EXR or NPY.
            debug: see `include_depths`.

        Raises:
            ValueError: another direction.
            RuntimeError: when it is rendered, where motion blur is on.
        """
        # VisionSim 0.1 has the direction first, and then whether there is a preview.
        if isinstance(preview, str):
            preview, direction = direction is not False, preview
        if direction not in ("forward", "backward", "both"):
            raise ValueError(f"direction must be forward, backward or both, not {direction!r}")
        self._include("flows", file_format, exr_codec, bit_depth)
        self._preview("flows", bool(preview), debug)

    def include_segmentations(
        self,
        preview: bool = True,
        shuffle: bool = True,
        seed: int = 1234,
        exr_codec: str = "ZIP",
        bit_depth: int = 32,
        file_format: str = "OPEN_EXR",
        debug: bool | None = None,
    ) -> None:
        """Ids of instances and categories, as integers, 0 where nothing is; what they mean is in
        `ids.json`.

        Args:
            preview: on the contact sheet.
            shuffle: taken and not needed: ids go by names, colours of previews by ids.
            seed: as `shuffle`.
            exr_codec: a lossless one; DWAA and DWAB are taken for ZIP.
            bit_depth: 32, or 16 of PNG.
            file_format: OPEN_EXR, PNG or NPY.
            debug: see `include_depths`.
        """
        self._include("segmentations", file_format, exr_codec, bit_depth)
        self._preview("segmentations", preview, debug)

    def include_materials(
        self,
        preview: bool = True,
        shuffle: bool = True,
        seed: int = 1234,
        exr_codec: str = "ZIP",
        bit_depth: int = 32,
        file_format: str = "OPEN_EXR",
    ) -> None:
        """Ids of materials, as integers. See `include_segmentations`."""
        self._include("materials", file_format, exr_codec, bit_depth)
        self._preview("materials", preview, None)

    def include_diffuse_pass(
        self,
        file_format: str = "OPEN_EXR",
        color_mode: str = "RGB",
        exr_codec: str = "ZIP",
        bit_depth: int = 32,
        denoise: bool = False,
    ) -> None:
        """Diffuse light and colour, as the engine made them.

        Args:
            file_format: OPEN_EXR or NPY.
            color_mode: RGB.
            exr_codec: as in `include_depths`.
            bit_depth: 16 or 32.
            denoise: not here: a denoised pass is no ground truth.

        Raises:
            NotImplementedError: `denoise` is asked for.
        """
        self._light("diffuse", file_format, exr_codec, bit_depth, denoise)

    def include_specular_pass(
        self,
        file_format: str = "OPEN_EXR",
        color_mode: str = "RGB",
        exr_codec: str = "ZIP",
        bit_depth: int = 32,
        denoise: bool = False,
    ) -> None:
        """Glossy light and colour. See `include_diffuse_pass`."""
        self._light("specular", file_format, exr_codec, bit_depth, denoise)

    def include_points(
        self,
        preview: bool = True,
        exr_codec: str = "ZIP",
        bit_depth: int = 32,
        file_format: str = "OPEN_EXR",
    ) -> None:
        """Positions in the world. See `include_depths`."""
        self._include("points", file_format, exr_codec, bit_depth)
        self._preview("points", preview, None)

    def include_emission(
        self, exr_codec: str = "ZIP", bit_depth: int = 32, file_format: str = "OPEN_EXR"
    ) -> None:
        """Emitted light. See `include_depths`."""
        self._include("emission", file_format, exr_codec, bit_depth)

    def include_cryptomatte(self, exr_codec: str = "ZIP") -> None:
        """Cryptomatte of objects and materials, with its manifest."""
        self._include("cryptomatte", "OPEN_EXR", exr_codec, 32)

    def include_ids(
        self,
        instances: dict[str, int] | None = None,
        categories: dict[str, int] | None = None,
        materials: dict[str, int] | None = None,
    ) -> None:
        """Ids that you choose, by name; all others get the next free ones."""
        chosen = {"instances": instances, "categories": categories, "materials": materials}
        self._keys["ids"] = {kind: table for kind, table in chosen.items() if table}

    def sequential(self, enable: bool = True) -> None:
        """Renders contiguous parts in order, for scenes whose state depends on the frame before."""
        self._keys["sequential"] = bool(enable)

    def layout(self, name: str) -> None:
        """The names of the files: `flat` (`depths/000003.exr`), or `a2` as VisionSim 0.1.0a2.

        Raises:
            ValueError: it is neither.
        """
        if name not in ("flat", "a2"):
            raise ValueError(f"layout must be flat or a2, not {name!r}")
        self._keys["layout"] = name

    def limits(
        self, frame_timeout: float | None = None, max_frames_per_worker: int | None = None
    ) -> None:
        """When a Blender is started anew.

        Args:
            frame_timeout: seconds after which a frame that is not rendered ends its Blender.
            max_frames_per_worker: after so many frames.
        """
        wanted = {"frame_timeout": frame_timeout, "max_frames_per_worker": max_frames_per_worker}
        self._keys.update({name: value for name, value in wanted.items() if value is not None})

    def _light(
        self, name: str, file_format: str, exr_codec: str, bit_depth: int, denoise: bool
    ) -> None:
        if denoise:
            raise NotImplementedError(
                f"include_{name}_pass(denoise=True) is not here: the pass is written as the engine "
                "made it; take more samples, or denoise the files"
            )
        self._include(name, file_format, exr_codec, bit_depth)

    def _include(
        self, name: str, file_format: str, exr_codec: str, bit_depth: int, **more: Any
    ) -> None:
        kind = _FORMATS.get(file_format.upper())
        if kind is None:
            names = ", ".join(name for name in _FORMATS if name != "EXR")
            raise ValueError(f"{name}: there is no format {file_format!r}; there are {names}")
        codec = exr_codec.upper()
        if codec in ("DWAA", "DWAB") and name in ("segmentations", "materials", "cryptomatte"):
            codec = "ZIP"  # VisionSim's programs say so; the writer refuses what is lossy for ids.
        options = {"format": kind, "codec": codec, **more}
        if kind in ("exr", "npy"):
            options["bits"] = 32 if bit_depth == 8 else int(bit_depth)
        elif bit_depth != 32:
            options["bits"] = int(bit_depth)
        self._included[name] = options

    def _preview(self, name: str, preview: bool, debug: bool | None) -> None:
        self._previews[name] = bool(preview if debug is None else debug)

    def _step(self, step: str, /, **arguments: Any) -> Any:
        raise NotImplementedError
