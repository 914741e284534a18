"""What a refusal is: a named exception with a stable code, a status and, for bad input, the fields and their cures."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FieldError:
    """One problem of one field: `field` is a dotted path, `code` is stable, `detail` says what would be right."""

    field: str
    code: str
    detail: str


class DomainError(Exception):
    """A refusal that changes nothing. Subclasses stand beside the verb that raises them and set `code` and `status`."""

    code = "conflict"
    status = 409

    def __init__(self, detail: str = "", *, errors: Sequence[FieldError] = ()) -> None:
        super().__init__(detail)
        self.detail = detail or (self.__doc__ or "").strip()
        self.errors = tuple(errors)


class FieldProblems(DomainError):
    """The input is well formed but not valid."""

    code = "invalid"
    status = 422

    def __init__(self, errors: Sequence[FieldError], detail: str = "") -> None:
        super().__init__(detail or f"{len(errors)} field(s) need correction.", errors=errors)


class NotFound(DomainError):
    """There is nothing with this id that you may see."""

    code = "not_found"
    status = 404
