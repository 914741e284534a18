"""What a filter can ask of one field. The rule's own value says how to compare.

A number compares as an exact number, true and false as a flag, an ISO date or time as an instant, every other text
without regard to case. A missing or blank field fails every test but `exists: false` and the
two that deny, `ne` and `not_in`, which are exactly the opposite of `eq` and `in`. Nothing a lead holds can raise.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from operator import ge, gt, le, lt
from typing import Any

import re2

from routing.geo import centroid, miles
from routing.values import Plain, flag, moment, number, plain, text, zip5

Holds = Callable[[Plain], bool]

LONGEST_PATTERN = 200
LONGEST_LIST = 20_000
FARTHEST_MILES = 3_000
LARGEST_FLOAT = 2.0**53


class OneOf:
    """Holds for these texts, folded by `routing.values.text`. Whoever has folded a field may look it up instead."""

    __slots__ = ("texts",)

    def __init__(self, texts: Iterable[str | None]) -> None:
        self.texts = frozenset(texts)

    def __call__(self, found: Plain) -> bool:
        """Whether it is one of them."""
        return text(found) in self.texts


class BadOperand(ValueError):
    """The value does not fit its operator; `code` is stable and the message says what would be right."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code = code


def _scalar(value: object) -> str | int | float | bool:
    ready = plain(value) if isinstance(value, str | int | float) else None
    too_large = isinstance(ready, float) and abs(ready) > LARGEST_FLOAT  # a document store may read it back as whole
    if ready is None or type(ready) is not type(value) or text(ready) is None or too_large:
        raise BadOperand("not_a_value", "must be a text, a finite number of usual size, or true or false")
    return ready


def _equal(value: object) -> Holds:
    wanted = _scalar(value)
    if isinstance(wanted, bool):
        return lambda found: flag(found) is wanted
    if isinstance(wanted, str):
        folded, at = text(wanted), moment(wanted)
        if at is not None:
            return lambda found: text(found) == folded or moment(found) == at
        return OneOf([folded])
    exact = number(wanted)
    return lambda found: number(found) == exact


def _member(value: object) -> Holds:
    items = [_scalar(item) for item in _list(value)]
    listed = OneOf(text(item) for item in items if isinstance(item, str))
    others = [_equal(item) for item in items if not isinstance(item, str) or moment(item) is not None]
    ranges = [span for item in items if isinstance(item, str) and (span := _zip_range(item))]
    if not others and not ranges:
        return listed

    def holds(found: Plain) -> bool:
        if listed(found):
            return True
        if ranges and (code := zip5(found)) and any(low <= code <= high for low, high in ranges):
            return True
        return any(other(found) for other in others)

    return holds


def _list(value: object) -> list[Any]:
    if not isinstance(value, list) or not value:
        raise BadOperand("not_a_list", "must be a list that is not empty")
    if len(value) > LONGEST_LIST:
        raise BadOperand("too_many", f"holds at most {LONGEST_LIST} items")
    return value


def _zip_range(item: str) -> tuple[str, str] | None:
    low, dash, high = item.partition("-")
    if not dash or len(high) != 5 or zip5(low) is None or zip5(high) is None:
        return None
    if low > high:
        raise BadOperand("empty_range", "must begin with the lower ZIP")
    return low, high


def _opposite(build: Callable[[object], Holds]) -> Callable[[object], Holds]:
    def build_opposite(value: object) -> Holds:
        holds = build(value)
        return lambda found: not holds(found)

    return build_opposite


def _ordered(value: object) -> tuple[Decimal | datetime, Callable[[Plain], Any]]:
    """The bound and the reading under which a field is compared with it."""
    ready = _scalar(value)
    if not isinstance(ready, bool | str) and (exact := number(ready)) is not None:
        return exact, number
    if (at := moment(ready)) is not None:
        return at, moment
    raise BadOperand("no_order", "must be a number or an ISO date such as 2026-05-12")


def _compare(accepts: Callable[[Any, Any], bool]) -> Callable[[object], Holds]:
    def build(value: object) -> Holds:
        bound, read = _ordered(value)
        return lambda found: (seen := read(found)) is not None and accepts(seen, bound)

    return build


def _between(value: object) -> Holds:
    if not isinstance(value, list) or len(value) != 2:
        raise BadOperand("not_a_pair", "must be a list of two: the least and the greatest")
    if isinstance(value[0], str) and isinstance(value[1], str) and (span := _zip_range("-".join(value))):
        first, last = span
        return lambda found: (code := zip5(found)) is not None and first <= code <= last
    (least, read), (greatest, read_too) = _ordered(value[0]), _ordered(value[1])
    if read is not read_too:
        raise BadOperand("not_a_pair", "must be two numbers, two dates or two ZIPs")
    if least > greatest:  # type: ignore[operator]  # both were read the same way
        raise BadOperand("empty_range", "must begin with the lesser")
    return lambda found: (seen := read(found)) is not None and least <= seen <= greatest


def _exists(value: object) -> Holds:
    if not isinstance(value, bool):
        raise BadOperand("not_a_flag", "must be true or false")
    return lambda found: (text(found) is not None) is value


def _prefix(value: object) -> Holds:
    items = _list(value) if isinstance(value, list) else [value]
    starts = tuple(start for item in items if isinstance(item, str) and (start := text(plain(item))))
    if len(starts) != len(items):
        raise BadOperand("not_a_text", "must be a text or a list of texts, none blank")
    return lambda found: (text(found) or "").startswith(starts)


def _regex(value: object) -> Holds:
    if not isinstance(value, str) or not value:
        raise BadOperand("not_a_text", "must be a pattern")
    if len(value) > LONGEST_PATTERN:
        raise BadOperand("too_long", f"has at most {LONGEST_PATTERN} characters")
    options = re2.Options()
    options.log_errors = False
    try:
        pattern = re2.compile(value, options)
    except (re2.error, UnicodeError) as problem:
        raise BadOperand("bad_pattern", "must be a pattern in RE2 syntax") from problem
    return lambda found: (seen := _spelled(found)) is not None and pattern.search(seen) is not None


def _spelled(found: Plain) -> str | None:
    """The value as JSON spells it, case and all; None where it is missing or blank."""
    folded = text(found)
    return folded if folded is None or isinstance(found, bool) else str(found)


def _within(value: object) -> Holds:
    if not isinstance(value, dict) or set(value) != {"zip", "miles"}:
        raise BadOperand("not_a_circle", 'must be like {"zip": "75001", "miles": 25}')
    code, radius = zip5(plain(value["zip"])), value["miles"]
    centre = centroid(code) if code else None
    if centre is None:
        raise BadOperand("unknown_zip", "must be around a ZIP code that exists")
    if isinstance(radius, bool) or not isinstance(radius, int | float) or not 0 < radius <= FARTHEST_MILES:
        raise BadOperand("bad_radius", f"must be above 0 and at most {FARTHEST_MILES} miles")

    def holds(found: Plain) -> bool:
        seen = zip5(found)
        place = centroid(seen) if seen else None
        return place is not None and miles(centre, place) <= radius

    return holds


OPERATORS: Mapping[str, Callable[[object], Holds]] = {
    "eq": _equal,
    "ne": _opposite(_equal),
    "in": _member,
    "not_in": _opposite(_member),
    "gt": _compare(gt),
    "gte": _compare(ge),
    "lt": _compare(lt),
    "lte": _compare(le),
    "between": _between,
    "exists": _exists,
    "prefix": _prefix,
    "regex": _regex,
    "within": _within,
}
"""Every operator: given the rule's value it gives the test of a field, or raises BadOperand."""

DENYING = frozenset({"ne", "not_in"})
"""The operators that are the opposite of another one."""
