"""Names in requests that the host answers to, or not. The application and nginx must agree."""

PUBLIC_URL = "https://img.example.org"
ALLOWED_HOSTS = "Pictures.example.net.,xn--bcher-kva.example," + "a" * 60 + ".example"

OWN = (
    "localhost",
    "LOCALHOST:8000",
    "localhost.",
    "127.0.0.1",
    "192.0.2.1:81",
    "[::1]",
    "[2001:DB8::1]:8000",
    "nas",
    "a" * 63 + ":8000",
    "nas.local",
    "pictures.nas.lan:8080",
    "nas.internal",
    "nas.home.arpa.",
    "img.example.org",
    "IMG.Example.ORG.:8443",
    "pictures.example.net",
    "xn--bcher-kva.example",
    "a" * 60 + ".example",
)
OTHER = (
    "evil.example",
    "EVIL.example:8000",
    "evil.example.",
    "img.example.org.evil.example",
    "evil.img.example.org",
    "example.org",
    "localhost.evil.example",
    "evil.localhost.example",
    "127.0.0.1.evil.example",
    "1.2.3",
    "evil.notlocal",
    ".local",
    "home.arpa",
    "xn--evil-loa.example",
    "a" * 64,
    "a" * 64 + ".local",
    "localhost,evil.example",
    "evil.example,localhost",
    "my_host.example",
    "1.1.1.1.1",
)
BROKEN = (
    "a..b",
    "a..local",
    "[1:2]",
    "[::1",
    "[evil.example]",
    "<script>",
    "localhost:99999",
    "..",
    "@",
    "a b",
)
"""Values that are not names. The application and nginx refuse them in different ways."""
