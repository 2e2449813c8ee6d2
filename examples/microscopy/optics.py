"""What a microscope makes of light that is drawn plane by plane: blur, mixture, noise, drift.

Owns the optics; arrays in, arrays out. Knows no Blender, no cells and no spikes.

A Gaussian beam of wavelength λ, focused with numerical aperture NA in a medium of index n, has at
the distance z of its focus the radius (1/e² of its intensity)

    w(z) = w₀ √(1 + (z / z_R)²),  w₀ = λ / (π NA),  z_R = π n w₀² / λ

(B. Saleh and M. Teich, Fundamentals of Photonics, chapter 3). Its power is the same in each plane.

- **Two photons** excite with the square of the intensity (W. Zipfel, R. Williams and W. Webb,
  Nature Biotechnology 21, 1369, 2003): a plane is blurred by exp(−4 r² / w²), a Gaussian with
  σ = w / (2√2), and all of its light is weaker by 1 / w². The detector takes light from wherever
  it comes, so that is all.
- **One photon** lights all planes equally; the camera sees a plane that is out of focus blurred by
  about the same cone, σ = w / 2, and none weaker: nothing is sectioned.
"""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Microscope:
    """A microscope and its detector."""

    pixel_um: float = 1.25
    photons: int = 2
    """How many excite: 2 sections, 1 does not."""
    wavelength_um: float = 0.92
    aperture: float = 0.3
    """The numerical aperture that the beam fills."""
    index: float = 1.33
    """Of water."""
    detector_photons: float = 10.0
    """What a pixel of a common cell at rest, in focus, gives in a frame."""
    gain: float = 20.0
    """Counts a photon."""
    offset: float = 100.0
    """Counts without light."""
    read_noise: float = 12.0
    """Counts, standard deviation."""
    bleaching: float = 0.15
    """Which part of the light is gone at the end of a movie: it falls exponentially."""
    neuropil: float = 0.6
    """The light between the cells at rest, of a common cell's."""
    planes_um: tuple[float, ...] = field(default=(-16, -12, -8, -4, 0, 4, 8, 12, 16))
    """Where the tissue is cut, from the focus."""

    def waist(self, z_um: float) -> float:
        """w(z) in µm."""
        least = self.wavelength_um / (np.pi * self.aperture)
        rayleigh = np.pi * self.index * least**2 / self.wavelength_um
        return float(least * np.hypot(1.0, z_um / rayleigh))

    def blur(self, z_um: float) -> float:
        """The σ of a plane's blur in pixels; a pixel itself is as wide as a Gaussian of 1/√12."""
        sigma = self.waist(z_um) / (2 * np.sqrt(2) if self.photons == 2 else 2.0)
        return float(np.hypot(sigma / self.pixel_um, 12**-0.5))

    def weights(self) -> NDArray[np.float64]:
        """How much each plane adds: 1 together, so that a cell that fills all planes gives 1."""
        weight = np.array([self.waist(z) ** (-2.0 * (self.photons - 1)) for z in self.planes_um])
        return weight / weight.sum()

    def transfer(self, shape: tuple[int, int]) -> NDArray[np.float32]:
        """The planes' blur and weight for pictures of this shape, as `numpy.fft.rfft2` has it."""
        across = np.fft.rfftfreq(shape[1])
        down = np.fft.fftfreq(shape[0])[:, None]
        squared = (2 * np.pi) ** 2 * (across**2 + down**2)
        blurs = [np.exp(-0.5 * self.blur(z) ** 2 * squared) for z in self.planes_um]
        return (self.weights()[:, None, None] * np.array(blurs)).astype(np.float32)

    def focus(
        self, planes: NDArray[np.float32], transfer: NDArray[np.float32]
    ) -> NDArray[np.float64]:
        """The light of a picture, from that of the planes (planes × H × W)."""
        return np.fft.irfft2((np.fft.rfft2(planes) * transfer).sum(0), planes.shape[1:])

    def detect(self, light: NDArray[np.float64], rng: np.random.Generator) -> NDArray[np.uint16]:
        """What is read out, in counts: photons come at random (Poisson), reading adds noise."""
        photons = rng.poisson(np.maximum(light, 0.0) * self.detector_photons)
        counts = self.offset + self.gain * photons + rng.normal(0.0, self.read_noise, light.shape)
        return np.clip(np.rint(counts), 0, 65535).astype(np.uint16)

    def bleached(self, frames: int) -> NDArray[np.float64]:
        """How much light is left in each frame."""
        return (1.0 - self.bleaching) ** (np.arange(frames) / max(frames - 1, 1))


def drift(rng: np.random.Generator, frames: int, most: float) -> NDArray[np.float64]:
    """Where the tissue went: frames × 2 (x, y), from 0, slow, never further than `most`."""
    # A few slow waves of random size and phase, as of swelling tissue and a warming stage; the
    # fastest has 100 frames.
    time = np.arange(frames)[:, None] / 200
    moved = np.zeros((frames, 2))
    for waves in (0.5, 1.0, 2.0):
        size, phase = rng.normal(0.0, 1.0 / waves, 2), rng.uniform(0.0, 2 * np.pi, 2)
        moved += size * np.sin(2 * np.pi * waves * time + phase)
    moved -= moved[0]
    return rng.uniform(0.4, 1.0) * most * moved / max(np.abs(moved).max(), 2.0)


def cloud(rng: np.random.Generator, shape: tuple[int, int]) -> NDArray[np.float64]:
    """A random picture around 1, never below 0.2: what is between the cells, in wide patches (some
    tens of µm) and in fine ones, as neurites are."""
    across = np.fft.rfftfreq(shape[1])
    down = np.fft.fftfreq(shape[0])[:, None]
    light = np.ones(shape)
    for sigma, strength in ((6.0, 0.3), (1.2, 0.15)):
        smooth = np.exp(-0.5 * (2 * np.pi * sigma) ** 2 * (across**2 + down**2))
        waves = np.fft.irfft2(np.fft.rfft2(rng.normal(size=shape)) * smooth, shape)
        light += strength * waves / waves.std()
    return np.maximum(light, 0.2)


def shifted(picture: NDArray[np.float64], move: NDArray[np.float64]) -> NDArray[np.float64]:
    """A picture moved by (x, y) pixels, fractions too; what leaves on one side comes in again."""
    across = np.fft.rfftfreq(picture.shape[1])
    down = np.fft.fftfreq(picture.shape[0])[:, None]
    turn = np.exp(-2j * np.pi * (across * move[0] + down * move[1]))
    return np.fft.irfft2(np.fft.rfft2(picture) * turn, picture.shape)
