"""What became of a bid, in words."""

from typing import Any

import pytest

from leads.wording import Wording

BID = {"outcome": "bid", "bid": 4000, "effective_bid": 4000, "asked_at_ms": 1, "answered_ms": 83}


@pytest.mark.parametrize(
    ("reason", "inputs", "sentence"),
    [
        ("won", BID, "It bid $40.00."),
        ("won", BID | {"effective_bid": 3600}, "It bid $40.00, ranked as $36.00."),
        ("won", {}, ""),
        (
            "won",
            BID | {"effective_bid": 3600, "accept": 0.95, "return": 0.05, "basis": "model"},
            "It bid $40.00, ranked as $36.00: accepted with 95% probability, then returned with 5%, by the model and "
            "the buyer's own record.",
        ),
        (
            "below_min_percentile",
            {"min_percentile": 80, "percentile": 71},
            "71 % of other leads score lower; at least 80 % must.",
        ),
        (
            "below_min_percentile",
            {"min_percentile": 80, "percentile": None},
            "Nobody knows yet how it stands; at least 80 % must.",
        ),
        (
            "outbid",
            BID | {"sold": "exclusive", "to_beat": 4200},
            "It bid $40.00. It had $42.00 to beat; the lead is sold exclusive.",
        ),
        ("no_bid", {"outcome": "no_bid", "answered_ms": 20, "said": "cap"}, "It answered after 20 ms. It said: cap."),
        ("bid_late", {"outcome": "late", "answered_ms": None}, ""),
        (
            "bid_out_of_range",
            BID | {"price": 4000, "min_bid": None, "max_bid": 900},
            "It bid $40.00; allowed is at most $9.00.",
        ),
        (
            "bid_out_of_range",
            BID | {"price": 4000, "min_bid": 4500, "max_bid": 9000},
            "It bid $40.00; allowed is at least $45.00 and at most $90.00.",
        ),
        (
            "below_promised",
            BID | {"promised_price": 0, "promised_payout": 1100, "price": 2000, "payout": 1000},
            "A payout of $11.00 was promised; this would bring $10.00.",
        ),
        (
            "below_promised",
            BID | {"promised_price": 2100, "promised_payout": 0, "price": 2000, "payout": 0},
            "A price of $21.00 was promised; this would bring $20.00.",
        ),
        (
            "below_margin",
            {"expected_value": 4500, "expected_payout": 3000, "min_margin": 2000},
            "Expected to bring $45.00, and the source to earn $30.00; at least $20.00 must be left.",
        ),
    ],
)
def test_a_reason_of_an_auction_is_put_in_words(reason: str, inputs: dict[str, Any], sentence: str) -> None:
    assert Wording(currency="USD", timezone="UTC").say(reason, inputs) == sentence
