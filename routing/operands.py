"""Whether a filter's value suits the type of the field it tests: refused when it is written, not wondered at later."""

from collections.abc import Callable, Mapping
from typing import Any

from routing.fields import US_STATES, FieldSpec, FieldType
from routing.operators import BadOperand
from routing.values import moment, text, zip5

LISTED = frozenset({"in", "not_in"})
EQUAL = LISTED | {"eq", "ne"}
ORDER = frozenset({"gt", "gte", "lt", "lte", "between"})


def check_fit(spec: FieldSpec, op: str, value: Any) -> None:
    """Raise BadOperand where no lead of this type could ever pass for the reason of the value's kind."""
    if op == "within" and spec.type is not FieldType.ZIP:
        raise BadOperand("wrong_type", f"{spec.name} is not a ZIP code")
    if op in ORDER and spec.type not in _ORDERED:
        raise BadOperand("wrong_type", f"{spec.name} has no order; it is of type {spec.type}")
    if op not in EQUAL | ORDER or spec.type not in _SUITS:
        return
    suits, detail = _ZIP if spec.type is FieldType.ZIP and op not in LISTED else _SUITS[spec.type]
    items = value if op in LISTED or op == "between" else [value]
    if not all(suits(spec, item) for item in items):
        raise BadOperand("wrong_type", f"{spec.name} {detail}")


Suits = Callable[[FieldSpec, Any], bool]


def _is_number(_spec: FieldSpec, item: Any) -> bool:
    return isinstance(item, int | float) and not isinstance(item, bool)


def _is_flag(_spec: FieldSpec, item: Any) -> bool:
    return isinstance(item, bool)


def _is_moment(_spec: FieldSpec, item: Any) -> bool:
    return moment(item) is not None


def _is_choice(spec: FieldSpec, item: Any) -> bool:
    return text(item) in {text(choice) for choice in spec.choices}


def _is_state(_spec: FieldSpec, item: Any) -> bool:
    return isinstance(item, str) and item.strip().upper() in US_STATES


def _is_zip(_spec: FieldSpec, item: Any) -> bool:
    return isinstance(item, str) and zip5(item) == item.strip()


def _is_zip_or_range(spec: FieldSpec, item: Any) -> bool:
    return isinstance(item, str) and all(_is_zip(spec, part) for part in item.split("-", 1))


_NUMBER: tuple[Suits, str] = (_is_number, "is compared with numbers")
_MOMENT: tuple[Suits, str] = (_is_moment, "is compared with ISO dates such as 2026-05-12")
_ZIP: tuple[Suits, str] = (_is_zip, "is compared with ZIP codes of five digits")
_SUITS: Mapping[FieldType, tuple[Suits, str]] = {
    FieldType.INTEGER: _NUMBER,
    FieldType.DECIMAL: _NUMBER,
    FieldType.DATE: _MOMENT,
    FieldType.DATETIME: _MOMENT,
    FieldType.BOOLEAN: (_is_flag, "is compared with true or false"),
    FieldType.CHOICE: (_is_choice, "is compared with its own choices"),
    FieldType.STATE: (_is_state, "is compared with two-letter codes of states"),
    FieldType.ZIP: (_is_zip_or_range, "is compared with ZIP codes and ranges such as 75001-75099"),
}
_ORDERED = frozenset({FieldType.INTEGER, FieldType.DECIMAL, FieldType.DATE, FieldType.DATETIME, FieldType.ZIP})
