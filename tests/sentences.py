"""The sentence of each of our errors, in English and in German."""

from imagehost.domain import errors, foreign_formats
from imagehost.web import errors as web_errors

GERMAN = {"Accept-Language": "de-DE,de;q=0.9,en;q=0.5"}

SOON = "Try again in a few seconds."
GLEICH = "Bitte in ein paar Sekunden erneut versuchen."

(HEIC,) = (found for found in foreign_formats.FOREIGN_FORMATS if found.what == "a HEIC picture")

ERRORS: list[tuple[errors.ImageHostError, str, str]] = [
    (
        web_errors.TooSlow(),
        "The picture arrived too slowly. Try again over a faster connection.",
        "Das Bild kam zu langsam an. Bitte über eine schnellere Verbindung erneut versuchen.",
    ),
    (
        web_errors.NoFile(),
        "No picture was sent. Send one as multipart/form-data, in a field named file.",
        "Es wurde kein Bild gesendet. Bitte eines als multipart/form-data senden, im Feld „file“.",
    ),
    (
        web_errors.NotAForm(),
        (
            "No picture was sent: the request is not a form. Send the picture as multipart/form-data, "
            "in a field named file; with curl: -F file=@photo.jpg"
        ),
        (
            "Es wurde kein Bild gesendet: Die Anfrage ist kein Formular. Bitte das Bild als "
            "multipart/form-data senden, im Feld „file“; mit curl: -F file=@photo.jpg"
        ),
    ),
    (
        web_errors.NoBoundary(),
        (
            "The form cannot be read: its Content-Type header has no boundary. Let your program generate "
            "this header; with curl: -F file=@photo.jpg"
        ),
        (
            "Das Formular ist nicht lesbar: Sein Header Content-Type enthält keine „boundary“. Bitte diesen "
            "Header vom Programm erzeugen lassen; mit curl: -F file=@photo.jpg"
        ),
    ),
    (
        errors.Forbidden(),
        "You are not allowed to do this. Ask the person who runs this server.",
        "Das ist nicht erlaubt. Bitte die Person fragen, die diesen Server betreibt.",
    ),
    (
        errors.EmptyFile("a.png"),
        "a.png is empty. Choose a picture.",
        "a.png ist leer. Bitte ein Bild auswählen.",
    ),
    (
        errors.EmptyFile(""),
        "The file is empty. Choose a picture.",
        "Die Datei ist leer. Bitte ein Bild auswählen.",
    ),
    (
        web_errors.TooManyFiles(),
        "The form contains more than one picture. Send each picture in a separate request.",
        "Das Formular enthält mehr als ein Bild. Bitte jedes Bild in einer eigenen Anfrage senden.",
    ),
    (
        web_errors.CrossSite(),
        "This request came from a page of another site and was refused. Send it from a page of this site.",
        (
            "Diese Anfrage kam von einer anderen Website und wurde abgelehnt. "
            "Bitte von einer Seite dieser Website aus senden."
        ),
    ),
    (
        errors.NotFound(),
        "There is no such image. It may have been deleted.",
        "Dieses Bild gibt es nicht. Vielleicht wurde es gelöscht.",
    ),
    (
        errors.TooLarge(10 * 1024 * 1024),
        "The picture is too large. The limit is 10.0 MiB; make it smaller and try again.",
        "Das Bild ist zu groß. Erlaubt sind höchstens 10,0 MiB; bitte verkleinern und erneut versuchen.",
    ),
    (
        web_errors.FormTooLarge(),
        "The form contains too much data in addition to the picture. Send only the picture.",
        "Das Formular enthält außer dem Bild zu viele Daten. Bitte nur das Bild senden.",
    ),
    (
        errors.UnsupportedType("a.txt", None, ("jpg", "png", "gif")),
        "a.txt is not a JPG, PNG or GIF image.",
        "a.txt ist kein Bild im Format JPG, PNG oder GIF.",
    ),
    (
        errors.UnsupportedType("", None, ("jpg",)),
        "The file is not a JPG image.",
        "Die Datei ist kein Bild im Format JPG.",
    ),
    (
        errors.UnsupportedType("a.jpg", HEIC, ("jpg", "png", "gif")),
        (
            "a.jpg is a HEIC picture. This server accepts JPG, PNG or GIF images. "
            "Convert it in an image editor and try again. "
            "On an iPhone, choose Most Compatible in Settings, Camera, Formats."
        ),
        (
            "a.jpg ist ein HEIC-Bild. Dieser Server nimmt Bilder im Format JPG, PNG oder GIF an. "
            "Bitte in einem Bildbearbeitungsprogramm umwandeln und erneut versuchen. "
            "Auf einem iPhone bitte in Einstellungen, Kamera, Formate „Maximale Kompatibilität“ wählen."
        ),
    ),
    (
        errors.UnsupportedType("", foreign_formats.DISALLOWED_FORMATS["webp"], ("jpg",)),
        (
            "The file is a WebP image. This server accepts JPG images. "
            "Convert it in an image editor and try again."
        ),
        (
            "Die Datei ist ein WebP-Bild. Dieser Server nimmt Bilder im Format JPG an. "
            "Bitte in einem Bildbearbeitungsprogramm umwandeln und erneut versuchen."
        ),
    ),
    (
        errors.DamagedImage("a.png", "it ends too early"),
        "a.png is damaged: it ends too early. Save it again in an image editor and try again.",
        (
            "a.png ist beschädigt: Die Datei endet zu früh. "
            "Bitte in einem Bildbearbeitungsprogramm neu speichern und erneut versuchen."
        ),
    ),
    (
        errors.TooManyPixels("", 2_500_000_000, 100_000_000),
        (
            "The picture has 2,500,000,000 pixels. "
            "The limit is 100,000,000 pixels; make it smaller and try again."
        ),
        (
            "Das Bild hat 2.500.000.000 Pixel. "
            "Erlaubt sind höchstens 100.000.000; bitte verkleinern und erneut versuchen."
        ),
    ),
    (
        errors.TooManyPixels("a.gif", 5_000_000_001, 5_000_000_000, animated=True),
        (
            "a.gif has at least 5,000,000,001 pixels in all its frames. "
            "The limit is 5,000,000,000 pixels; make it smaller or shorter and try again."
        ),
        (
            "a.gif hat in allen Einzelbildern zusammen mindestens 5.000.000.001 Pixel. "
            "Erlaubt sind höchstens 5.000.000.000; bitte verkleinern oder kürzen und erneut versuchen."
        ),
    ),
    (
        errors.TooMuchWork("a.jpg", 6_100_000_000, 2_000_000_000),
        (
            "a.jpg has at least 6,100,000,000 samples in all its scans. The limit is 2,000,000,000 samples; "
            "make it smaller or save it as a baseline JPEG and try again."
        ),
        (
            "a.jpg hat in allen Scans zusammen mindestens 6.100.000.000 Abtastwerte. Erlaubt sind höchstens "
            "2.000.000.000; bitte verkleinern oder als Baseline-JPEG speichern und erneut versuchen."
        ),
    ),
    (
        errors.TooCostly("a.jpg"),
        "a.jpg takes too much memory or time to decode. Make it smaller and try again.",
        (
            "a.jpg braucht zum Dekodieren zu viel Arbeitsspeicher oder Zeit. "
            "Bitte verkleinern und erneut versuchen."
        ),
    ),
    (
        web_errors.WrongHost("evil.example"),
        (
            "This server does not accept requests for evil.example. Check the address. "
            "If you run this server, add the name to ALLOWED_HOSTS."
        ),
        (
            "Dieser Server nimmt keine Anfragen für evil.example an. Bitte die Adresse prüfen. "
            "Wer den Server betreibt, trägt den Namen in ALLOWED_HOSTS ein."
        ),
    ),
    (
        web_errors.WrongHost(),
        (
            "This server does not accept requests for this host name. Check the address. "
            "If you run this server, add the name to ALLOWED_HOSTS."
        ),
        (
            "Dieser Server nimmt keine Anfragen für diesen Hostnamen an. Bitte die Adresse prüfen. "
            "Wer den Server betreibt, trägt den Namen in ALLOWED_HOSTS ein."
        ),
    ),
    (
        errors.RateLimited(7),
        "Too many requests came from your address. Try again in 7 s.",
        "Von dieser Adresse kamen zu viele Anfragen. Bitte in 7\u00a0s erneut versuchen.",
    ),
    *(
        (
            errors.RateLimited(7, kind, share),
            f"Your address has reached the limit for {english}. Try again in 7 s.",
            f"Für Ihre Adresse ist die Grenze für {german}. Bitte in 7\u00a0s erneut versuchen.",
        )
        for kind, share, english, german in (
            ("uploads", (600, 1, "minute"), "uploads: 600 per minute", "Uploads erreicht: 600 pro Minute"),
            (
                "deletions",
                (1200, 5, "hour"),
                "deletions: 1,200 in 5 hours",
                "Löschungen erreicht: 1.200 je 5 Stunden",
            ),
            ("lists", (9, 1, "day"), "lists: 9 per day", "Listen erreicht: 9 pro Tag"),
            (
                "renderings",
                (2, 1, "hour"),
                "new thumbnails: 2 per hour",
                "neue Vorschaubilder erreicht: 2 pro Stunde",
            ),
        )
    ),
    (
        errors.Unavailable("database"),
        f"The database does not answer at the moment. {SOON}",
        f"Die Datenbank antwortet zurzeit nicht. {GLEICH}",
    ),
    (
        errors.Unavailable("storage"),
        f"The storage does not answer at the moment. {SOON}",
        f"Der Speicher antwortet zurzeit nicht. {GLEICH}",
    ),
    (
        errors.Unavailable("database", "storage"),
        f"The database and the storage do not answer at the moment. {SOON}",
        f"Datenbank und Speicher antworten zurzeit nicht. {GLEICH}",
    ),
    (
        errors.Unavailable("host"),
        f"This server is not available at the moment. {SOON}",
        f"Dieser Server ist zurzeit nicht verfügbar. {GLEICH}",
    ),
    (
        errors.Unavailable("picture check"),
        f"The server is busy checking pictures. {SOON}",
        f"Zurzeit werden zu viele Bilder geprüft. {GLEICH}",
    ),
    (
        errors.Unavailable("thumbnail rendering"),
        f"The server is busy making thumbnails. {SOON}",
        f"Zurzeit werden zu viele Vorschaubilder erstellt. {GLEICH}",
    ),
    (
        errors.Unavailable("whole list"),
        (
            "The server is busy sending the whole list to other clients. Try again in a few seconds, "
            "or request a part of the list with limit=100."
        ),
        (
            "Der Server sendet die ganze Liste gerade an andere Clients. Bitte in ein paar Sekunden erneut "
            "versuchen oder mit limit=100 nur einen Teil anfordern."
        ),
    ),
    (
        errors.StorageFull(),
        "This server has no storage space left, so nothing was saved. Tell the person who runs this server.",
        (
            "Auf diesem Server ist kein Speicherplatz mehr frei, daher wurde nichts gespeichert. "
            "Bitte der Person Bescheid geben, die diesen Server betreibt."
        ),
    ),
    (
        web_errors.NoSuchFormat(),
        "oEmbed responses are available only in JSON. Use format=json.",
        "oEmbed-Antworten gibt es nur als JSON. Bitte format=json verwenden.",
    ),
]
