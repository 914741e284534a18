"""Explicit SQL writes what the ORM reads, on either database; a count that is not met is what it was said to be."""

from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any
from uuid import UUID

import pytest
from django.db import DataError, IntegrityError, models, transaction

from accounts.models import Agency, Mode
from billing.models import Account, BuyerBalance, Journal
from core.ids import new_id
from core.sql import Statement, any_of, as_bytes, as_instant, as_uuid, bind, insert, is_postgres, run
from scoring.models import FeatureSnapshot, Score
from webhooks.models import Event

pytestmark = pytest.mark.django_db
MOMENT = datetime(2026, 5, 12, 16, 30, 0, 123456, tzinfo=UTC)
ODD = 'it\'s "quoted" \\ 50% %s %%\n\t\U0001f600 \u2028 é {} $1'
SCORE = {
    "agency": UUID(int=7),
    "mode": "live",
    "lead_ref": UUID(int=8),
    "lead_type": ODD,
    "score": 61,
    "probability": 0.1,
    "base": -1e-300,
    "contributions": {},
    "reasons": [],
    "stage": "",
    "model": ODD,
    "created_at": MOMENT,
}
EVENT = {
    "agency": UUID(int=7),
    "mode": Mode.LIVE,
    "type": "lead.created",
    "sequence": 1,
    "created_at": MOMENT,
}
JOURNAL = {
    "agency": UUID(int=7),
    "mode": Mode.LIVE,
    "kind": "test",
    "key": ODD,
    "payload_hash": b"\x00'\\\xff",
    "posted_at": MOMENT,
    "posted_date": date(2026, 2, 28),
    "actor": "",
    "reason": "null",
    "lead_ref": None,
    "sale_ref": UUID(int=9),
    "reverses": None,
    "external_ref": "1",
}


def written(model: type[models.Model], *rows: dict[str, Any]) -> list[dict[str, Any]]:
    """What the ORM finds of rows that `insert` wrote, by the names they were given."""
    statement = insert(model, rows)
    with transaction.atomic():
        assert run([statement])[0].count == len(rows)
    found = list(model._base_manager.order_by("pk").values(*rows[0]))
    return [
        {name: bytes(value) if isinstance(value, memoryview) else value for name, value in row.items()} for row in found
    ]


def test_rows_read_back_as_they_were_written() -> None:
    row = {"id": new_id(), **JOURNAL}
    assert written(Journal, row) == [row]


def test_numbers_and_documents_read_back_as_they_were_written() -> None:
    contributions: dict[str, Any] = {"a": None, "b": [1, 0.1, True, None, {"c": ODD}], "": {}}
    row = {"id": new_id(), **SCORE, "contributions": contributions, "reasons": [[], "x", 2**53]}
    assert written(Score, row) == [row]


@pytest.mark.parametrize("document", ["text", 5, 0.5, True, False, [], {}, [None]], ids=repr)
def test_a_document_may_be_any_json(document: Any) -> None:
    row = {"lead_ref": new_id(), "agency": UUID(int=7), "features": document, "created_at": MOMENT}
    (found,) = written(FeatureSnapshot, row)
    assert repr(found["features"]) == repr(document)  # True is no 1


def test_ids_and_times_within_documents_are_text() -> None:
    inner = {"ids": [UUID(int=1), UUID(int=2)], "at": MOMENT, "set": {"b", "a"}}
    row = {"lead_ref": new_id(), "agency": UUID(int=7), "features": inner, "created_at": MOMENT}
    (found,) = written(FeatureSnapshot, row)
    assert found["features"] == {
        "ids": [str(UUID(int=1)), str(UUID(int=2))],
        "at": "2026-05-12T16:30:00.123Z",
        "set": ["a", "b"],
    }


def test_an_instant_of_another_zone_is_the_same_instant() -> None:
    elsewhere = MOMENT.astimezone(timezone(timedelta(hours=5, minutes=45)))
    (found,) = written(Score, {"id": new_id(), **SCORE, "created_at": elsewhere})
    assert (found["created_at"], found["created_at"].utcoffset()) == (MOMENT, timedelta(0))


def test_empty_bytes_are_not_none() -> None:
    (found,) = written(Journal, {"id": new_id(), **JOURNAL, "payload_hash": b""})
    assert found["payload_hash"] == b""


def test_bytes_of_any_length_or_none_keep_to_their_rows() -> None:
    bodies: list[bytes | None] = [b"", None, b"\x00'\\\xff", bytes(range(256)) * 40, None, b"x"]
    events = [
        {"id": UUID(int=place), **EVENT, "key": str(place), "body": body or b"-", "full_body": body}
        for place, body in enumerate(bodies)
    ]
    for some in (events, events[:1], events[1:2]):
        Event.objects.all().delete()
        assert written(Event, *some) == some


def test_a_truth_is_no_number() -> None:
    agency = Agency.objects.create(name="Acme", slug="acme")
    account = Account.objects.create(agency=agency, mode="live", code=1010, owner_id=new_id(), currency="USD")
    row = {"account": account.pk, "balance": -5, "held": 2**62, "credit_limit": 0, "frozen": True}
    assert repr(written(BuyerBalance, row)) == repr([row])


def test_one_text_writes_many_rows_or_few() -> None:
    for number in (3, 1, 2):
        Score.objects.all().delete()
        rows = [{"id": UUID(int=place), **SCORE, "score": place} for place in range(number)]
        assert written(Score, *rows) == rows


def test_the_text_of_an_insert_is_one_however_many_rows_on_postgresql() -> None:
    one, two = ({"id": new_id(), **SCORE} for _ in range(2))
    assert (insert(Score, [one]).sql == insert(Score, [one, two]).sql) is is_postgres()


@pytest.mark.skipif(not is_postgres(), reason="SQLite has no lengths")
def test_a_text_that_is_too_long_is_refused() -> None:
    with pytest.raises(DataError, match="too long"):
        written(Score, {"id": new_id(), **SCORE, "stage": "x" * 21})
    assert Score.objects.count() == 0


def test_the_same_row_twice_is_refused() -> None:
    row = {"id": new_id(), **SCORE}
    with pytest.raises(IntegrityError):
        written(Score, row, row)
    assert Score.objects.count() == 0


class Refused(Exception):
    pass


def test_a_conflict_is_what_it_was_said_to_be() -> None:
    row, other = ({"id": new_id(), **SCORE} for _ in range(2))
    written(Score, row)
    assert run([insert(Score, [row], conflict="ON CONFLICT DO NOTHING")])[0].count == 0
    refusing = insert(Score, [row, other], conflict="ON CONFLICT DO NOTHING", refusal=Refused())
    with pytest.raises(Refused), transaction.atomic():
        run([refusing])
    assert Score.objects.count() == 1


def test_the_first_statement_that_misses_its_count_gives_its_refusal_and_nothing_is_written() -> None:
    agency = Agency.objects.create(name="Acme", slug="acme")
    rename = Statement(
        f'UPDATE "{Agency._meta.db_table}" SET "name" = %s WHERE "id" = %s', ("New", bind(agency.pk)), expect=1
    )
    nobody = rename._replace(params=("New", bind(new_id())), refusal=Refused("first"))
    with pytest.raises(Refused, match="first"), transaction.atomic():
        run([rename, nobody, nobody._replace(refusal=Refused("second"))])
    agency.refresh_from_db()
    assert agency.name == "Acme"
    with pytest.raises(RuntimeError, match="0 rows instead of 1"), transaction.atomic():
        run([nobody._replace(refusal=None)])


def test_any_of_finds_those_it_names() -> None:
    agencies = [Agency.objects.create(name=name, slug=name) for name in ("a", "b", "c")]
    for wanted in ([], agencies[:1], agencies[1:]):
        condition, params = any_of('"id"', [agency.pk for agency in wanted])
        sql = f'SELECT "id" FROM "{Agency._meta.db_table}" WHERE {condition} ORDER BY "slug"'
        assert [as_uuid(pk) for (pk,) in run([Statement(sql, params)])[0].rows] == [agency.pk for agency in wanted]


def test_what_either_database_gives_is_read_as_what_it_is() -> None:
    assert as_uuid(None) is None
    assert [as_uuid(form) for form in (UUID(int=5), UUID(int=5).hex, str(UUID(int=5)))] == [UUID(int=5)] * 3
    assert as_instant(None) is None
    forms = (MOMENT, MOMENT.replace(tzinfo=None), "2026-05-12T16:30:00.123456+00:00", "2026-05-12 16:30:00.123456")
    assert [as_instant(form) for form in forms] == [MOMENT] * 4
    assert as_instant("2026-05-12T16:30:00.1234+00:00") == MOMENT.replace(microsecond=123400)
    assert [as_bytes(form) for form in (b"\x01\xff", memoryview(b"\x01\xff"), "\\x01ff", "\\x")] == [
        *[b"\x01\xff"] * 3,
        b"",
    ]
