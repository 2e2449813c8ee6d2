"""Steps about how good a picture is, and what computes it."""

from typing import Any

import bpy

from ... import runtime
from ...cycles import has_denoiser
from ..checks import finite, whole
from ..opened import Opened, instance_number
from .scene import warn_of_engine
from .table import step

_TYPES = ("CPU", "CUDA", "OPTIX", "HIP", "ONEAPI", "METAL")


@step(renews=True)
def cycles_settings(
    opened: Opened,
    device_type: str | None = None,
    use_cpu: bool | None = None,
    adaptive_threshold: float | None = None,
    max_samples: int | None = None,
    use_denoising: bool | None = None,
) -> list[str]:
    """Cycles' settings; None keeps what is. The names of the devices that were chosen.

    Of several GPUs an instance takes one, that of its number; with `use_cpu` the CPU too.

    Raises:
        ValueError: no such type, or without `use_cpu`; no such number; this Blender cannot denoise.
        RuntimeError: no such device is there.
    """
    if runtime.engine_of(opened.scene) != "CYCLES":
        warn_of_engine(opened, "cycles_settings")
        return []
    # All is checked before anything changes.
    chosen = None if device_type is None else _devices(device_type, use_cpu)
    if adaptive_threshold is not None:
        adaptive_threshold = finite(adaptive_threshold, "adaptive_threshold")
    if max_samples is not None:
        whole(max_samples, "max_samples", 1, 2**24)
    if use_denoising is not None:
        denoise(opened, use_denoising)
    if max_samples is not None:
        samples(opened, max_samples)
    if adaptive_threshold is not None:
        opened.scene.cycles.adaptive_threshold = adaptive_threshold
        opened.scene.cycles.use_adaptive_sampling = True
    if chosen is None or device_type is None:
        return []
    _use(opened, device_type.upper(), chosen)
    return [device.name for device in chosen]


@step(renews=True)
def samples(opened: Opened, count: int) -> None:
    """Samples a pixel, of Cycles or EEVEE.

    Raises:
        ValueError: it is no such number; the engine has none.
    """
    number = whole(count, "samples", 1, 2**24)
    scene = opened.scene
    match runtime.engine_of(opened.scene):
        case "CYCLES":
            scene.cycles.samples = number
            opened.layer.samples = 0  # The view layer's own would count instead.
        case "EEVEE":
            scene.eevee.taa_render_samples = number
        case other:
            raise ValueError(f"{other} has no samples: they are Cycles' and EEVEE's")


@step(renews=True)
def denoise(opened: Opened, enable: bool) -> None:
    """Whether Cycles denoises its pictures.

    Raises:
        ValueError: this Blender cannot.
    """
    if enable and not has_denoiser():
        raise ValueError(
            "this Blender is built without OpenImageDenoise: it cannot denoise; say "
            "use_denoising=False, or render with the managed Blender"
        )
    opened.scene.cycles.use_denoising = bool(enable)


@step(renews=True)
def seed(opened: Opened, value: int) -> None:
    """The seed of Cycles' noise.

    Raises:
        ValueError: it is no such number.
    """
    opened.scene.cycles.seed = whole(value, "seed", 0, 2**31 - 1)


def _devices(device_type: str, use_cpu: bool | None) -> list[Any]:
    """The devices to render with.

    Raises:
        ValueError: no such type, or without `use_cpu`.
        RuntimeError: there is none.
    """
    kind = str(device_type).upper()
    if kind not in _TYPES:
        raise ValueError(f"device_type must be one of {', '.join(_TYPES)}, not {device_type!r}")
    if use_cpu is None:
        raise ValueError("cycles_settings: with a device_type say use_cpu too, True or False")
    there = _there()
    cpus = _distinct(device for device in there if device.type == "CPU")
    if kind == "CPU":
        return cpus
    found = _distinct(device for device in there if device.type == kind)
    if not found:
        names = ", ".join(sorted({f"{device.name} ({device.type})" for device in there}))
        raise RuntimeError(
            f"there is no {kind} device here, or Blender has no driver for it; there are: "
            f"{names or 'none'}. Choose another device_type, or CPU"
        )
    return [found[instance_number() % len(found)], *(cpus if use_cpu else ())]


def _preferences() -> Any:
    return bpy.context.preferences.addons["cycles"].preferences


def _there() -> list[Any]:
    preferences = _preferences()
    preferences.refresh_devices()
    return list(preferences.devices)


def _distinct(devices: Any) -> list[Any]:
    """Each once: a CPU is listed beside each type of GPU."""
    return list({device.id: device for device in devices}.values())


def _use(opened: Opened, kind: str, chosen: list[Any]) -> None:
    preferences = _preferences()
    ids = {device.id for device in chosen}
    preferences.compute_device_type = "NONE" if kind == "CPU" else kind
    for device in preferences.devices:
        device.use = device.id in ids
    opened.scene.cycles.device = "CPU" if kind == "CPU" else "GPU"
