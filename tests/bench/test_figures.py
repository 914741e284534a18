"""The benchmark's arithmetic, so that a wrong figure cannot look like a fast one."""

import asyncio
from itertools import count

import pytest

from bench import posts, yardstick
from bench.cpu import spent
from bench.load import Load, drive
from bench.report import Figures, Round, percentile, record
from bench.trips import round_trips

ACCEPTED = b'{"status":"accepted"}'


def test_a_percentile_is_a_value_that_was_measured() -> None:
    assert percentile([4.0, 1.0, 3.0, 2.0], 0.5) == 2.0
    assert percentile([4.0, 1.0, 3.0, 2.0], 0.99) == 4.0


def test_the_ratio_is_the_median_of_rounds_each_measured_in_the_same_minutes() -> None:
    loads = [Load([0.01] * leads, [], 10.0) for leads in (100, 200, 900)]
    figures = Figures([Round(load, 100.0, 0.5, 0.25) for load in loads], trips=6)
    shown = record(figures)
    assert shown["ratio"] == 0.2
    assert shown["web_cpu_ms_per_lead"] == 1.25
    assert shown["marks"] == {"ratio": True, "p99": True, "round_trips": True}


def test_processor_time_counts_processes_that_came_meanwhile_and_not_what_was_used_before() -> None:
    assert spent({1: 5.0}, {1: 7.0, 2: 1.5}) == pytest.approx(3.5)


def test_everything_sent_together_is_one_round_trip() -> None:
    trace = ["F\t13\tQuery\t 'BEGIN'", "B\t5\tCommandComplete", "B\t5\tReadyForQuery\t T", "B\t5\tReadyForQuery\t I"]
    assert round_trips(trace) == 2


def test_the_rate_is_read_from_what_pgbench_prints() -> None:
    assert (
        yardstick.per_second("latency average = 1.2 ms\ntps = 6485.12 (without initial connection time)\n") == 6485.12
    )


def test_no_two_leads_are_the_same_person() -> None:
    made = posts.requests(80, "key", count(), 300)
    assert len({request.partition(b"\r\n\r\n")[2] for request in made}) == 300


@pytest.mark.parametrize(("body", "accepted"), [(ACCEPTED, 4), (b'{"status":"unsold"}', 0)])
def test_only_accepted_leads_count_and_everything_else_is_told(body: bytes, accepted: int) -> None:
    load = asyncio.run(_driven(body))
    assert len(load.latencies) == accepted
    assert len(load.refused) == 4 - accepted


async def _driven(body: bytes) -> Load:
    """Four requests over two connections to a server that always gives the same answer."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while await reader.read(1000):
            writer.write(b"HTTP/1.1 201 Created\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body))
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        return await asyncio.to_thread(drive, port, [b"POST"] * 4, concurrent=2, seconds=5)
