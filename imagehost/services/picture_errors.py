"""Convert errors in the handling of a picture to domain errors."""

from collections.abc import Iterator
from contextlib import contextmanager

from imagehost import formats, imaging
from imagehost.domain import foreign_formats
from imagehost.domain.errors import (
    DamagedImage,
    TooCostly,
    TooManyPixels,
    TooMuchWork,
    Unavailable,
    UnsupportedType,
)
from imagehost.host import Host


@contextmanager
def refusing(host: Host, name: str, busy: str = "thumbnail rendering") -> Iterator[None]:
    """Convert the errors of ``imaging`` and ``formats``. ``name`` is the client's name of the picture.

    ``busy`` names the part of the host that is busy with other requests: a key of
    ``web.error_sentences.UNAVAILABLE``.

    Raises UnsupportedType, DamagedImage, TooManyPixels, TooMuchWork, TooCostly or Unavailable.
    """
    try:
        yield
    except imaging.WrongKind as error:
        raise UnsupportedType(
            name, foreign_formats.recognise(error.head), host.settings.allowed_extensions
        ) from error
    except formats.Malformed as error:
        raise DamagedImage(name, str(error)) from error
    except formats.PixelLimit as error:
        raise TooManyPixels(name, error.pixels, error.limit, animated=error.animated) from error
    except formats.WorkLimit as error:
        raise TooMuchWork(name, error.work, error.limit) from error
    except imaging.RenderingTooCostly as error:
        raise TooCostly(name) from error
    except imaging.NotNow as error:
        raise Unavailable(busy) from error
