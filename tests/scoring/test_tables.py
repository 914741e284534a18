"""Tables of other systems are read whatever they are written with, and what cannot be used is named."""

import gzip
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from scoring.tables import BadTable, TableSpec, learn_reader, parse_table, read_flag, read_table
from scoring.times import TimeFormat, time_format


def written(folder: Path, text: str, *, packed: bool = False, encoding: str = "utf-8") -> Path:
    file = folder / "table.csv"
    content = text.encode(encoding)
    file.write_bytes(gzip.compress(content) if packed else content)
    return file


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
@pytest.mark.parametrize("packed", [False, True])
def test_separator_packing_quotes_and_a_byte_order_mark_are_found_out(
    tmp_path: Path, separator: str, packed: bool
) -> None:
    text = f'﻿"a"{separator}b\n"1{separator}2"{separator}x\n\n3{separator}\n'
    assert read_table(written(tmp_path, text, packed=packed)) == [
        {"a": f"1{separator}2", "b": "x"},
        {"a": "3", "b": ""},
    ]


def test_short_long_and_foreign_rows_are_read_too(tmp_path: Path) -> None:
    file = written(tmp_path, "name,b\r\nJosé\r\n1,2,3\r\n", encoding="cp1252")
    assert read_table(file, forgiving=True) == [{"name": "José", "b": ""}, {"name": "1", "b": "2"}]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a,b\n1,2\n\n1,2,3\n", "Row 2 has 3 cells for 2 columns: put quotes around what holds a separator."),
        ('a,b\n1,"2\n3,4\n', "table.csv is not CSV: unexpected end of data."),
        ("a,b,a\n1,2,3\n", "table.csv has two columns 'a': give each a name of its own."),
    ],
)
def test_where_nobody_knows_what_belongs_to_what_a_history_is_refused(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(BadTable, match=re.escape(said)):
        read_table(written(tmp_path, text))
    assert read_table(written(tmp_path, "a,b,,\n1,2,,,\n")) == [{"a": "1", "b": "2", "": ""}]


def test_a_packed_table_is_named_where_nobody_unpacks_it() -> None:
    with pytest.raises(BadTable, match="The file is packed: unpack it first"):
        parse_table(gzip.compress(b"a,b\n1,2\n"), "The file")


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_lines_end_as_on_any_system(tmp_path: Path, end: str) -> None:
    assert read_table(written(tmp_path, end.join(["", "a;b", "1;2", "", "3;4", ""]))) == [
        {"a": "1", "b": "2"},
        {"a": "3", "b": "4"},
    ]


@pytest.mark.parametrize("damage", [lambda packed: packed[:-20], lambda packed: packed[:20] + b"?" * 40])
def test_a_damaged_package_is_refused(tmp_path: Path, damage: Callable[[bytes], bytes]) -> None:
    file = written(tmp_path, "a,b\n" + "".join(f"{number},x\n" for number in range(200)), packed=True)
    file.write_bytes(damage(file.read_bytes()))
    with pytest.raises(BadTable, match=r"table\.csv is packed and damaged"):
        read_table(file)


@pytest.mark.parametrize("text", ["a,{}\n1,2\n", "a,b\n1,{}\n"])
def test_a_cell_that_is_no_cell_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(BadTable, match=r"table\.csv is not CSV: field larger than field limit"):
        read_table(written(tmp_path, text.format("x" * 140_000)))


def test_a_file_without_a_header_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadTable, match="has no header"):
        read_table(written(tmp_path, "\n ; ;\n"))


@pytest.mark.parametrize("blank", ["\n", "  \r\n", ";;\n", " ; \n\n", "\t\n"])
def test_blank_lines_before_the_header_count_for_nothing(tmp_path: Path, blank: str) -> None:
    assert read_table(written(tmp_path, f"{blank}a;b\n;2\n")) == [{"a": "", "b": "2"}]


def test_a_first_column_without_a_name_keeps_its_place(tmp_path: Path) -> None:
    assert read_table(written(tmp_path, "\tb\n1\t2\n")) == [{"": "1", "b": "2"}]


@pytest.mark.parametrize("text", ["1", "yes", "Y", "TRUE", " t ", "1.0", "Converted"])
def test_yes_has_many_spellings(text: str) -> None:
    assert read_flag(text) is True


@pytest.mark.parametrize("text", ["0", "no", "N", "False", "f", "0.0", "lost"])
def test_so_has_no(text: str) -> None:
    assert read_flag(text) is False


def test_a_blank_is_neither_and_anything_else_is_refused() -> None:
    assert read_flag("") is None
    assert read_flag("n/a") is None
    with pytest.raises(BadTable, match="'2' is neither yes nor no"):
        read_flag("2")


@pytest.mark.parametrize(
    ("values", "order", "hours"),
    [
        (["2016-07-01", "2016-07-31"], "ymd", False),
        (["01/07/16", "31/07/16"], "dmy", False),
        (["07/01/2016", "07/31/2016"], "mdy", False),
        (["31.12.2016 23:05", "01.01.2016 00:00"], "dmy", True),
        (["2016-07-01T10:00:00Z", "2016-07-01T10:00:00.123+02:00"], "ymd", True),
    ],
)
def test_times_are_known_by_their_form(values: list[str], order: str, hours: bool) -> None:
    assert time_format(values) == TimeFormat(order, hours)


@pytest.mark.parametrize("values", [["1", "2"], ["1.5", "2.25"], ["TX", "CA"], ["10-20", "30-40"]])
def test_what_is_no_time_is_none(values: list[str]) -> None:
    assert time_format(values) is None


def test_columns_are_told_apart_by_what_they_hold() -> None:
    rows = [
        {
            "Lead Number": str(number * 3),
            "key": f"{number:x}-{number}",
            "created": f"2026-05-{number % 28 + 1:02d} 13:00",
            "accident": "2026-04-30",
            "city": ("Austin", "Dallas")[number % 2],
            "income": f"{number % 90},000",
            "note": f"called {number} times",
            "nothing": "",
            "won": "yes",
        }
        for number in range(200)
    ]
    reader = learn_reader(rows, "won", TableSpec())
    assert reader.features(rows[3]) == {
        "city": "Dallas",
        "income": "3,000",
        "note.length": 14,
        "nothing": None,
        "created.weekday": 0,
        "created.hour": 13,
        "days_since.accident": 4,
        "filled_share": 0.75,
    }


def test_what_is_said_of_a_column_counts() -> None:
    rows = [
        {"a": str(number), "b": str(number % 5), "when": f"{number % 12 + 1}/1/2026", "y": "1"} for number in range(60)
    ]
    spec = TableSpec.from_record({"drop": ["a", "not there"], "categorical": ["b"], "time": "when"})
    reader = learn_reader(rows, "y", spec)
    assert (reader.plain, reader.categories, reader.received) == (("b",), frozenset(["b"]), "when")
    assert reader.features({"b": None, "when": "never"}) == {"b": None, "when.weekday": None, "filled_share": 0.0}  # type: ignore[dict-item]


def test_a_column_that_does_not_exist_is_named() -> None:
    with pytest.raises(BadTable, match="There is no column 'z'"):
        learn_reader([{"a": "1"}], "z", TableSpec())
    with pytest.raises(BadTable, match="no column 'z', which the description"):
        learn_reader([{"a": "1"}], "a", TableSpec(numeric=frozenset(["z"])))
    with pytest.raises(BadTable, match="drop must be a list"):
        TableSpec.from_record({"drop": 5})


@pytest.mark.parametrize("run", ["1", " "])
def test_an_endless_time_that_is_none_is_looked_at_once(run: str) -> None:
    fraction = "." if run == "1" else ""
    cell = f"2026-05-02 10:00:00{fraction}{run * 200_000}x\ny"  # again and again it would take minutes
    assert TimeFormat("ymd", True).read(cell) is None
