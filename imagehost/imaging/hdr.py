"""Convert high dynamic range (PQ and HLG of ITU-R BT.2100) for screens without it, as Chromium does.

Chromium follows ISO 22028-5: light up to white is dimmed by a factor, brighter light is compressed. The
factor depends on the largest of red, green and blue.
"""

from dataclasses import dataclass
from itertools import product
from math import exp, log, log2, sqrt

from imagehost.imaging.code_points import BT2020, PQ
from imagehost.imaging.matrices import Primaries, Vector, applied, inverted, multiplied, to_d50, to_xyz
from imagehost.imaging.profiles import of_table

NODES = 33
"""The number of nodes of a table on each axis. Between nodes, colours are interpolated."""
WHITE = 203.0
"""The luminance of white paper, in cd/m²."""
USUAL_PEAK = 1000.0
KNEE = 0.65


def hdr_profile(primaries: Primaries, transfer: int, peak: float | None) -> bytes:
    """Return a profile with a table that converts an HDR space to the colours that a screen shows.

    Between the nodes of a table, littlecms keeps greys grey. Pillow's own table (Color3DLUT) does not.
    """
    light = [(pq if transfer == PQ else hlg)(number / (NODES - 1)) for number in range(NODES)]
    to_2020 = multiplied(inverted(to_xyz(BT2020)), to_xyz(primaries))
    to_xyz_of_profiles = to_d50(BT2020)
    luminance = to_xyz(primaries)[1]
    curve = Curve.up_to(peak or USUAL_PEAK)
    nodes: list[Vector] = []
    for red, green, blue in product(light, repeat=3):
        lit: Vector = (red, green, blue)
        shown = curve.dimmed(applied(to_2020, lit if transfer == PQ else displayed(lit, luminance)))
        # Colours that a screen cannot show are not clipped here but by littlecms: a table must have no edges.
        nodes.append(applied(to_xyz_of_profiles, shown))
    return of_table(NODES, nodes)


def pq(code: float) -> float:
    """Return the light for a PQ code (0 to 1). White is 1."""
    power = code ** (1 / 78.84375)
    ratio = max(power - 0.8359375, 0.0) / (18.8515625 - 18.6875 * power)
    return float(ratio ** (1 / 0.1593017578125) * 10000 / WHITE)


def hlg(code: float) -> float:
    """Return the light in front of the camera for an HLG code (0 to 1). The brightest light is 1."""
    a = 0.17883277
    b, c = 1 - 4 * a, 0.5 - a * log(4 * a)
    return code * code / 3 if code <= 0.5 else (exp((code - c) / a) + b) / 12


def displayed(scene: Vector, luminance: Vector) -> Vector:
    """Return the light on the screen for light in front of the camera. White is 1."""
    total = sum(part * share for part, share in zip(scene, luminance, strict=True))
    factor = max(total, 0.0) ** 0.2 * 1000 / WHITE
    return scene[0] * factor, scene[1] * factor, scene[2] * factor


@dataclass(frozen=True, slots=True)
class Curve:
    """The function from the light of an HDR picture to the light of a screen.

    It is a straight line up to (1, ``white``), then a quadratic Bézier curve to (``peak``, 1) with the
    control point ``middle``.
    """

    white: float
    middle: tuple[float, float]
    peak: float

    @classmethod
    def up_to(cls, peak: float) -> "Curve":
        """Return the curve of a picture whose brightest light is ``peak`` cd/m²."""
        headroom = max(log2(peak / WHITE), 0.0)
        white = 1 - 0.5 * min(headroom / log2(USUAL_PEAK / WHITE), 1.0)
        middle = 1 - KNEE + KNEE / white, (1 - KNEE) * white + KNEE
        return cls(white, middle, 2**headroom)

    def dimmed(self, light: Vector) -> Vector:
        """Dim a colour by the factor that the curve has for the largest component."""
        most = max(light)
        if most <= 0:
            return light
        factor = self.at(most) / most
        return light[0] * factor, light[1] * factor, light[2] * factor

    def at(self, light: float) -> float:
        """Return the light of the screen for a light of the picture; 1 is white in both."""
        if light <= 1 and self.peak > 1:
            return light * self.white
        if light >= self.peak:
            return 1.0
        (across, up) = self.middle
        square, double = 1 - 2 * across + self.peak, 2 * across - 2
        position = 2 * (1 - light) / (-double - sqrt(double * double - 4 * square * (1 - light)))
        return (self.white - 2 * up + 1) * position**2 + (2 * up - 2 * self.white) * position + self.white
