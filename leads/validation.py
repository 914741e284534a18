"""A lead against its lead type: every problem named per field, in one pass.

A Validator is built once per lead type and configuration version, and holds the reader of every field ready.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Final

from core.errors import FieldError, FieldProblems
from leads.consent import future_consent
from leads.normalize import (
    READERS,
    Malformed,
    Reader,
    choice_reader,
    read_anything,
    read_ip_address,
    read_line,
    read_phone,
)
from leads.phones import is_assigned
from leads.types import FieldLike, LeadData, Raw
from routing.fields import BUILT_IN

_ONE_LINE: Final = ("first_name", "last_name", "address", "city", "case_type", "click_id", "sub_id", "user_agent")
_OWN_FORM: Final[dict[str, Reader]] = {
    **{name: READERS[spec.type] for name, spec in BUILT_IN.items()},
    **dict.fromkeys(_ONE_LINE, read_line),
    "ip_address": read_ip_address,
}
"""Built-in fields keep their own form whatever a lead type says; it may narrow one to choices, or require it."""


class Validator:
    """Checks and normalises the leads of one lead type. Immutable, shared by threads."""

    __slots__ = ("_phones", "_readers", "_required")

    def __init__(self, specs: Iterable[FieldLike] = ()) -> None:
        fields = tuple(specs)
        self._readers = _OWN_FORM | {spec.name: _reader(spec) for spec in fields}
        self._required = tuple(spec.name for spec in fields if spec.required)
        self._phones = tuple(name for name, reader in self._readers.items() if reader is read_phone)

    def check(self, fields: Mapping[str, Raw], *, received_at: datetime, partial: bool = False) -> LeadData:
        """The lead in its normal form. Raises FieldProblems naming every field that needs correction.

        Of a `partial` lead nothing is required.
        """
        problems: list[FieldError] = []
        normal = self._read(fields, problems)
        if future := future_consent(normal, received_at):
            problems.append(future)
        if not partial and len(normal.keys() & self._required) < len(self._required):
            problems += self._missing(normal, problems)
        if problems:
            raise FieldProblems(problems)
        return LeadData(normal, self._flags(normal))

    def _read(self, fields: Mapping[str, Raw], problems: list[FieldError]) -> dict[str, Raw]:
        readers = self._readers
        normal: dict[str, Raw] = {}
        for name, value in fields.items():
            try:
                read = readers.get(name, read_anything)(value)
            except Malformed as malformed:
                problems.append(FieldError(name, malformed.code, malformed.detail))
            else:
                if read is not None:
                    normal[name] = read
        return normal

    def _missing(self, normal: Mapping[str, Raw], problems: Iterable[FieldError]) -> list[FieldError]:
        named = {problem.field for problem in problems}
        absent = [name for name in self._required if name not in normal and name not in named]
        return [FieldError(name, "required", "This field is required.") for name in absent]

    def _flags(self, normal: Mapping[str, Raw]) -> frozenset[str]:
        numbers = ((name, normal.get(name)) for name in self._phones)
        return frozenset(f"{name}_invalid" for name, number in numbers if number and not is_assigned(str(number)))


def _reader(spec: FieldLike) -> Reader:
    if spec.type == "choice":
        return choice_reader(spec.choices)
    return _OWN_FORM.get(spec.name) or READERS[spec.type]
