"""Decode a picture in Chromium: as an image of a page, and frame by frame."""

import base64
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from playwright.sync_api import Page

from . import chromium

# Only a secure context has ImageDecoder and crypto.subtle. Playwright serves the page from memory.
ADDRESS = "http://localhost/"

LOOK = """
async ([text, type]) => {
    const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
    const pixels = async (source, width, height) => {
        const canvas = new OffscreenCanvas(width, height);
        const context = canvas.getContext('2d');
        context.drawImage(source, 0, 0);
        const {data} = context.getImageData(0, 0, width, height);
        const hash = new Uint8Array(await crypto.subtle.digest('SHA-256', data));
        return [width, height, Array.from(hash, (byte) => byte.toString(16).padStart(2, '0')).join('')];
    };
    const image = new Image();
    image.src = URL.createObjectURL(new Blob([bytes], {type}));
    try {
        await image.decode();
    } catch {
        return null;
    }
    const shown = await pixels(image, image.naturalWidth, image.naturalHeight);
    const decoder = new ImageDecoder({data: bytes, type});
    const frames = [];
    try {
        await decoder.tracks.ready;
        const {frameCount, repetitionCount} = decoder.tracks.selectedTrack;
        for (let frameIndex = 0; frameIndex < frameCount; frameIndex++) {
            const {image: frame} = await decoder.decode({frameIndex});
            frames.push([...await pixels(frame, frame.displayWidth, frame.displayHeight), frame.duration]);
            frame.close();
        }
        return [shown, frames, repetitionCount === Infinity ? -1 : repetitionCount];
    } catch {
        return null;
    }
}
"""


@dataclass(frozen=True)
class Decoded:
    """A picture as Chromium shows it.

    ``size`` is the size after turning. ``pixels`` is a hash of the pixels. Each of ``frames`` is width,
    height, a hash of the pixels, and the duration in microseconds or None. ``repetitions`` is -1 for an
    endless animation.
    """

    size: tuple[int, int]
    pixels: str
    frames: tuple[tuple[int, int, str, int | None], ...]
    repetitions: int


class Decoder:
    """A page of the browser that decodes pictures."""

    def __init__(self, page: Page) -> None:
        self._page = page

    def look(self, content: bytes, mime_type: str) -> Decoded | None:
        """Decode all frames. Return None if Chromium shows nothing, or not all frames."""
        found = self._page.evaluate(LOOK, [base64.b64encode(content).decode(), mime_type])
        if found is None:
            return None
        (width, height, pixels), frames, repetitions = found
        return Decoded((width, height), pixels, tuple(tuple(frame) for frame in frames), repetitions)


@contextmanager
def decoder() -> Iterator[Decoder]:
    with chromium.launched() as browser:
        page = browser.new_page()
        page.route(ADDRESS, lambda route: route.fulfill(body="<!doctype html><title>-</title>"))
        page.goto(ADDRESS)
        yield Decoder(page)
