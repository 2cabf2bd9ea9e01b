"""Colour spaces by their code points (ITU-T H.273), as Chromium shows them."""

from imagehost.imaging.matrices import Primaries, to_d50
from imagehost.imaging.profiles import of_matrix, parametric

D65, C = (0.3127, 0.329), (0.31, 0.316)
BT709 = Primaries(D65, (0.64, 0.33), (0.3, 0.6), (0.15, 0.06))
BT2020 = Primaries(D65, (0.708, 0.292), (0.17, 0.797), (0.131, 0.046))
SMPTE170 = Primaries(D65, (0.63, 0.34), (0.31, 0.595), (0.155, 0.07))
PRIMARIES = {
    1: BT709,
    4: Primaries(C, (0.67, 0.33), (0.21, 0.71), (0.14, 0.08)),
    5: Primaries(D65, (0.64, 0.33), (0.29, 0.6), (0.15, 0.06)),
    6: SMPTE170,
    7: SMPTE170,
    8: Primaries(C, (0.681, 0.319), (0.243, 0.692), (0.145, 0.049)),
    9: BT2020,
    10: Primaries((1 / 3, 1 / 3), (1.0, 0.0), (0.0, 1.0), (0.0, 0.0)),
    11: Primaries((0.314, 0.351), (0.68, 0.32), (0.265, 0.69), (0.15, 0.06)),
    12: Primaries(D65, (0.68, 0.32), (0.265, 0.69), (0.15, 0.06)),
    22: Primaries(D65, (0.63, 0.34), (0.295, 0.605), (0.155, 0.077)),
}

VIDEO_CURVE = parametric(0, 2.4)
SRGB_CURVE = parametric(3, 2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045)
CURVES = {
    1: VIDEO_CURVE,
    4: parametric(0, 2.2),
    5: parametric(0, 2.8),
    6: VIDEO_CURVE,
    7: parametric(3, 1 / 0.45, 1 / 1.1115, 0.1115 / 1.1115, 1 / 4, 0.0913),
    8: parametric(0, 1.0),
    11: VIDEO_CURVE,
    13: SRGB_CURVE,
    14: VIDEO_CURVE,
    15: VIDEO_CURVE,
    17: parametric(3, 2.6, (52.37 / 48) ** (1 / 2.6), 0.0, 0.0, 0.0),
}
"""The transfer functions that ICC profiles can express."""
PQ, HLG = 16, 18
BRIGHT = {PQ, HLG}
"""The transfer functions of pictures with light that is brighter than white."""


def profile_of_code_points(primaries: Primaries, curve: bytes) -> bytes:
    """Return the ICC profile of a colour space. Raises ZeroDivisionError for impossible primaries."""
    return of_matrix(to_d50(primaries), curve)


def srgb() -> bytes:
    """Return the ICC profile of sRGB, the target of littlecms."""
    return profile_of_code_points(BT709, SRGB_CURVE)
