"""For load balancers: whether this process answers, and whether it can work."""

from http import HTTPStatus

from flask import Blueprint, Response, jsonify

from imagehost.domain.errors import Unavailable
from imagehost.services import health
from imagehost.web.problem import refuse

bp = Blueprint("health", __name__)

PARTS = ("database", "storage")


@bp.get("/healthz")
def healthz() -> Response:
    """Say that the process answers."""
    return jsonify(status="success")


@bp.get("/readyz")
def readyz() -> Response:
    """Say whether database and storage answer, or which one does not."""
    failing = health.failing_parts()
    parts = {part: "unavailable" if part in failing else "ok" for part in PARTS}
    if not failing:
        return jsonify(status="success", **parts)
    error = Unavailable(*failing)
    answer = refuse(HTTPStatus.SERVICE_UNAVAILABLE, error.code, error.message, **parts)
    answer.headers["Retry-After"] = str(error.retry_after)
    return answer
