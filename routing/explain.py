"""A decision in words: one plain row per contract, for pages and the API."""

from typing import Any

from routing.types import Decision

WON = "The contract gets the lead."


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
