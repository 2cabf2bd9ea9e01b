"""Pictures for screenshots: real photographs in various sizes, with names that are hard to lay out."""

from PIL import Image, ImageOps

from tests import pictures

LONGEST = (
    "<img src=x onerror=alert(1)> \"quoted\" & 'so' {{ 7*7 }} %2e%2e%2f "
    + "averylongwordwithoutanyspaces" * 6
)
NEWEST = {
    "Panorama over the roofs.jpg": ("china", (0, 180, 640, 290), (2400, 412), "jpg"),
    "portrait.jpg": ("flower", (190, 0, 470, 427), (840, 1281), "jpg"),
    "icon.png": ("flower", (220, 60, 420, 260), (16, 16), "png"),
    "animation.gif": ("china", (0, 0, 640, 427), (320, 214), "gif"),
    f"{LONGEST}.png": ("china", (200, 60, 420, 280), (500, 500), "png"),
    "صورة من الإجازة 2024.jpg": ("flower", (0, 0, 640, 427), (1280, 854), "jpg"),
    "תמונה (3).png": ("china", (0, 0, 300, 400), (300, 400), "png"),
    "Ärger & Freude – 東京 🦊.jpg": ("china", (300, 100, 640, 427), (1020, 981), "jpg"),
}
NUMBER = 23


def gallery() -> list[tuple[str, bytes]]:
    """Return names and bytes of pictures for three pages, the oldest first."""
    return [*map(plain, range(NUMBER - len(NEWEST))), *((name, made(*how)) for name, how in NEWEST.items())]


def plain(number: int) -> tuple[str, bytes]:
    """Return the name and the bytes of a photograph that is cropped differently for each number."""
    left, top = 18 * number, 9 * number
    box = (left, top, min(640, left + 340 + 20 * (number % 3)), min(427, top + 250 + 30 * (number % 4)))
    source = "flower" if number % 2 else "china"
    return f"IMG_{4120 + 7 * number}.jpg", made(source, box, (900, 700 - 30 * (number % 5)), "jpg")


def made(source: str, box: tuple[int, int, int, int], size: tuple[int, int], kind: str) -> bytes:
    with Image.open(pictures.FLOWER if source == "flower" else pictures.CHINA) as photo:
        picture = photo.convert("RGB").crop(box).resize(size)
    if kind != "gif":
        return pictures.encode(picture, kind)
    frames = [ImageOps.mirror(picture), ImageOps.grayscale(picture).convert("RGB")]
    return pictures.encode(picture, "gif", save_all=True, append_images=frames, duration=400, loop=0)
