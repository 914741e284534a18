"""What a source was promised: an auction brings it, or sells nothing."""

from typing import Any

from routing.engine import decide
from routing.types import Promised, SourceTerms
from tests.routing.auctions import auction, bid, pinged, promised_by
from tests.routing.markets import SOURCE, codes, verdict, winners


def test_a_bid_that_would_not_bring_what_was_promised_does_not_win() -> None:
    asked = auction(
        *(pinged(1), pinged(2)),
        answers=(bid(1, 2199), bid(2, 2000)),
        source=promised_by(50),
        state={"promised": Promised(payout=1100)},
    )

    decision = decide(asked)

    assert codes(decision) == {1: "won", 2: "below_promised"}  # half of 21.99 is 11.00, half to even
    told = {"promised_price": 0, "promised_payout": 1100, "price": 2000, "payout": 1000}
    assert verdict(decision, 2).inputs == told | {
        "outcome": "bid", "bid": 2000, "effective_bid": 2000, "asked_at_ms": 0, "answered_ms": None,
    }  # fmt: skip


def test_a_promised_price_binds_where_the_payout_is_fixed_too() -> None:
    fixed = SourceTerms(id=SOURCE, payout_kind="fixed", payout_value=500)
    promise: dict[str, Any] = {"source": fixed, "answers": (bid(1, 900),)}

    assert winners(decide(auction(pinged(1), state={"promised": Promised(payout=500)}, **promise))) == [1]
    assert codes(decide(auction(pinged(1), state={"promised": Promised(price=901)}, **promise))) == {
        1: "below_promised"
    }


def test_those_who_share_keep_the_promise_together_or_not_at_all() -> None:
    sharing = [pinged(number, sells="shared") for number in (1, 2, 3)]
    answers = (bid(1, 30), bid(2, 20), bid(3, 10))

    kept = decide(auction(*sharing, answers=answers, max_sales=2, state={"promised": Promised(price=50)}))
    assert codes(kept) == {1: "won", 2: "won", 3: "outbid"}

    broken = decide(auction(*sharing, answers=answers, max_sales=2, state={"promised": Promised(price=51)}))
    assert broken.outcome == "unsold"
    assert set(broken.codes()) == {"below_promised"}
