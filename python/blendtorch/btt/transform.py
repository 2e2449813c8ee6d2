"""What becomes of an image on its way into a batch."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class ImageTransform:
    """Converts a field of images, height x width x channels with 1 to 4 channels.

    Done in Rust in the same pass that copies the image into the batch. Each value v is x = v / 255
    of a uint8, and x = v of a float32, which stays float32. It becomes, in this order and where it
    was asked for: curve(x), not for alpha (the last of 2 or 4 published channels);
    (x - mean) / std. A uint8 is rounded to the nearest, a float32 made of one is the formula's
    value to within 1e-6 of its range.

    Args:
        channels: how many are kept, from the first; None: all.
        dtype: what becomes of uint8 images: "uint8", or "float32" from 0 to 1. With mean or std it
            is always float32.
        layout: "HWC" as published, or "CHW" as torch's networks take it.
        mean: subtracted; one number for each kept channel, or one for all.
        std: divided by, likewise.
        srgb: colours published in sRGB become linear light.
        gamma: colours are raised to this power, such as 1 / 2.2 for linear ones that are looked at;
            what is below 0 becomes 0.

    Raises:
        ValueError: an argument that no image fits.
    """

    channels: int | None = None
    dtype: str = "uint8"
    layout: str = "HWC"
    mean: float | Sequence[float] | None = None
    std: float | Sequence[float] | None = None
    srgb: bool = False
    gamma: float | None = None

    def __post_init__(self) -> None:
        for name, allowed in (("dtype", ("uint8", "float32")), ("layout", ("HWC", "CHW"))):
            if getattr(self, name) not in allowed:
                raise ValueError(f"{name} must be one of {allowed}, not {getattr(self, name)!r}")
        if self.srgb and self.gamma is not None:
            raise ValueError("srgb and gamma are two curves: give one of them")
        for name in ("mean", "std"):
            value = getattr(self, name)
            if value is not None:
                numbers = value if hasattr(value, "__iter__") else [value]
                # A tuple of floats, whatever it was: an array, a tensor.
                object.__setattr__(self, name, tuple(float(number) for number in numbers))


def listed(transform: Mapping[str, ImageTransform] | None) -> list[tuple[str, ImageTransform]]:
    """Field by field.

    Raises:
        TypeError: it is no mapping, or a value is something else.
    """
    if transform is not None and not isinstance(transform, Mapping):
        raise TypeError(
            'transform must be a mapping from fields to btt.ImageTransform, such as {"image": '
            'btt.ImageTransform(dtype="float32", layout="CHW")}, not '
            f"{type(transform).__name__}: do anything else to the batches in the loop, or to each "
            "item with RemoteIterableDataset(item_transform=...) and torch.utils.data.DataLoader"
        )
    pairs = list((transform or {}).items())
    for field, value in pairs:
        if not isinstance(value, ImageTransform):
            raise TypeError(
                f"transform[{field!r}] must be a btt.ImageTransform, not {type(value).__name__}: "
                "transform the batches to do anything else"
            )
    return pairs
