"""Rows of one table on their way into PostgreSQL: however many they are, the text of their INSERT is the same.

Their columns travel as one parameter of JSON, which PostgreSQL reads for less than it binds values one by one. Sealed
contents are nearly all of a lead's bytes, and JSON would be read five times on its way to a column: they travel beside
it, one after the other in one parameter per column, and the JSON says where each begins and how long it is.
"""

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple, cast

import orjson
from django.db import connection, models

from core import json


class Rows(NamedTuple):
    """Rows with values for the same fields, for one INSERT."""

    model: type[models.Model]
    names: tuple[str, ...]
    rows: Sequence[Mapping[str, Any]]

    def text(self, conflict: str) -> str:
        """The INSERT, with an ON CONFLICT clause or none."""
        return _text(self.model, self.names, conflict)

    def params(self) -> tuple[str, ...]:
        """Its parameters: instants to the microsecond, JSON columns as `core.json` writes them, bytes as digits."""
        rows, (documents, contents) = list(self.rows), _special(self.model, self.names)
        if documents:
            rows = [{**row, **{name: orjson.Fragment(json.dumps(row[name])) for name in documents}} for row in rows]
        beside = [_taken_out(rows, name) for name in contents]
        return *beside, orjson.dumps(rows, default=hexadecimal).decode()


def _taken_out(rows: list[Mapping[str, Any]], name: str) -> str:
    """The contents of a column one after the other; in the rows stays where each begins, and its size."""
    begin, parts = 1, []
    for place, row in enumerate(rows):
        content = row[name]
        if content is None:
            rows[place] = {**row, _size(name): None}
            continue
        rows[place] = {**row, name: begin, _size(name): len(content)}
        begin += len(content)
        parts.append(content)
    return hexadecimal(b"".join(parts))


def hexadecimal(value: Any) -> str:
    """Bytes as PostgreSQL reads and writes them in text."""
    return f"\\x{bytes(value).hex()}"


@lru_cache(maxsize=256)
def _text(model: type[models.Model], names: tuple[str, ...], conflict: str) -> str:
    _, contents = _special(model, names)
    columns, types = [], []
    for field in fields(model, names):
        taken = field.name in contents
        columns.append(
            f'substr(%s::bytea, r."{field.name}", r."{_size(field.name)}")' if taken else f'r."{field.name}"'
        )
        types.append(f'"{field.name}" {"int" if taken else field.db_type(connection)}')
    types += [f'"{_size(name)}" int' for name in contents]
    rows = f"json_to_recordset(%s) AS r({', '.join(types)})"
    return f"{head(model, names)} SELECT {', '.join(columns)} FROM {rows} {conflict}".rstrip()


def _size(name: str) -> str:
    return f"{name} size"  # what no field can be named


@lru_cache(maxsize=256)
def _special(model: type[models.Model], names: tuple[str, ...]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The columns that hold JSON, and those that hold bytes without a limit."""
    found = fields(model, names)
    contents = [one.name for one in found if isinstance(one, models.BinaryField) and one.max_length is None]
    return documents(model, names), tuple(contents)


@lru_cache(maxsize=256)
def documents(model: type[models.Model], names: tuple[str, ...]) -> tuple[str, ...]:
    """Those of the fields that hold JSON."""
    return tuple(field.name for field in fields(model, names) if isinstance(field, models.JSONField))


@lru_cache(maxsize=256)
def head(model: type[models.Model], names: tuple[str, ...]) -> str:
    """How an INSERT into the columns of the fields begins."""
    columns = ", ".join(f'"{field.column}"' for field in fields(model, names))
    return f'INSERT INTO "{model._meta.db_table}" ({columns})'


def fields(model: type[models.Model], names: Iterable[str]) -> "list[models.Field[Any, Any]]":
    """The model's fields of these names."""
    return [cast("models.Field[Any, Any]", model._meta.get_field(name)) for name in names]
