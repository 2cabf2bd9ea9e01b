"""XMP packets (ISO 16684-1): read and write only the properties of HDR gain maps.

Sources: Adobe, Gain Map Specification 1.0; Google, Ultra HDR Image Format 1.1.
"""

import re
from dataclasses import dataclass, field
from xml.parsers import expat  # a document type is refused, so that no entity is expanded
from xml.sax.saxutils import quoteattr

XMP_SIGNATURE = b"http://ns.adobe.com/xap/1.0/\0"
RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
GAIN_MAP = "http://ns.adobe.com/hdr-gain-map/1.0/"
CONTAINER = "http://ns.google.com/photos/1.0/container/"
ITEM = "http://ns.google.com/photos/1.0/container/item/"

NUMBERS = (
    *("GainMapMin", "GainMapMax", "Gamma", "OffsetSDR", "OffsetHDR"),
    *("HDRCapacityMin", "HDRCapacityMax"),
)
"""Properties of a gain map with one value, or with one value for each colour."""
_DECIMAL = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,3})?")
_VERSION_TEXT = re.compile(r"\d{1,4}(\.\d{1,4}){0,3}")
LONGEST_XMP_VALUE = 40
"""The largest number of characters in a value."""


@dataclass
class Packet:
    """The gain map metadata of a packet: properties with their values, and the items of the container."""

    properties: dict[str, list[str]] = field(default_factory=dict)
    items: list[dict[str, str]] = field(default_factory=list)

    @property
    def version(self) -> str:
        """The version of the gain map specification; empty if it is missing or invalid."""
        value = self.properties.get("Version", [""])[0]
        return value if _VERSION_TEXT.fullmatch(value) else ""

    def numbers(self, name: str) -> list[str]:
        """Return the one or three values of a property; none if one is not a number: readers ignore that."""
        values = self.properties.get(name, [])
        well_formed = all(len(value) <= LONGEST_XMP_VALUE and _DECIMAL.fullmatch(value) for value in values)
        return values if well_formed and len(values) in {1, 3} else []


def read_xmp(data: bytes) -> Packet:
    """Read a packet; return an empty one if the data is not XML or has a document type."""
    packet = Packet()
    reader = _Reader(packet)
    try:
        reader.parser.Parse(data.strip(b"\0"), True)
    except (expat.ExpatError, _Refused, LookupError, ValueError):
        # The last two are raised for encodings that Python does not know, or does not use for text.
        return Packet()
    return packet


class _Refused(Exception):
    """The packet has a document type."""


class _Reader:
    """Collects the gain map metadata that expat reports."""

    def __init__(self, packet: Packet) -> None:
        self.packet = packet
        self.path: list[str] = []
        self.text = ""
        self.parser = expat.ParserCreate(namespace_separator="")
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._text
        self.parser.StartDoctypeDeclHandler = self._doctype

    def _doctype(self, *_: object) -> None:
        raise _Refused

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self.path.append(name)
        self.text = ""
        for attribute, value in attributes.items():
            if attribute.startswith(GAIN_MAP):
                self.packet.properties[attribute.removeprefix(GAIN_MAP)] = [value]
        if name == f"{CONTAINER}Item":
            facts = {
                attribute.removeprefix(ITEM): value
                for attribute, value in attributes.items()
                if attribute.startswith(ITEM)
            }
            self.packet.items.append(facts)

    def _text(self, text: str) -> None:
        self.text += text

    def _end(self, name: str) -> None:
        value, self.text = self.text.strip(), ""
        if value and name.startswith(ITEM) and self.packet.items:
            self.packet.items[-1].setdefault(name.removeprefix(ITEM), value)
        owner = next((each for each in self.path if each.startswith(GAIN_MAP)), "")
        if value and owner and name in {owner, f"{RDF}li"}:
            self.packet.properties.setdefault(owner.removeprefix(GAIN_MAP), []).append(value)
        self.path.pop()


def gain_map(packet: Packet) -> bytes:
    """Return the packet of a gain map."""
    values = {name: packet.numbers(name) for name in NUMBERS}
    attributes = {"Version": packet.version}
    attributes |= {name: found[0] for name, found in values.items() if len(found) == 1}
    if "BaseRenditionIsHDR" in packet.properties:
        is_hdr = packet.properties["BaseRenditionIsHDR"][0].lower() == "true"
        attributes["BaseRenditionIsHDR"] = str(is_hdr)
    children = "".join(
        f"<hdrgm:{name}><rdf:Seq><rdf:li>{'</rdf:li><rdf:li>'.join(found)}</rdf:li></rdf:Seq></hdrgm:{name}>"
        for name, found in values.items()
        if len(found) > 1
    )
    names = {f"hdrgm:{name}": value for name, value in attributes.items()}
    return _packet({"hdrgm": GAIN_MAP}, names, children)


def primary(version: str, length: int | None) -> bytes:
    """Return the packet of a picture with a gain map.

    Args:
        version: the version of the gain map specification.
        length: the size of the gain map in bytes; None if the packet needs no container.
    """
    if length is None:
        return _packet({"hdrgm": GAIN_MAP}, {"hdrgm:Version": version}, "")
    items = (
        'Item:Semantic="Primary" Item:Mime="image/jpeg"',
        f'Item:Semantic="GainMap" Item:Mime="image/jpeg" Item:Length="{length}"',
    )
    entries = "".join(f'<rdf:li rdf:parseType="Resource"><Container:Item {item}/></rdf:li>' for item in items)
    directory = f"<Container:Directory><rdf:Seq>{entries}</rdf:Seq></Container:Directory>"
    spaces = {"Container": CONTAINER, "Item": ITEM, "hdrgm": GAIN_MAP}
    return _packet(spaces, {"hdrgm:Version": version}, directory)


def _packet(spaces: dict[str, str], attributes: dict[str, str], children: str) -> bytes:
    """Return a packet with one description."""
    words = [f'xmlns:{prefix}="{uri}"' for prefix, uri in spaces.items()]
    words += [f"{name}={quoteattr(value)}" for name, value in attributes.items()]
    description = " ".join(["<rdf:Description", *words])
    description += f">{children}</rdf:Description>" if children else "/>"
    return XMP_SIGNATURE + (
        f'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="{RDF}">{description}</rdf:RDF></x:xmpmeta>'
    ).encode("ascii")
