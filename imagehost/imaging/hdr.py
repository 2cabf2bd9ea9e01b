"""High dynamic range (PQ and HLG of ITU-R BT.2100) on screens without it, as Chromium shows it.

Chromium follows ISO 22028-5: light up to white is dimmed by a factor, brighter light is compressed. The
largest of red, green and blue decides by how much.
"""

from dataclasses import dataclass
from itertools import product
from math import exp, log, log2, sqrt

from imagehost.imaging.code_points import BT2020, PQ
from imagehost.imaging.matrices import Primaries, Vector, applied, inverted, multiplied, to_d50, to_xyz
from imagehost.imaging.profiles import of_table

NODES = 33
"""Nodes of a table on each side: between them, colours are interpolated."""
WHITE = 203.0
"""Light of white paper, in cd/m²."""
USUAL_PEAK = 1000.0
KNEE = 0.65


def profile(primaries: Primaries, transfer: int, peak: float | None) -> bytes:
    """Write a profile whose table leads from a HDR space to the colours that a screen shows.

    A table of littlecms keeps greys grey, which Pillow's own (Color3DLUT) does not between its nodes.
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
        # Colours that a screen cannot show are left to littlecms: a table must have no edges.
        nodes.append(applied(to_xyz_of_profiles, shown))
    return of_table(NODES, nodes)


def pq(code: float) -> float:
    """Return the light of a code of PQ, white being 1."""
    power = code ** (1 / 78.84375)
    ratio = max(power - 0.8359375, 0.0) / (18.8515625 - 18.6875 * power)
    return float(ratio ** (1 / 0.1593017578125) * 10000 / WHITE)


def hlg(code: float) -> float:
    """Return the light in front of the camera of a code of HLG, the brightest being 1."""
    a = 0.17883277
    b, c = 1 - 4 * a, 0.5 - a * log(4 * a)
    return code * code / 3 if code <= 0.5 else (exp((code - c) / a) + b) / 12


def displayed(scene: Vector, luminance: Vector) -> Vector:
    """Return the light on the screen for light in front of the camera, white being 1."""
    total = sum(part * share for part, share in zip(scene, luminance, strict=True))
    factor = max(total, 0.0) ** 0.2 * 1000 / WHITE
    return scene[0] * factor, scene[1] * factor, scene[2] * factor


@dataclass(frozen=True, slots=True)
class Curve:
    """From the light of a HDR picture to that of a screen.

    A straight line up to white, then a quadratic Bézier curve whose ends and middle are these.
    """

    white: float
    middle: tuple[float, float]
    peak: float

    @classmethod
    def up_to(cls, peak: float) -> "Curve":
        """Make the curve of a picture whose brightest light is so many cd/m²."""
        headroom = max(log2(peak / WHITE), 0.0)
        white = 1 - 0.5 * min(headroom / log2(USUAL_PEAK / WHITE), 1.0)
        middle = 1 - KNEE + KNEE / white, (1 - KNEE) * white + KNEE
        return cls(white, middle, 2**headroom)

    def dimmed(self, light: Vector) -> Vector:
        """Dim a colour by what the curve does to its largest part."""
        most = max(light)
        if most <= 0:
            return light
        factor = self.at(most) / most
        return light[0] * factor, light[1] * factor, light[2] * factor

    def at(self, light: float) -> float:
        """Return where the curve is at some light."""
        if light <= 1 and self.peak > 1:
            return light * self.white
        if light >= self.peak:
            return 1.0
        (across, up) = self.middle
        square, double = 1 - 2 * across + self.peak, 2 * across - 2
        position = 2 * (1 - light) / (-double - sqrt(double * double - 4 * square * (1 - light)))
        return (self.white - 2 * up + 1) * position**2 + (2 * up - 2 * self.white) * position + self.white
