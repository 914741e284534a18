"""One look and one commit are two messages on PostgreSQL; what they read and leave behind is as on SQLite."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import psycopg.errors
import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction

from accounts.models import Agency, Mode
from core.ids import new_id
from core.sql import Statement, as_bytes, as_instant, as_uuid, bind, insert, is_postgres, lock, lock_shared, run
from core.trips import commit, read
from scoring.models import Score
from webhooks.models import Event

pytestmark = pytest.mark.django_db(transaction=True)
MOMENT = datetime(2026, 5, 12, 16, 30, 0, 123456, tzinfo=UTC)
ONCE, ONCE_BY_ID = "ON CONFLICT DO NOTHING", 'ON CONFLICT ("id") DO NOTHING'
AGENCY, EVENT, SCORE = (model._meta.db_table for model in (Agency, Event, Score))


class Refused(Exception):
    pass


def score(number: int) -> dict[str, Any]:
    return {
        "id": UUID(int=number),
        "agency": UUID(int=7),
        "mode": "live",
        "lead_ref": UUID(int=8),
        "lead_type": "a",
        "score": number,
        "probability": 0.1,
        "base": 0.0,
        "contributions": {},
        "reasons": [],
        "stage": "a",
        "model": "b",
        "created_at": MOMENT,
    }


def scores() -> list[int]:
    return list(Score.objects.order_by("score").values_list("score", flat=True))


def named(name: str, *, to: str, where: str | None = None, refusal: Exception | None = None) -> Statement:
    """Rename an agency."""
    sql = f'UPDATE "{AGENCY}" SET "name" = %s WHERE "slug" = %s AND "name" = %s'
    return Statement(sql, (to, name, where or name), expect=1, refusal=refusal)


@pytest.fixture
def agencies() -> None:
    for name in ("a", "b"):
        Agency.objects.create(name=name, slug=name)


def names() -> list[str]:
    return list(Agency.objects.order_by("slug").values_list("name", flat=True))


# --- read ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def events() -> None:
    for number, body in enumerate((b"", b"\x00\xff'\\"), 1):
        Event.objects.create(
            id=UUID(int=number),
            agency_id=UUID(int=7),
            mode="live",
            type="it's \\ 50% \U0001f600",
            sequence=number,
            key=str(number),
            body=body,
            created_at=MOMENT,
        )


def typed(row: tuple[Any, ...]) -> tuple[Any, ...]:
    event_id, kind, buyer, sequence, body, created_at = row
    return as_uuid(event_id), kind, as_uuid(buyer), sequence, as_bytes(body), as_instant(created_at)


@pytest.mark.usefixtures("events")
def test_a_look_reads_what_a_plain_run_reads() -> None:
    columns = '"id", "type", "buyer_ref", "sequence", "body", "created_at"'
    sql = f'SELECT {columns} FROM "{EVENT}" WHERE "id" <> %s AND "type" LIKE \'%%50%%\' ORDER BY "id" DESC'
    every, none = Statement(sql, (bind(UUID(int=99)),)), Statement(f"{sql} LIMIT 0", (bind(UUID(int=99)),))
    plain = [typed(row) for row in run([every])[0].rows]
    assert plain == [
        (UUID(int=2), "it's \\ 50% \U0001f600", None, 2, b"\x00\xff'\\", MOMENT),
        (UUID(int=1), "it's \\ 50% \U0001f600", None, 1, b"", MOMENT),
    ]
    locks = [*lock_shared("c"), *lock("a", "b")]
    for _ in range(3):
        with transaction.atomic():
            first, second = read(locks, [{"every": every, "none": none}, {"again": every}])
        assert ([typed(row) for row in first["every"]], first["none"]) == (plain, [])
        assert [typed(row) for row in second["again"]] == plain


@pytest.mark.usefixtures("events")
def test_a_look_needs_no_locks_and_keeps_the_order_of_its_columns() -> None:
    swapped = Statement(f'SELECT "sequence" AS z, "key" AS a, true AS m FROM "{EVENT}" ORDER BY "id" LIMIT 1')
    with transaction.atomic():
        assert read([], [{"swapped": swapped}]) == [{"swapped": [(1, "1", True)]}]


@pytest.mark.usefixtures("events")
def test_groups_that_ask_the_same_get_each_its_own_in_their_order() -> None:
    found = f'SELECT "sequence", "body" FROM "{EVENT}" WHERE "id" = %s AND "mode" = %s AND "sequence" > %s'
    at = f'SELECT "key" FROM "{EVENT}" WHERE "created_at" >= %s AND "body" = %s ORDER BY "key"'

    def group(number: int, above: int, body: bytes) -> dict[str, Statement]:
        return {
            "found": Statement(found, (bind(UUID(int=number)), Mode.LIVE, above)),
            "at": Statement(at, (bind(MOMENT), memoryview(body))),
        }

    other = {"all": Statement(f'SELECT count(*) FROM "{EVENT}"')}
    groups = [group(2, 1, b""), other, group(1, 1, b"\x00\xff'\\"), group(9, 0, b"none")]
    for asked in (groups, groups[:1], groups[1:], groups[:2]) * 3:
        with transaction.atomic():
            read_rows = read([], asked)
        rows = [{name: [tuple(map(_plain, row)) for row in table] for name, table in one.items()} for one in read_rows]
        expected: list[dict[str, list[Any]]] = [
            {"found": [(2, b"\x00\xff'\\")], "at": [("1",)]},
            {"all": [(2,)]},
            {"found": [], "at": [("2",)]},
            {"found": [], "at": []},
        ]
        assert rows == [expected[groups.index(one)] for one in asked]


def _plain(value: Any) -> Any:
    """Bytes as bytes, in whatever form a look brought them."""
    return as_bytes(value) if isinstance(value, memoryview) or str(value).startswith("\\x") else value


@pytest.mark.skipif(not is_postgres(), reason="SQLite has no lock to look at")
def test_a_look_holds_its_locks_until_the_transaction_ends() -> None:
    held = Statement("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()")
    with transaction.atomic():
        assert read([*lock_shared("c"), *lock("a", "b")], [{"held": held}]) == [{"held": [(3,)]}]
    assert run([held])[0].rows == [(0,)]


# --- commit --------------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("agencies")
@pytest.mark.skipif(not is_postgres(), reason="SQLite commits at the end of the block")
def test_the_outermost_transaction_is_committed_by_its_last_message() -> None:
    with transaction.atomic():
        read([], [{"one": Statement("SELECT 1")}])
        commit([insert(Score, [score(1)])], [named("a", to="x")])
        assert connection.connection.info.transaction_status == psycopg.pq.TransactionStatus.IDLE
    assert (scores(), names()) == ([1], ["x", "b"])


@pytest.mark.usefixtures("agencies")
def test_within_another_transaction_nothing_is_committed() -> None:
    with transaction.atomic():
        with transaction.atomic():
            commit([insert(Score, [score(1)])], [named("a", to="x")])
        assert (scores(), names()) == ([1], ["x", "b"])
        transaction.set_rollback(True)
    assert (scores(), names()) == ([], ["a", "b"])


@pytest.mark.usefixtures("agencies")
def test_what_waits_for_the_commit_is_done_once() -> None:
    done: list[str] = []
    with transaction.atomic():
        transaction.on_commit(lambda: done.append("told"))
        commit([insert(Score, [score(1)])], [])
    assert (done, scores()) == (["told"], [1])


@pytest.mark.usefixtures("agencies")
def test_guards_alone_are_committed() -> None:
    with transaction.atomic():
        commit([], [named("a", to="x"), named("a", to="y", where="x")])
    assert names() == ["y", "b"]


@pytest.mark.usefixtures("agencies")
@pytest.mark.parametrize("unmet", ["first write", "last write", "first guard", "last guard"])
def test_what_is_not_met_gives_its_own_refusal_and_nothing_is_written(unmet: str) -> None:
    run([insert(Score, [score(1)])])
    taken = {name: 1 if unmet == name else place for place, name in enumerate(("first write", "last write"), 2)}
    absent = {name: "nobody" if unmet == name else None for name in ("first guard", "last guard")}
    writes = [
        insert(Score, [score(taken["first write"])], conflict=ONCE, refusal=Refused("first write")),
        named("a", to="x"),
        insert(Score, [score(taken["last write"]), score(4)], conflict=ONCE_BY_ID, refusal=Refused("last write")),
    ]
    guards = [
        named("b", to="y", where=absent["first guard"], refusal=Refused("first guard")),
        named("b", to="z", where=absent["last guard"] or "y", refusal=Refused("last guard")),
    ]
    for _ in range(3):
        with pytest.raises(Refused, match=unmet), transaction.atomic():
            commit(writes, guards)
        assert (scores(), names()) == ([1], ["a", "b"])


@pytest.mark.usefixtures("agencies")
def test_a_guard_without_a_refusal_still_writes_nothing() -> None:
    with pytest.raises((DatabaseError, RuntimeError)), transaction.atomic():
        commit([insert(Score, [score(1)])], [named("a", to="x", where="nobody")])
    assert (scores(), names()) == ([], ["a", "b"])


@pytest.mark.usefixtures("agencies")
def test_a_row_that_is_there_already_is_an_integrity_error_and_the_connection_goes_on() -> None:
    for _ in range(3):
        with pytest.raises(IntegrityError) as caught, transaction.atomic():
            commit([insert(Score, [score(1), score(1)])], [named("a", to="x")])
        if is_postgres():
            assert isinstance(caught.value.__cause__, psycopg.errors.UniqueViolation)
    with transaction.atomic():
        commit([insert(Score, [score(1)])], [named("a", to="x")])
    assert (scores(), names()) == ([1], ["x", "b"])


def test_rows_of_several_leads_go_into_a_table_together() -> None:
    writes = [insert(Score, [score(1)]), insert(Score, [score(2), score(3)]), insert(Score, [score(4)])]
    with transaction.atomic():
        commit(writes, [])
    assert scores() == [1, 2, 3, 4]


def test_one_conflict_among_rows_of_several_leads_refuses_all() -> None:
    def once(number: int) -> Statement:
        return insert(Score, [score(number)], conflict=ONCE, refusal=Refused("taken"))

    with transaction.atomic():
        commit([once(1)], [])
    with pytest.raises(Refused, match="taken"), transaction.atomic():
        commit([once(2), once(1), once(3)], [])
    assert scores() == [1]
    with transaction.atomic():
        commit([once(2), once(3)], [])
    assert scores() == [1, 2, 3]


@pytest.mark.skipif(not is_postgres(), reason="SQLite has no lengths")
def test_a_text_that_is_too_long_is_refused_by_name() -> None:
    with pytest.raises(DatabaseError, match="too long"), transaction.atomic():
        commit([insert(Score, [{**score(1), "stage": "x" * 21}])], [])
    assert scores() == []


@pytest.mark.usefixtures("agencies")
@pytest.mark.skipif(not is_postgres(), reason="only PostgreSQL checks foreign keys at the commit")
def test_what_the_commit_itself_refuses_is_an_integrity_error() -> None:
    key = Statement(
        "INSERT INTO accounts_membership (id, agency_id, user_id, role, created_at) VALUES (%s, %s, %s, 'owner', %s)",
        (new_id(), Agency.objects.values_list("pk", flat=True)[0], new_id(), MOMENT),
    )
    with pytest.raises(IntegrityError), transaction.atomic():
        commit([key], [named("a", to="x")])
    assert names() == ["a", "b"]
