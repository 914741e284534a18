"""The demo's two hundred posts: mostly good leads, and the trouble that real sources send along with them.

The same seed and instant give the same posts, so that a run that was cut short can be taken up again.
"""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from random import Random
from typing import Any

from core.clock import rfc3339
from leads.demo.bidders import AUCTION
from leads.demo.details import DETAILS
from leads.demo.people import make_person

COUNT = 200
SEED = 20260512
CONSENT_TEXT = "By clicking Get my quote I agree to be called and texted by up to three partners at the number given."
_TROUBLES = {"duplicate": 16, "invalid": 12, "no_consent": 8, "old_consent": 4}
_FIRST_GOOD = 25  # so that a duplicate has somebody to repeat
_ASKS_CONSENT = ("auto-accident", "mortgage")
_SENDERS = {
    "auto-accident": ("claim_connect", "claim_connect", "google_ads"),
    "home-solar": ("sun_quote", "sun_quote", "google_ads"),
    "mortgage": ("rate_finder", "google_ads"),
    "auto-insurance": ("rate_finder", "google_ads", "home_match"),
    "home-services": ("home_match", "home_match", "google_ads"),
    AUCTION: ("rate_finder", "google_ads", "rate_finder"),
}
Fields = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Post:
    """One request: whose key sends it, its body, and what is wrong with it ("good" where nothing is)."""

    number: int
    source: str
    kind: str
    body: Fields


def make_posts(at: datetime, *, count: int = COUNT, seed: int = SEED) -> list[Post]:
    """The posts as they would be sent at this instant."""
    dice = Random(seed)  # noqa: S311 - an invented past needs a fixed seed, not secrecy
    posts: list[Post] = []
    for number, kind in enumerate(_kinds(dice, count)):
        posts.append(_repeat(dice, number, posts) if kind == "duplicate" else _fresh(dice, number, kind, at))
    return posts


def _kinds(dice: Random, count: int) -> list[str]:
    """What each post is: the troubles in their share, shuffled in behind a calm beginning."""
    troubles = [kind for kind, share in _TROUBLES.items() for _ in range(share * count // COUNT)]
    rest = troubles + ["good"] * (count - _FIRST_GOOD - len(troubles))
    dice.shuffle(rest)
    return ["good"] * _FIRST_GOOD + rest


def _fresh(dice: Random, number: int, kind: str, at: datetime) -> Post:
    campaign = dice.choice(_ASKS_CONSENT if kind.endswith("consent") else tuple(DETAILS))
    body = {
        "campaign_id": campaign,
        "external_id": f"demo-{number:03d}",
        **asdict(make_person(dice, number)),
        **DETAILS[campaign](dice, at),
        "ip_address": f"198.51.100.{dice.randrange(1, 255)}",
        "landing_page": f"https://quotes.example.com/{campaign}",
        "click_id": f"{dice.getrandbits(64):016x}",
        "sub_id": dice.choice(("spring", "retarget", "brand")),
        "consent_timestamp": rfc3339(at - timedelta(minutes=dice.randrange(1, 600))),
        "consent_text": CONSENT_TEXT,
    }
    if kind in _SPOIL:
        _SPOIL[kind](dice, body, at)
    return Post(number, dice.choice(_SENDERS[campaign]), kind, body)


def _repeat(dice: Random, number: int, posts: list[Post]) -> Post:
    """A good lead sent again, by the same source or by another that bought it from the same place."""
    first = dice.choice([post for post in posts if post.kind == "good"])
    source = dice.choice(_SENDERS[first.body["campaign_id"]])
    return Post(number, source, "duplicate", {**first.body, "external_id": f"demo-{number:03d}"})


def _invalidate(dice: Random, body: Fields, at: datetime) -> None:
    body |= dice.choice(
        (
            {"phone": "555-12"},
            {"email": "no at sign"},
            {"state": "Texass"},
            {"zip": "7520"},
            {"first_name": ""},
            {"phone": "call me", "state": "??"},
            {"consent_timestamp": rfc3339(at + timedelta(days=2))},
        )
    )


def _forget_consent(dice: Random, body: Fields, at: datetime) -> None:
    del body["consent_timestamp"], body["consent_text"]


def _age_consent(dice: Random, body: Fields, at: datetime) -> None:
    body["consent_timestamp"] = rfc3339(at - timedelta(days=dice.randrange(40, 200)))


_SPOIL: dict[str, Callable[[Random, Fields, datetime], None]] = {
    "invalid": _invalidate,
    "no_consent": _forget_consent,
    "old_consent": _age_consent,
}
