"""The frame of a JPEG (ITU-T T.81, B.2.2 and annex G): its components, and the bits in its scans."""

import struct
from typing import NamedTuple

from .errors import Malformed

# Huffman or arithmetic coding, sequential, progressive or lossless. No program shows hierarchical ones.
FRAMES = {0xC0, 0xC1, 0xC2, 0xC3, 0xC9, 0xCA, 0xCB}
PROGRESSIVE = {0xC2, 0xCA}
COEFFICIENTS_PER_BLOCK = 64
"""The number of coefficients in a block."""
MAX_BITS = 13
"""The largest number of low bits of a coefficient that a scan may leave to later scans."""


class Component(NamedTuple):
    """A colour component: its number of samples, and how many bits of each coefficient are still missing."""

    samples: int
    missing: list[int]


class Frame:
    """A frame, read from its marker and its header. Raises Malformed."""

    def __init__(self, marker: int, data: bytes) -> None:
        if len(data) < 6 or len(data) != 6 + 3 * data[5]:
            raise Malformed("its JPEG header has the wrong length")
        self.height, self.width = struct.unpack_from(">HH", data, 1)
        self._progressive = marker in PROGRESSIVE
        factors = {data[at]: divmod(data[at + 1], 16) for at in range(6, len(data), 3)}
        known = all(1 <= factor <= 4 for pair in factors.values() for factor in pair)
        if len(factors) != data[5] or not known:
            raise Malformed("its JPEG header is invalid")
        widest, tallest = (max(pair[side] for pair in factors.values()) for side in (0, 1))
        self._components = {
            name: Component(
                -(-self.width * across // widest) * -(-self.height * down // tallest),
                [1] * COEFFICIENTS_PER_BLOCK,
            )
            for name, (across, down) in factors.items()
        }

    def scan(self, header: bytes) -> int:
        """Read the header of a scan, and return how many samples a decoder processes for it.

        Raises Malformed.
        """
        if not header or len(header) != 4 + 2 * header[0] or not 1 <= header[0] <= 4:
            raise Malformed("a JPEG segment has the wrong length")
        names = header[1 : 1 + 2 * header[0] : 2]
        if len(set(names)) != len(names) or not set(names) <= set(self._components):
            raise Malformed("its JPEG header is invalid")
        self._cover(names, *header[-3:])
        return sum(self._components[name].samples for name in names)

    def is_whole(self) -> bool:
        """Tell whether the scans contain all bits of all coefficients."""
        return not any(missing for component in self._components.values() for missing in component.missing)

    def _cover(self, names: bytes, first: int, last: int, bits: int) -> None:
        """Record the coefficients of a scan, and how many of their lowest bits it lacks (annex G.1)."""
        above, below = divmod(bits, 16)
        if not self._progressive:
            first, last, below = 0, COEFFICIENTS_PER_BLOCK - 1, 0
        elif not _is_progression(len(names), first, last, above, below):
            raise Malformed("its JPEG header is invalid")
        for name in names:
            self._components[name].missing[first : last + 1] = [below] * (last + 1 - first)


def _is_progression(components: int, first: int, last: int, above: int, below: int) -> bool:
    """Tell whether decoders accept the parameters of a progressive scan."""
    band = last == 0 if first == 0 else first <= last < COEFFICIENTS_PER_BLOCK and components == 1
    return band and above in {0, below + 1} and below <= MAX_BITS
