"""Reading the JSON that people write (filters, caps, schedules, price rules): every problem is named by its path."""

from collections.abc import Collection, Iterator
from decimal import Decimal
from typing import Any

from core.errors import FieldError, FieldProblems
from core.money import BadAmount, to_minor

LARGEST_WHOLE = 2**53 - 1
"""What every JSON reader holds exactly, and every counter of the database can be compared with."""


class Problems:
    """Collects what is wrong with one document, so that its author sees everything at once."""

    def __init__(self) -> None:
        self._found: list[FieldError] = []

    def __len__(self) -> int:
        return len(self._found)

    def add(self, path: str, code: str, detail: str) -> None:
        """Remember one problem of the value at `path`."""
        self._found.append(FieldError(path, code, detail))

    def refuse(self) -> None:
        """Raise FieldProblems where there is any."""
        if self._found:
            raise FieldProblems(self._found)

    def members(
        self, value: object, path: str, *, known: Collection[str], required: Collection[str] = ()
    ) -> dict[str, Any]:
        """The object at `path`, or an empty one after naming what is wrong with it."""
        if not isinstance(value, dict):
            self.add(path, "not_an_object", "must be an object")
            return {}
        before = len(self)
        for name in value:
            if name not in known:
                self.add(f"{path}.{name}", "unknown_member", f"is not known here; known are {', '.join(known)}")
        for name in required:
            if name not in value:
                self.add(f"{path}.{name}", "required", "is required")
        return value if len(self) == before else {}

    def items(self, value: object, path: str, *, at_most: int) -> Iterator[tuple[str, Any]]:
        """Each item of the list at `path` with its own path; nothing after naming what is wrong with the list."""
        if not isinstance(value, list):
            self.add(path, "not_a_list", "must be a list")
        elif len(value) > at_most:
            self.add(path, "too_many", f"holds at most {at_most} items")
        else:
            for position, item in enumerate(value):
                yield f"{path}.{position}", item

    def whole(self, value: object, path: str, *, currency: str | None = None) -> int:
        """A count, or minor units: of a number in the currency's major units where one is given; 0 after a problem."""
        try:
            amount = _whole(value, currency)
        except BadAmount as problem:
            self.add(path, "bad_number", str(problem))
            return 0
        if amount < 0:
            self.add(path, "bad_number", "must not be negative")
        return amount


def _whole(value: object, currency: str | None) -> int:
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        raise BadAmount("must be a number")
    if currency is not None:
        return to_minor(value, currency)
    if not isinstance(value, int):
        raise BadAmount("must be a whole number")
    if value > LARGEST_WHOLE:
        raise BadAmount("is too large")
    return value
