"""Check that the tables of a JPEG (ITU-T T.81, B.2.4) have the length that they declare."""

from collections.abc import Callable

DHT, DAC, DQT, DNL, DRI = 0xC4, 0xCC, 0xDB, 0xDC, 0xDD
_QUANTISERS = 64


def _huffman(data: bytes) -> bool:
    """Tell whether Huffman tables have the length that they declare."""
    at = 0
    while at + 17 <= len(data):
        at += 17 + sum(data[at + 1 : at + 17])
    return at == len(data)


def _quantisation(data: bytes) -> bool:
    """Tell whether quantisation tables have the length that they declare."""
    at = 0
    while at < len(data):
        at += 1 + (2 if data[at] >> 4 else 1) * _QUANTISERS
    return at == len(data)


def _arithmetic(data: bytes) -> bool:
    """Tell whether the conditions of arithmetic coding have two bytes each."""
    return len(data) % 2 == 0


def _one_number(data: bytes) -> bool:
    """Tell whether a segment holds one number of two bytes."""
    return len(data) == 2


TABLE_PARSERS: dict[int, Callable[[bytes], bool]] = {
    DHT: _huffman,
    DQT: _quantisation,
    DAC: _arithmetic,
    DNL: _one_number,
    DRI: _one_number,
}
