"""Records as CSV that a spreadsheet may open, and back again without loss.

Text that came from outside could be run as a formula. An apostrophe is put before whatever a program may take for the
beginning of one: at the start of a cell, and inside it after a separator or a line break. Reading takes it away.
Numbers stay numbers; documents are JSON in their cell.
"""

import csv
import io
import re
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from core import json

_START = r"(?:^|(?<=[,;|\t\r\n]))"
_DANGEROUS = re.compile(_START + r"(?=[=+\-@\t\r'])")
_GUARDED = re.compile(_START + r"'")
_DOCUMENTS = (dict, list)

Row = Mapping[str, Any]


def write_csv(columns: Sequence[str], records: Iterable[Row]) -> str:
    """The records as CSV with a header, every cell quoted."""
    out = io.StringIO()
    writer = csv.writer(out, quoting=csv.QUOTE_ALL)
    writer.writerow(columns)
    writer.writerows([to_cell(record[column]) for column in columns] for record in records)
    return out.getvalue()


def to_cell(value: Any) -> str:
    """One value as the text of a cell."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float | Decimal):
        return format(value, "f") if isinstance(value, Decimal) else str(value)
    return guard(json.dumps(value).decode() if isinstance(value, _DOCUMENTS) else str(value))


def guard(text: str) -> str:
    """The text with an apostrophe before whatever could begin a formula."""
    return _DANGEROUS.sub("'", text)


def unguard(cell: str) -> str:
    """The text that `guard` was given."""
    return _GUARDED.sub("", cell)


def from_cell(cell: str, kind: str) -> Any:
    """The value of a cell: kind is text, number, flag or document.

    What cannot be read as its kind is given as text, for the resource's own validation to refuse by name.
    """
    text = unguard(cell)
    if kind == "flag":
        return {"true": True, "false": False}.get(text.lower(), text)
    if kind == "number":
        return _number(text)
    return _document(text) if kind == "document" else text


def _number(text: str) -> Any:
    if re.fullmatch(r"-?\d{1,18}", text, re.ASCII):
        return int(text)
    return Decimal(text) if re.fullmatch(r"-?\d{1,18}\.\d{1,18}", text, re.ASCII) else text


def _document(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text
