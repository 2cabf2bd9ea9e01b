"""Health checks for load balancers: whether this process answers, and whether it can work."""

from flask import Blueprint, Response, jsonify

from imagehost.domain.errors import Unavailable
from imagehost.services import health
from imagehost.web.binding import current_host
from imagehost.web.problem import refuse_ours

bp = Blueprint("health", __name__)

PARTS = ("database", "storage")


@bp.get("/healthz")
def healthz() -> Response:
    """Report that the process answers."""
    return jsonify(status="success")


@bp.get("/readyz")
def readyz() -> Response:
    """Report whether database and storage answer, or which one does not."""
    failing = health.failing_parts(current_host())
    parts = {part: "unavailable" if part in failing else "ok" for part in PARTS}
    if not failing:
        return jsonify(status="success", **parts)
    error = Unavailable(*failing)
    return refuse_ours(error, **parts)
