"""Who wins an auction and what the winners pay. The same bids always give the same answer.

**Who wins.** The best offer for the whole lead stands against the best sum of offers to share it, by effective bids
(`routing.offers`); of equal ones the lead goes to one buyer. Those who share are taken from the best down, one contract
of a buyer, up to the campaign's number, as far as caps and funds have room for one after another. A lead whose offers
do not bring what its source was promised, or the campaign's margin, is not sold. Equal offers stand in the order of
priority, then of their answers' speed, then of their ids.

**First price**: a winner pays its bid. **Second price**: it pays the least with which it would still have won against
what all others offered, given what the winners before it pay: one minor unit more, in effective bids, than the best
offer of another buyer that was left out, or than the best offer for the lead in the other way needs; never less than
the campaign's floor or margin, its contract's least bid or what the source was promised, never more than its bid. So
the sum of those who share still beats the best offer of one alone. A buyer's own other offers never raise its price.
Room is asked for the whole bid: what its buyer could not pay is no bid.
"""

from collections.abc import Collection
from typing import NamedTuple
from uuid import UUID

from routing.eligibility import Case, Loss
from routing.margins import dearest, price_with_margin, too_little
from routing.offers import Offers
from routing.pricing import least_price
from routing.promises import price_promised
from routing.ranking import Offer, Ranked
from routing.reasons import Reason
from routing.selection import Choice, share

NOTHING = -1
"""Less than any effective bid: what there is to beat where nobody else wants the lead."""


class Result(NamedTuple):
    """Who won, paying what, and why the others did not; all offers' positions in their order, and their prices."""

    choice: Choice
    ranking: list[int]
    prices: dict[int, int]


def hold_auction(case: Case, offers: Offers) -> Result:
    """Choose one for the whole lead or several to share it, and say what they pay."""
    group = _group(case, offers.shared)
    best, together = _best(offers, offers.alone), _total(offers, group.won)
    sold_alone = bool(offers.alone) and best >= together
    won = offers.alone[:1] if sold_alone else group.won
    lost = _outbid(offers, "exclusive" if sold_alone else "shared", max(best, together))
    if not sold_alone:
        lost |= _left_out(offers, group)
    if case.market.terms.auction_price == "second":
        won = _second_prices(case, offers, won, group)
    winners = {offer.position for offer, _ in won}
    return Result(
        Choice(won, {position: loss for position, loss in lost.items() if position not in winners}),
        *_standing(offers, won, sold_alone=sold_alone),
    )


def _group(case: Case, ranked: Ranked) -> Choice:
    """Who would share the lead: nobody where together they do not bring what was promised, or the margin."""
    group = share(Case(case.market), ranked)
    sharing = [offer for offer, _ in group.won]
    loss = too_little(case, sharing) if group.won else None
    if loss is None:
        return group
    if (place := dearest(case, sharing)) is not None:
        out = sharing[place].position
        smaller = _group(case, [one for one in ranked if one[0].position != out])
        return smaller._replace(lost={**smaller.lost, out: loss})
    short = {offer.position: loss for offer, _ in ranked if _outranked(group, offer)}
    return Choice([], group.lost | short | {offer.position: loss for offer, _ in group.won})


def _outranked(group: Choice, offer: Offer) -> bool:
    """Whether the offer was left out for nothing but the number of buyers."""
    return group.lost.get(offer.position, (None,))[0] is Reason.OUTRANKED


def _best(offers: Offers, ranked: Ranked, *, but: Collection[UUID] = ()) -> int:
    """The highest effective bid of other buyers than these."""
    return max((offers.effective(offer) for offer, _ in ranked if offer.contract.buyer_id not in but), default=NOTHING)


def _total(offers: Offers, won: Ranked) -> int:
    return sum(offers.effective(offer) for offer, _ in won) if won else NOTHING


def _outbid(offers: Offers, sold: str, to_beat: int) -> dict[int, Loss]:
    loss = Reason.OUTBID, {"sold": sold, "to_beat": to_beat}
    return {offer.position: loss for offer, _ in (*offers.alone, *offers.shared)}


def _left_out(offers: Offers, group: Choice) -> dict[int, Loss]:
    """Why each of those who would share does not; whoever stood behind the number of buyers had the last to beat."""
    last = min((offers.effective(offer) for offer, _ in group.won), default=NOTHING)
    outbid = Reason.OUTBID, {"sold": "shared", "to_beat": last}
    return {at: outbid if loss[0] is Reason.OUTRANKED else loss for at, loss in group.lost.items()}


def _standing(offers: Offers, won: Ranked, *, sold_alone: bool) -> tuple[list[int], dict[int, int]]:
    """The positions in order, those of the way in which the lead was sold first, and the price of each."""
    ways = (offers.alone, offers.shared) if sold_alone else (offers.shared, offers.alone)
    prices = {offer.position: offer.price for way in reversed(ways) for offer, _ in way}
    paid = {offer.position: offer.price for offer, _ in won}
    return list(dict.fromkeys(offer.position for way in ways for offer, _ in way)), offers.prices | prices | paid


# --- second price ------------------------------------------------------------------------------------------------


def _second_prices(case: Case, offers: Offers, won: Ranked, group: Choice) -> Ranked:
    """The winners at the least prices with which each would still have won, one after another."""
    paying = list(won)
    for place, (offer, stood) in enumerate(won):
        beaten = _beaten_alone(case, offers, offer) if offer.exclusive else _beaten_shared(offers, paying, place, group)
        least = offers.worths[offer.position].least(beaten + 1, offer.price)
        promised = price_promised(case, [other.price for other, _ in paying], place)
        least = min(offer.price, max(least, least_price(case.market.terms, offer.contract), promised))
        price = price_with_margin(case, [other for other, _ in paying], place, least)
        paying[place] = offer._replace(price=price), stood
    return paying


def _beaten_alone(case: Case, offers: Offers, winner: Offer) -> int:
    """What the others would have made of the lead without its only buyer."""
    buyer = winner.contract.buyer_id
    others = [(offer, place) for offer, place in offers.shared if offer.contract.buyer_id != buyer]
    return max(_best(offers, offers.alone, but=(buyer,)), _total(offers, _group(case, others).won))


def _beaten_shared(offers: Offers, paying: Ranked, place: int, group: Choice) -> int:
    """The best that was left out, or what the best single buyer's offer leaves to beat beside the other winners'."""
    others = sum(offers.effective(offer) for at, (offer, _) in enumerate(paying) if at != place)
    sharing = [offer.contract.buyer_id for offer, _ in paying]
    outside = [(offer, stood) for offer, stood in offers.shared if _outranked(group, offer)]
    alone = _best(offers, offers.alone, but=(sharing[place],))
    return max(_best(offers, outside, but=sharing), alone - others, NOTHING)
