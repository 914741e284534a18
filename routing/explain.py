"""A decision for people to read: one plain row per contract for pages, and its inputs as outsiders are told amounts."""

from collections.abc import Mapping
from typing import Any, Final

from core.money import to_major
from routing.caps import Unit
from routing.types import Decision

WON = "The contract gets the lead."
_OF_A_CAP: Final = frozenset(("limit", "used", "adding"))
_AMOUNTS: Final = frozenset(
    (
        *("price", "floor_price", "available", "expected_value", "payout", "promised_price", "promised_payout"),
        "min_margin",
        *("bid", "shared_bid", "effective_bid", "to_beat", "min_bid", "max_bid"),
    )
)
"""The inputs that are money. What a filter saw stands among `found` and `value`, whatever its field is called."""


def explain(decision: Decision) -> list[dict[str, Any]]:
    """Rows of contract, reason code ("won" for winners), sentence, inputs, rank and price: ranked first, then the rest.

    Inputs quote the lead: show them only to who may see it. Prices are minor units.
    """
    rows = [
        {
            "contract_id": verdict.contract_id,
            "reason": "won" if verdict.reason is None else verdict.reason.value,
            "sentence": WON if verdict.reason is None else verdict.reason.sentence,
            "inputs": dict(verdict.inputs),
            "rank": verdict.rank,
            "price": verdict.price,
        }
        for verdict in decision.verdicts
    ]
    return sorted(rows, key=lambda row: (row["rank"] is None, row["rank"] or 0))


def inputs_in_major_units(inputs: Mapping[str, Any], currency: str) -> dict[str, Any]:
    """A verdict's inputs with their minor units as amounts in major units, of the decimals of the currency."""
    amounts = _AMOUNTS | _OF_A_CAP if inputs.get("unit") == Unit.MONEY else _AMOUNTS
    return {
        name: to_major(value, currency) if name in amounts and value is not None else value
        for name, value in inputs.items()
    }
