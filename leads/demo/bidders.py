"""The demo's live auction: a campaign of auto insurance, and ten buyers whose systems answer in ten different ways.

Each has its contract here, as POST /v1/contracts takes it, and its temper: how the demo's receiver answers for it
(`leads.demo.exchange`). "{exchange}" in a URL is where that listens.
"""

from dataclasses import dataclass
from typing import Any, Final

Document = dict[str, Any]

AUCTION: Final = "auto-insurance-live"
CAMPAIGN: Final[Document] = {
    "name": "Auto insurance, live auction",
    "slug": AUCTION,
    "lead_type": "auto_insurance",
    "method": "ping_post",
    "floor_price": 6,
    "ping_timeout_ms": 300,
    "answer_within_ms": 2000,
    "dedupe_days": 30,
}


@dataclass(frozen=True, slots=True)
class Temper:
    """How a buyer's system behaves. Bids in cents, times in milliseconds, both from one to the other; shares 0 to 1.

    `bids_on` is how many of all pings it bids on, `takes` how many posts it accepts; it fails, talks garbage or never
    answers in these shares of its answers. `speaks` is its wire format.
    """

    bids: tuple[int, int]
    wait: tuple[int, int]
    bids_on: float = 0.9
    takes: float = 0.95
    fails: float = 0.0
    garbage: float = 0.0
    hangs: float = 0.0
    speaks: str = "json"


TEMPERS: Final = {
    "velocity-quotes": Temper(bids=(1400, 2900), wait=(20, 45)),
    "northgate-insurance": Temper(bids=(1600, 2400), wait=(60, 110)),
    "harborline-mutual": Temper(bids=(1200, 3400), wait=(80, 140), speaks="xml"),
    "pennywise-auto": Temper(bids=(600, 1100), wait=(15, 30), bids_on=1.0, speaks="text"),
    "carriage-house": Temper(bids=(2600, 4200), wait=(40, 90), bids_on=0.35),
    "redwood-direct": Temper(bids=(2200, 3600), wait=(50, 100), takes=0.5),
    "old-colony": Temper(bids=(1800, 3000), wait=(200, 420)),
    "metro-leads": Temper(bids=(1300, 2600), wait=(30, 120), fails=0.25),
    "legacy-systems": Temper(bids=(1500, 2500), wait=(70, 160), garbage=0.3),
    "palmetto-quotes": Temper(bids=(2000, 3800), wait=(60, 120), hangs=0.7),
}
_XML: Final[Document] = {
    "format": "xml",
    "body": {"request": {"state": "{{lead.state}}", "zip": "{{lead.zip}}", "year": "{{lead.vehicle_year}}"}},
    "answer": {
        "read": "xml",
        "success": {"at": "/response/result", "in": ["Matched"]},
        "price": {"at": "/response/price", "unit": "dollars"},
        "reason": {"at": "/response/reason"},
        "token": {"at": "/response/bid"},
    },
}
_TEXT: Final[Document] = {
    "format": "form",
    "body": {"st": "{{lead.state}}", "zip": "{{lead.zip}}", "make": "{{lead.vehicle_make}}"},
    "answer": {
        "read": "regex",
        "success": {"at": "^(OK|NO)", "in": ["OK"]},
        "price": {"at": "cents=([0-9]+)", "unit": "cents"},
        "reason": {"at": "reason=(.*)"},
        "token": {"at": "bid=([0-9a-z]+)"},
    },
}
_CONTACT: Final = ("first_name", "last_name", "phone", "email", "state", "zip")


def _delivery(slug: str, speaks: str) -> Document:
    """The contract's delivery by http."""
    ping, post = ({"url": f"{{exchange}}{slug}/{stage}"} for stage in ("ping", "post"))
    if speaks == "json":
        return {"method": "http", "preset": "generic_json", "ping": ping, "post": post}
    words = _XML if speaks == "xml" else _TEXT
    lead = {name: f"{{{{lead.{name}}}}}" for name in _CONTACT} | {"bid": "{{ping.token}}"}
    body = {"lead": lead} if speaks == "xml" else lead
    return {"method": "http", "ping": {**words, **ping}, "post": {**words, "body": body, **post}}


def _bidder(slug: str, temper: Temper) -> Document:
    return {
        "name": slug.replace("-", " ").title(),
        "slug": slug,
        "timezone": "America/New_York",
        "deposit": 1500,
        "contracts": [
            {
                "campaign": AUCTION,
                "price": temper.bids[0] / 100,
                "caps": [{"window": "day", "unit": "leads", "limit": 40}],
                "delivery": _delivery(slug, temper.speaks),
                "mock": {"bid": sum(temper.bids) / 200, "delay_ms": temper.wait[0]},
            }
        ],
    }


STEADY: Final[Document] = {
    "name": "Steady Cover",
    "slug": "steady-cover",
    "timezone": "America/New_York",
    "deposit": 1500,
    "contracts": [{"campaign": AUCTION, "price": 7.5, "delivery": {"method": "portal"}}],
}
"""A price that always stands beside the live bids, and wins where nobody bids more."""

BIDDERS: Final = (*(_bidder(slug, temper) for slug, temper in TEMPERS.items()), STEADY)
