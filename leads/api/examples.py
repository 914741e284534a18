"""The examples of the OpenAPI document: one lead, as the field's own guide posts it, through all that may follow."""

from typing import Any, Final

from drf_spectacular.utils import OpenApiExample

from routing.reasons import Reason

MARIA: Final[dict[str, Any]] = {
    "first_name": "Maria",
    "last_name": "Garcia",
    "phone": "+15551234567",
    "email": "maria@example.com",
    "state": "TX",
    "case_type": "auto_accident",
    "injury_severity": "moderate",
    "accident_date": "2026-05-02",
    "source": "google_ads",
    "campaign_id": "auto-accident",
    "consent_timestamp": "2026-05-12T14:30:00Z",
    "ip_address": "192.168.1.1",
}
_LEAD, _BUYER, _CONTRACT = (f"{prefix}_01jv3k8m2xq4r5s6t7v8w9x0yz" for prefix in ("ld", "buyer", "ctr"))
_OTHER_BUYER, _OTHER_CONTRACT = (f"{prefix}_01jv3k9b7yq4r5s6t7v8w9x0yz" for prefix in ("buyer", "ctr"))
_UNASSIGNED: Final = "The telephone number is not assigned in the numbering plan."
SOLD: Final[dict[str, Any]] = {
    "lead_id": _LEAD,
    "status": "accepted",
    "score": 87,
    "score_reasons": [
        {"code": "PHONE_UNASSIGNED_DOWN", "text": _UNASSIGNED, "effect": -0.6},
        {"code": "INCIDENT_RECENT_UP", "text": "The incident happened within the last 90 days.", "effect": 0.45},
    ],
    "score_model": "scorecard-1",
    "percentile": 71,
    "grade": "B",
    "score_calibrated": True,
    "return_probability": 0.06,
    "conversion_probability": None,
    "buyer_id": _BUYER,
    "price": 175.00,
    "routing_decision": "waterfall_winner",
    "deduped": False,
    "duplicate_of": None,
    "reason": None,
    "test": False,
    "created_at": "2026-05-12T14:30:01.184Z",
    "sales": [
        {
            "sale_id": "sale_01jv3k8m2xq4r5s6t7v8w9x0yz",
            "contract_id": _CONTRACT,
            "buyer_id": _BUYER,
            "price": 175.00,
            "state": "accepted",
            "converted_at": None,
        }
    ],
}
_DUPLICATE: Final[dict[str, Any]] = {
    **SOLD,
    "lead_id": "ld_01jv3m2c4zq4r5s6t7v8w9x0yz",
    "status": "duplicate",
    "buyer_id": None,
    "price": None,
    "routing_decision": "duplicate",
    "deduped": True,
    "duplicate_of": _LEAD,
    "reason": "duplicate",
    "sales": [],
}
_PENDING: Final[dict[str, Any]] = {
    **SOLD,
    "status": "pending",
    "buyer_id": None,
    "price": None,
    "routing_decision": "pending",
    "sales": [{**SOLD["sales"][0], "state": "pending"}],
}
_RECORD: Final[dict[str, Any]] = {
    **SOLD,
    "campaign_id": "camp_01jv3k8m2xq4r5s6t7v8w9x0yz",
    "source_id": "src_01jv3k8m2xq4r5s6t7v8w9x0yz",
    "payout": 90.00,
    "external_id": None,
    "metadata": {},
    "fields": {
        **{name: value for name, value in MARIA.items() if name not in ("source", "campaign_id")},
        "consent_timestamp": "2026-05-12T14:30:00.000Z",
    },
}
_VERDICTS: Final[list[dict[str, Any]]] = [
    {
        "contract_id": _CONTRACT,
        "buyer_id": _BUYER,
        "won": True,
        "reason": None,
        "detail": "Chosen.",
        "rank": 1,
        "price": 175.00,
        "inputs": {},
    },
    {
        "contract_id": _OTHER_CONTRACT,
        "buyer_id": _OTHER_BUYER,
        "won": False,
        "reason": "filter_mismatch",
        "detail": "The lead does not match the contract's filters.",
        "rank": None,
        "price": None,
        "inputs": {"field": "state", "op": "in", "value": ["CA"], "found": "TX"},
    },
]
_DECISIONS: Final[dict[str, Any]] = {
    "lead_id": _LEAD,
    "status": "accepted",
    "reason": None,
    "score": {
        "model": "scorecard-1",
        "score": 87,
        "log_odds": 1.9,
        "base": 1.0,
        "contributions": {"telephone": 0.6, "email": 0.45, "consent": 0.05, "source": -0.2},
    },
    "decisions": [
        {
            "number": 1,
            "kind": "route",
            "outcome": "sold",
            "method": "waterfall",
            "config_version": 12,
            "decided_at": "2026-05-12T14:30:01.184Z",
            "seed": 4611686018427387904,
            "replayed": True,
            "contracts": _VERDICTS,
        }
    ],
    "auctions": [],
    "posts": [],
}
_AUCTION: Final[dict[str, Any]] = {
    "started_at": "2026-05-12T14:30:01.020Z",
    "window_ms": 300,
    "ping_id": None,
    "pings": [
        {
            "contract_id": _CONTRACT,
            "buyer_id": _BUYER,
            "told": ["case_type", "injury_severity", "state"],
            "asked_at_ms": 1,
            "answered_ms": 84,
            "outcome": "bid",
            "answer": "accepted",
            "bid": 175.00,
            "reason": None,
        },
        {
            "contract_id": _OTHER_CONTRACT,
            "buyer_id": _OTHER_BUYER,
            "told": ["case_type", "state"],
            "asked_at_ms": 1,
            "answered_ms": None,
            "outcome": "late",
            "answer": "timeout",
            "bid": None,
            "reason": "timeout",
        },
    ],
}
_POSTED: Final[dict[str, Any]] = {
    "sale_id": SOLD["sales"][0]["sale_id"],
    "contract_id": _CONTRACT,
    "buyer_id": _BUYER,
    "state": "answered",
    "told": ["email", "first_name", "last_name", "phone", "state"],
    "answered_at": "2026-05-12T14:30:01.310Z",
    "answered_ms": 96,
    "answer": "accepted",
    "reason": None,
    "redirect_url": None,
}
_BIDDER: Final = {"outcome": "bid", "bid": 175.00, "effective_bid": 175.00, "asked_at_ms": 1, "answered_ms": 84}
_AUCTIONED: Final[dict[str, Any]] = {
    **_DECISIONS,
    "decisions": [
        {
            **_DECISIONS["decisions"][0],
            "method": "ping_post",
            "contracts": [
                {**_VERDICTS[0], "inputs": _BIDDER},
                {
                    **_VERDICTS[1],
                    "reason": "bid_late",
                    "detail": Reason.BID_LATE.sentence,
                    "inputs": {"outcome": "late"},
                },
            ],
        }
    ],
    "auctions": [_AUCTION],
    "posts": [_POSTED],
}
_SIMULATION: Final[dict[str, Any]] = {
    **SOLD,
    "lead_id": None,
    "pinged": False,
    "sales": [{**SOLD["sales"][0], "sale_id": None}],
    "contracts": _VERDICTS,
}


def _answer(name: str, value: dict[str, Any], *statuses: str) -> OpenApiExample:
    return OpenApiExample(name, value, response_only=True, status_codes=list(statuses))


POST_LEAD: Final = [
    OpenApiExample("A lead", MARIA, request_only=True),
    _answer("Sold", SOLD, "201"),
    _answer("A duplicate", _DUPLICATE, "201"),
    _answer("Waiting for its buyer", _PENDING, "202"),
]
LEAD: Final = [_answer("A sold lead", _RECORD, "200")]
DECISIONS: Final = [_answer("Sold by waterfall", _DECISIONS, "200"), _answer("Sold by auction", _AUCTIONED, "200")]
SIMULATE: Final = [
    OpenApiExample("A lead at another time", {**MARIA, "at": "2026-05-16T09:00:00Z"}, request_only=True),
    _answer("It would be sold", _SIMULATION, "200"),
]
ASSIGN: Final = [OpenApiExample("To a contract", {"contract_id": _CONTRACT}, request_only=True), *LEAD]
REJECT: Final = [OpenApiExample("Out of area", {"reason": "We do not serve this county."}, request_only=True), *LEAD]
