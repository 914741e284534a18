"""The systems of the demo's bidders: what each answers to a ping or a post, by its temper, and after how long.

The same question gets the same answer: the dice are thrown by its words.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from random import Random
from typing import Final

from core import json
from leads.demo.bidders import TEMPERS, Temper

HANG_SECONDS: Final = 1.0


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer and how long it takes, in seconds; `said` tells people what it is."""

    said: str
    status: int
    content_type: str
    body: bytes
    wait: float


def reply_to(slug: str, stage: str, question: bytes) -> Reply:
    """What this buyer answers to these bytes. Raises KeyError where there is no such buyer."""
    temper = TEMPERS[slug]
    dice = Random(sha256(slug.encode() + stage.encode() + question).digest())  # noqa: S311 - invented, not secret
    wait = dice.uniform(*temper.wait) / 1000
    trouble = _trouble(temper, dice.random())
    if trouble is not None:
        said, status, body, longer = trouble
        return Reply(said, status, "text/html", body, longer or wait)
    if stage == "ping":
        willing, price = dice.random() < temper.bids_on, dice.randrange(*temper.bids, 25)
        said = f"bid {price / 100:.2f}" if willing else "no bid"
    else:
        willing, price = dice.random() < temper.takes, 0
        said = "accepted" if willing else "refused"
    content_type, say = _FORMATS[temper.speaks]
    return Reply(said, 200, content_type, say(willing, price, f"{dice.getrandbits(48):012x}"), wait)


def _trouble(temper: Temper, drawn: float) -> tuple[str, int, bytes, float] | None:
    """What goes wrong this time, if anything does: in words, the status, the body, how long it takes."""
    if drawn < temper.hangs:
        return "hung", 504, b"", HANG_SECONDS
    if drawn < temper.hangs + temper.fails:
        return "failed", 500, b"<h1>Internal Server Error</h1>", 0
    if drawn < temper.hangs + temper.fails + temper.garbage:
        return "garbage", 200, b"<html>Maintenance\x00 page {", 0
    return None


def _json(willing: bool, price: int, bid: str) -> bytes:
    if not willing:
        return json.dumps({"accepted": False, "reason": "not in our appetite today"})
    return json.dumps(
        {"accepted": True, "price": price / 100, "token": bid, "reason": None} if price else {"accepted": True}
    )


def _xml(willing: bool, price: int, bid: str) -> bytes:
    if not willing:
        return b"<response><result>Unmatched</result><reason>no coverage in this area</reason></response>"
    priced = f"<price>{price / 100:.2f}</price><bid>{bid}</bid>" if price else ""
    return f"<response><result>Matched</result>{priced}</response>".encode()


def _text(willing: bool, price: int, bid: str) -> bytes:
    if not willing:
        return b"NO reason=filled for today"
    return f"OK cents={price} bid={bid}".encode() if price else b"OK"


_FORMATS: Final[Mapping[str, tuple[str, Callable[[bool, int, str], bytes]]]] = {
    "json": ("application/json", _json),
    "xml": ("application/xml", _xml),
    "text": ("text/plain", _text),
}
