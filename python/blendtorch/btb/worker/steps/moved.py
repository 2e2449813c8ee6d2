"""How one curve, and one driver, is moved in time.

With x' = scale · x + shift the curve that was f(x) becomes f((x' − shift) / scale).
"""

import re
from typing import Any, NamedTuple

import numpy as np

# `frame` as a name of its own: no attribute, no part of a text, no argument of that name.
_FRAME = re.compile(r"(?<![\w.\"'])frame(?![\w\"'])")
# As long as an expression can be.
_EXPRESSION = 255


class Move(NamedTuple):
    """A frame x becomes x · scale + shift."""

    scale: float
    shift: float

    def __call__(self, frame: float) -> float:
        """Where a frame goes."""
        return frame * self.scale + self.shift


def move_curve(curve: Any, move: Move) -> bool:
    """Moves its keys, their handles and its modifiers; whether all of it could be moved."""
    points = curve.keyframe_points
    if len(points):
        for name in ("co", "handle_left", "handle_right"):
            values = np.empty(2 * len(points), np.float32)
            points.foreach_get(name, values)
            values[::2] = values[::2].astype(np.float64) * move.scale + move.shift
            points.foreach_set(name, values)
        for point in points:
            point.period *= move.scale
        curve.update()
    samples = getattr(curve, "sampled_points", None)
    if samples is not None:
        for sample in samples:
            sample.co.x = move(sample.co.x)
    return all([_move_modifier(modifier, move) for modifier in curve.modifiers])  # noqa: C419 (each)


def move_driver(driver: Any, move: Move) -> bool:
    """Makes an expression that says `frame` mean the old one; whether that is all that goes by
    frames in it."""
    names = {variable.name for variable in driver.variables}
    reads = any(
        (target.data_path or "").startswith("frame_")
        for variable in driver.variables
        for target in variable.targets
    )
    if driver.type != "SCRIPTED" or "frame" in names or not _FRAME.search(driver.expression):
        return not reads
    old = f"((frame-{move.shift!r})/{move.scale!r})".replace("--", "+")
    expression = _FRAME.sub(old, driver.expression)
    if len(expression) > _EXPRESSION or "scene" in expression:
        return False
    driver.expression = expression
    return not reads


def _move_modifier(modifier: Any, move: Move) -> bool:
    scale, shift = move
    if modifier.use_restricted_range:
        first, last = move(modifier.frame_start), move(modifier.frame_end)
        _put_range(modifier, first, last)
        modifier.blend_in *= scale
        modifier.blend_out *= scale
    match modifier.type:
        case "CYCLES":  # It goes by the keys.
            return True
        case "NOISE":
            modifier.offset = move(modifier.offset)
            modifier.scale *= scale
            # The noise of Blenders before 4.4 has the scale in all three of its directions.
            return not getattr(modifier, "use_legacy_noise", True)
        case "STEPPED":
            modifier.frame_offset = move(modifier.frame_offset)
            modifier.frame_step *= scale
            _put_range(modifier, move(modifier.frame_start), move(modifier.frame_end))
        case "LIMITS":
            modifier.min_x, modifier.max_x = move(modifier.min_x), move(modifier.max_x)
        case "ENVELOPE":
            for point in modifier.control_points:
                point.frame = move(point.frame)
        case "FNGENERATOR":
            modifier.phase_offset -= modifier.phase_multiplier * shift / scale
            modifier.phase_multiplier /= scale
        case "GENERATOR":
            modifier.coefficients = _moved_polynomial(modifier, move)
        case _:
            return False
    return True


def _put_range(owner: Any, first: float, last: float) -> None:
    if last > owner.frame_end:
        owner.frame_end, owner.frame_start = last, first
    else:
        owner.frame_start, owner.frame_end = first, last


def _moved_polynomial(modifier: Any, move: Move) -> list[float]:
    old = np.polynomial.Polynomial([-move.shift / move.scale, 1 / move.scale])
    values = list(modifier.coefficients)
    if modifier.mode == "POLYNOMIAL_FACTORISED":  # (a x + b) (c x + d) …
        pairs = zip(values[::2], values[1::2], strict=True)
        # x is the old one.
        return [part for a, b in pairs for part in (a * old.coef[1], a * old.coef[0] + b)]
    moved = np.polynomial.Polynomial(values)(old).coef
    return [*moved, *[0.0] * (len(values) - len(moved))]
