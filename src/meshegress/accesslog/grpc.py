"""gRPC status codes and the three ways in which GRPC_STATUS shows them."""

from __future__ import annotations

_NAMES = (
    *("OK", "CANCELLED", "UNKNOWN", "INVALID_ARGUMENT", "DEADLINE_EXCEEDED", "NOT_FOUND", "ALREADY_EXISTS"),
    *("PERMISSION_DENIED", "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION", "ABORTED", "OUT_OF_RANGE", "UNIMPLEMENTED"),
    *("INTERNAL", "UNAVAILABLE", "DATA_LOSS", "UNAUTHENTICATED"),
)
# Envoy's camel-case names differ from the others in these two.
_CAMEL = {"OK": "OK", "CANCELLED": "Canceled"}


def status_text(number: int, form: str) -> str | int:
    """Return the status *number* as CAMEL_STRING, SNAKE_STRING or NUMBER; an unknown one is its number.

    >>> status_text(5, "CAMEL_STRING"), status_text(5, "SNAKE_STRING"), status_text(99, "SNAKE_STRING")
    ('NotFound', 'NOT_FOUND', '99')
    """
    if form == "NUMBER":
        return number
    if not 0 <= number < len(_NAMES):
        return str(number)
    name = _NAMES[number]
    if form == "SNAKE_STRING":
        return name
    return _CAMEL.get(name) or "".join(word.capitalize() for word in name.split("_"))
