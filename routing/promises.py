"""What the source was promised when it asked for a price beforehand: kept by every sale, or there is none."""

from collections.abc import Sequence

from routing.eligibility import Case, Loss
from routing.pricing import payout_of, price_earning
from routing.reasons import Reason


def shortfall(case: Case, prices: Sequence[int]) -> Loss | None:
    """Why sales at these prices, the first one first, would not keep what the source was promised."""
    promised = case.state.promised
    if promised is None:
        return None
    price, payout = sum(prices), _payout(case, prices)
    if price >= promised.price and payout >= promised.payout:
        return None
    wanted = {"promised_price": promised.price, "promised_payout": promised.payout}
    return Reason.BELOW_PROMISED, {**wanted, "price": price, "payout": payout}


def price_promised(case: Case, prices: Sequence[int], position: int) -> int:
    """The least price of the sale at this position that, beside the others, keeps what the source was promised."""
    promised = case.state.promised
    if promised is None:
        return 0
    others = [price if place != position else 0 for place, price in enumerate(prices)]
    fixed = _payout(case, others)  # a fixed payout comes with the first sale, whatever its price
    owed = promised.payout - fixed
    return max(promised.price - sum(others), price_earning(case.market.source, owed))


def _payout(case: Case, prices: Sequence[int]) -> int:
    source = case.market.source
    return sum(payout_of(source, price, first=position == 0) for position, price in enumerate(prices))
