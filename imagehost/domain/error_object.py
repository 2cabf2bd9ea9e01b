"""The JSON object of an error: one shape for the application, the Worker, nginx's files and commands."""


def error_object(code: str | None, message: str, **facts: object) -> dict[str, object]:
    """Return the JSON object of an error.

    Args:
        code: The code of the error, which programs compare. None for commands, whose errors have only a
            message.
        message: The sentence for the person who sees it. The key ``detail`` has the same sentence.
        facts: Further keys and values, for example ``request_id``.
    """
    if code is None:
        return {"status": "error", "message": message, **facts}
    return {"status": "error", "code": code, "message": message, "detail": message, **facts}
