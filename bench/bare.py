"""The yardstick of auctions: a bare aiohttp client that asks the same buyers, picks the best bid and posts to it."""

import asyncio
import time
from collections.abc import Sequence

import aiohttp

from bench.auctions import PING_TIMEOUT_MS
from bench.load import Load
from core import json

_HEADERS = {"Content-Type": "application/json"}
_PING = json.dumps(
    {
        "type": "ping",
        "ping_id": "ping_01jv3k8m2xq4r5s6t7v8w9x0yz",
        "lead": {"state": "TX", "zip": "75001", "injury_severity": "minor", "accident_date": "2026-05-02"},
    }
)


def drive_bare(host: str, paths: Sequence[str], *, concurrent: int, seconds: float) -> Load:
    """Hold auctions over these buyers, so many at once, until the time is over."""
    return asyncio.run(_drive([host + path for path in paths], concurrent, seconds))


async def _drive(urls: Sequence[str], concurrent: int, seconds: float) -> Load:
    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar()) as session:
        await asyncio.gather(*(_auction(session, urls) for _ in range(concurrent)))  # connections are open from here on
        load, begun = Load(), time.perf_counter()
        await asyncio.gather(*(_line(session, urls, load, begun + seconds) for _ in range(concurrent)))
        load.seconds = time.perf_counter() - begun
    return load


async def _line(session: aiohttp.ClientSession, urls: Sequence[str], load: Load, until: float) -> None:
    while (started := time.perf_counter()) < until:
        await _auction(session, urls)
        load.latencies.append(time.perf_counter() - started)


async def _auction(session: aiohttp.ClientSession, urls: Sequence[str]) -> None:
    pings = {asyncio.create_task(_ask(session, url)): url for url in urls}
    done, late = await asyncio.wait(pings, timeout=PING_TIMEOUT_MS / 1000)
    for ping in late:
        ping.cancel()
    if not done:
        return
    _, url = max((ping.result(), pings[ping]) for ping in done)
    scheme, _, rest = url.partition("://")
    host, _, path = rest.partition("/")
    await _ask(session, f"{scheme}://{host}/0/{path.partition('/')[2]}/post")


async def _ask(session: aiohttp.ClientSession, url: str) -> float:
    async with session.post(url, data=_PING, headers=_HEADERS) as answer:
        return float(json.loads(await answer.read())["price"])
