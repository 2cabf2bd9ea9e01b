"""Refuse clients that send too many requests."""

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

from imagehost.web.binding import client_network, current_host

Arguments = ParamSpec("Arguments")
Returned = TypeVar("Returned")


def limited(kind: str) -> Callable[[Callable[Arguments, Returned]], Callable[Arguments, Returned]]:
    """Refuse a client that calls a view more often than the limit of ``kind`` allows. Raises RateLimited."""

    def decorate(view: Callable[Arguments, Returned]) -> Callable[Arguments, Returned]:
        @wraps(view)
        def limited_view(*args: Arguments.args, **kwargs: Arguments.kwargs) -> Returned:
            count_request(kind)
            return view(*args, **kwargs)

        return limited_view

    return decorate


def count_rendering() -> None:
    """Count a request that makes a rendition. Raises RateLimited past ``RENDERING_RATE_LIMIT``."""
    count_request("renderings")


def count_request(kind: str) -> None:
    """Count a request of this client, if requests are limited. Raises RateLimited."""
    counters = current_host().counters
    if counters:
        counters.hit(kind, client_network())
