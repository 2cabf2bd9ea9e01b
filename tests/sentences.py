"""Each of our errors, as it is told in English and in German."""

from imagehost import errors

GERMAN = {"Accept-Language": "de-DE,de;q=0.9,en;q=0.5"}

SOON = "Try again in a few seconds."
GLEICH = "Bitte in ein paar Sekunden erneut versuchen."

ERRORS: list[tuple[errors.ImageHostError, str, str]] = [
    (
        errors.NoFile(),
        "No picture was sent. Send one as multipart/form-data, in a field named file.",
        "Es wurde kein Bild gesendet. Bitte eines als multipart/form-data senden, im Feld „file“.",
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
        errors.TooManyFiles(),
        "More than one picture was sent. Send each in a request of its own.",
        "Es wurde mehr als ein Bild gesendet. Bitte jedes in einer eigenen Anfrage senden.",
    ),
    (
        errors.CrossSite(),
        "This request came from a page of another site and was refused. Send it from here.",
        "Diese Anfrage kam von einer anderen Website und wurde abgelehnt. Bitte von hier aus senden.",
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
        errors.FormTooLarge(),
        "The form has too much beside the picture. Send only that.",
        "Das Formular enthält zu viel neben dem Bild. Bitte nur das Bild senden.",
    ),
    (
        errors.UnsupportedType("a.txt", ("jpg", "png", "gif")),
        "a.txt is not a JPG, PNG or GIF image.",
        "a.txt ist kein Bild im Format JPG, PNG oder GIF.",
    ),
    (
        errors.UnsupportedType("", ("jpg",)),
        "The file is not a JPG image.",
        "Die Datei ist kein Bild im Format JPG.",
    ),
    (
        errors.DamagedImage("a.png", "it ends too early"),
        "a.png is damaged: it ends too early. Save it anew and try again.",
        "a.png ist beschädigt: Die Datei endet zu früh. Bitte neu speichern und erneut versuchen.",
    ),
    (
        errors.TooManyPixels("", 2_500_000_000, 100_000_000),
        (
            "The picture has at least 2,500,000,000 pixels in all its frames. "
            "The limit is 100,000,000 pixels; make it smaller and try again."
        ),
        (
            "Das Bild hat in allen Einzelbildern zusammen mindestens 2.500.000.000 Pixel. "
            "Erlaubt sind höchstens 100.000.000; bitte verkleinern und erneut versuchen."
        ),
    ),
    (
        errors.RateLimited(7),
        "Too many requests came from your address. Try again in 7 s.",
        "Von dieser Adresse kamen zu viele Anfragen. Bitte in 7\u00a0s erneut versuchen.",
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
        f"This host does not answer at the moment. {SOON}",
        f"Dieser Server antwortet zurzeit nicht. {GLEICH}",
    ),
    (
        errors.Unavailable("making of thumbnails"),
        f"The making of thumbnails is too busy at the moment. {SOON}",
        f"Zurzeit sind zu viele Vorschaubilder in Arbeit. {GLEICH}",
    ),
    (
        errors.StorageFull(),
        "This host has no room left, and nothing was kept. Tell the person who runs it.",
        (
            "Auf diesem Server ist kein Platz mehr; nichts wurde gespeichert. "
            "Bitte der Person Bescheid geben, die ihn betreibt."
        ),
    ),
    (
        errors.NoSuchFormat(),
        "oEmbed answers are given in JSON only. Ask with format=json.",
        "oEmbed-Antworten gibt es nur als JSON. Bitte mit format=json anfragen.",
    ),
]
