"""Tables of other systems as rows of features: CSV, packed or not, whatever its separator and its spelling of yes.

An agency's history comes this way, and so does the benchmark. What a column is follows from the training rows: a time,
a number, a category, free text, or a mere counter that nothing can be learned from. Pure but for reading the file.
"""

import csv
import gzip
import re
import zlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from io import StringIO
from itertools import pairwise
from math import isfinite
from pathlib import Path
from typing import Any, Final

from scoring.features import Features
from scoring.numerals import read_number
from scoring.times import TimeFormat, time_format

Row = Mapping[str, str]

_GZIP: Final = b"\x1f\x8b"
_SEPARATORS: Final = ",;\t|"
_BLANK_LINES: Final = re.compile(r"(?:[ ,;\t|]*(?:\r\n|\r|\n))*")
_YES: Final = frozenset("1 yes y true t on positive converted won sold approved accepted success".split())  # noqa: SIM905
_NO: Final = frozenset("0 no n false f off negative lost unsold rejected declined refused failure".split())  # noqa: SIM905
_BLANK: Final = frozenset(("", "na", "n/a", "nan", "null", "none", "nil", "-", "?", "#n/a", "unknown", "select"))
_COUNTER: Final = re.compile(r"(^|[^a-z])(id|uuid|guid|key|no|nr|num|number|index|row)$")
_MOST_WORDS: Final = 0.5
"""A column of words with more distinct values than this share of its rows is free text, and only its length counts."""


class BadTable(ValueError):
    """A table or its description cannot be used; the message names the column and the cure."""


def read_table(path: Path, *, forgiving: bool = False) -> list[dict[str, str]]:
    """The rows of a CSV file, packed or not, as texts by column. OSError without a file; else as `parse_table`."""
    content = path.read_bytes()
    try:
        unpacked = gzip.decompress(content) if content.startswith(_GZIP) else content
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise BadTable(f"{path.name} is packed and damaged: {error}. Pack it again.") from error
    return parse_table(unpacked, path.name, forgiving=forgiving)


def parse_table(content: bytes, name: str, *, forgiving: bool = False) -> list[dict[str, str]]:
    """The rows of CSV that is not packed, in UTF-8 or the usual Windows code. Blank lines count for nothing.

    Raises BadTable without a header, which is the first line that is not blank, and for what is no CSV; unless it is
    `forgiving` also for a row with more cells than the header, for a name that stands there twice and for quotes that
    are never closed: what then belongs to what nobody knows.
    """
    if content.startswith(_GZIP):
        raise BadTable(f"{name} is packed: unpack it first.")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("cp1252", errors="replace")
    text = _BLANK_LINES.sub("", text, count=1)
    head = text.partition("\n")[0].partition("\r")[0]
    try:
        separator = max(_SEPARATORS, key=lambda one: len(next(csv.reader([head], delimiter=one))) if head else 0)
        reader = csv.reader(StringIO(text, newline=""), delimiter=separator, strict=not forgiving)
        names = [column.strip() for column in next(reader, [])]
        rows = [cells for cells in reader if any(cells)]
    except csv.Error as error:
        raise BadTable(f"{name} is not CSV: {error}.") from error
    if not any(names):
        raise BadTable(f"{name} has no header: its first line that is not blank must name the columns.")
    if not forgiving:
        _refuse_doubtful(names, rows, name)
    return [dict(zip(names, [*cells, *[""] * (len(names) - len(cells))], strict=False)) for cells in rows]


def _refuse_doubtful(names: Sequence[str], rows: Iterable[Sequence[str]], name: str) -> None:
    if twice := [column for column, times in Counter(filter(None, names)).items() if times > 1]:
        raise BadTable(f"{name} has two columns {twice[0]!r}: give each a name of its own.")
    for number, cells in enumerate(rows, 1):
        if any(cells[len(names) :]):
            detail = f"{len(cells)} cells for {len(names)} columns: put quotes around what holds a separator"
            raise BadTable(f"Row {number} has {detail}.")


def read_flag(text: str) -> bool | None:
    """Yes or no in any usual spelling; None for a blank. Raises BadTable for anything else."""
    word = text.strip().lower()
    if word in _BLANK:
        return None
    if word in _YES or word in _NO:
        return word in _YES
    number = read_number(word)
    if number in (0.0, 1.0):
        return bool(number)
    raise BadTable(f"{text!r} is neither yes nor no: write 1 and 0, yes and no, or true and false.")


@dataclass(frozen=True, slots=True)
class TableSpec:
    """What is said of a table's columns; what is not said is found out."""

    drop: frozenset[str] = frozenset()
    numeric: frozenset[str] = frozenset()
    categorical: frozenset[str] = frozenset()
    time: tuple[str, ...] = ()

    @classmethod
    def from_record(cls, record: Mapping[str, Any]) -> "TableSpec":
        """From JSON: lists of column names, or one name. Raises BadTable for anything else."""
        spec = cls(
            drop=frozenset(_names("drop", record.get("drop"))),
            numeric=frozenset(_names("numeric", record.get("numeric"))),
            categorical=frozenset(_names("categorical", record.get("categorical"))),
            time=_names("time", record.get("time")),
        )
        if twice := sorted(spec.numeric & spec.categorical):
            raise BadTable(f"{twice[0]!r} is said to be numeric and categorical: leave one out.")
        return spec


def _names(member: str, value: object) -> tuple[str, ...]:
    names = [value] if isinstance(value, str) else [] if value is None else value
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise BadTable(f"{member} must be a list of column names.")
    return tuple(name.strip() for name in names)


@dataclass(frozen=True, slots=True)
class TableReader:
    """How rows of one table become features: fitted to its training rows by `learn_reader`."""

    plain: tuple[str, ...]
    texts: tuple[str, ...]
    times: Mapping[str, TimeFormat] = field(default_factory=dict)
    received: str | None = None
    numbers: frozenset[str] = frozenset()
    categories: frozenset[str] = frozenset()

    def features(self, row: Row) -> Features:
        """The features of one row. Never fails: what cannot be read is missing."""
        features: Features = {name: _known(row.get(name)) for name in self.plain}
        for name in self.texts:
            text = _known(row.get(name))
            features[f"{name}.length"] = len(text) if text else None
        moments = {name: form.read(row.get(name, "")) for name, form in self.times.items()}
        received = moments.pop(self.received, None) if self.received else None
        if self.received:
            features |= _clock(self.received, received, self.times[self.received])
        for name, moment in moments.items():
            features[f"days_since.{name}"] = (received - moment).days if received and moment else None
        if names := (*self.plain, *self.texts):
            features["filled_share"] = round(sum(_known(row.get(name)) is not None for name in names) / len(names), 2)
        return features


def _known(text: str | None) -> str | None:
    trimmed = (text or "").strip()
    return None if trimmed.lower() in _BLANK else trimmed


def _clock(name: str, moment: datetime | None, form: TimeFormat) -> Features:
    features: Features = {f"{name}.weekday": moment.weekday() if moment else None}
    if form.has_hours:
        features[f"{name}.hour"] = moment.hour if moment else None
    return features


def learn_reader(rows: Sequence[Row], target: str, spec: TableSpec) -> TableReader:
    """How to read rows like these. Raises BadTable where `target` or a column that `spec` names does not exist."""
    names = list(rows[0]) if rows else []
    _refuse_unknown(names, target, spec)
    named = [name for name in names if name != target and name not in spec.drop]
    values = {name: [text for row in rows if (text := _known(row.get(name))) is not None] for name in named}
    told = spec.numeric | spec.categorical
    times = {
        name: form
        for name in named
        if name not in told and values[name] and (form := time_format(values[name], sure=name in spec.time))
    }
    rest = [name for name in named if name not in times and name not in spec.time]
    counters = {name for name in rest if name not in told and _is_counter(name, values[name], len(rows))}
    texts = {name for name in rest if name not in told | counters and _is_text(values[name])}
    return TableReader(
        plain=tuple(name for name in rest if name not in counters | texts),
        texts=tuple(name for name in rest if name in texts),
        times=times,
        received=next((name for name in (*spec.time, *times) if name in times), None),
        numbers=spec.numeric,
        categories=spec.categorical,
    )


def _refuse_unknown(names: Iterable[str], target: str, spec: TableSpec) -> None:
    known = set(names)
    if target not in known:
        raise BadTable(f"There is no column {target!r}. There are: {', '.join(sorted(known))}.")
    for name in sorted(spec.numeric | spec.categorical | set(spec.time)):
        if name not in known:
            raise BadTable(f"There is no column {name!r}, which the description of the table names.")


def _is_counter(name: str, values: Sequence[str], rows: int) -> bool:
    """Whether a column numbers the rows: whole numbers, all different, in order or named like an id."""
    if len(set(values)) < 0.99 * rows or rows < 2:
        return False
    numbers = [read_number(value) for value in values]
    if not all(isfinite(number) and number.is_integer() for number in numbers):
        return bool(_COUNTER.search(name.lower()))
    steps = [later - earlier for earlier, later in pairwise(numbers)]
    return bool(_COUNTER.search(name.lower())) or all(step > 0 for step in steps) or all(step < 0 for step in steps)


def _is_text(values: Sequence[str]) -> bool:
    distinct = set(values)
    if len(distinct) <= max(_MOST_WORDS * len(values), 20):
        return False
    return sum(" " in value for value in distinct) > 0.5 * len(distinct)
