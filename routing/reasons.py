"""Every way in which a contract can fail to get a lead: a stable code and one plain sentence each. Losing is data."""

from enum import StrEnum


class Reason(StrEnum):
    """Why a contract did not get the lead, in the order in which the rules are asked."""

    sentence: str

    def __new__(cls, code: str, sentence: str = "") -> "Reason":
        """A code that carries its sentence."""
        member = str.__new__(cls, code)
        member._value_ = code
        member.sentence = sentence
        return member

    # Said by an earlier attempt at this lead.
    BUYER_REFUSED = "buyer_refused", "The buyer refused this lead."
    BUYER_UNREACHABLE = "buyer_unreachable", "The buyer's system gave no usable answer in time."
    CLOSED_MEANWHILE_CAP = "closed_meanwhile_cap", "Another lead took the last place under a cap a moment before."
    CLOSED_MEANWHILE_FUNDS = "closed_meanwhile_funds", "Another lead used the buyer's last funds a moment before."
    BID_NOT_TAKEN = "bid_not_taken", "The source took other bids than this contract's."

    # Said of the market as a whole.
    CAMPAIGN_PAUSED = "campaign_paused", "The campaign is paused."
    SOURCE_PAUSED = "source_paused", "The source is paused."

    # Said of the contract and this lead.
    CONTRACT_PAUSED = "contract_paused", "The contract is paused."
    BUYER_PAUSED = "buyer_paused", "The buyer is paused."
    BUYER_EXCLUDED = "buyer_excluded", "The buyer may not have this lead."
    NOT_SOLD_THIS_WAY = "not_sold_this_way", "The contract does not take leads the way this one is sold."
    OUTSIDE_SCHEDULE = "outside_schedule", "The contract's schedule is closed at this time."
    BELOW_MIN_SCORE = "below_min_score", "The lead's score is below the contract's minimum."
    BELOW_MIN_PERCENTILE = "below_min_percentile", "Too many other leads score higher for the contract's minimum."
    FILTER_MISMATCH = "filter_mismatch", "The lead does not match the contract's filters."
    EARLIER_BUYER = "earlier_buyer", "The buyer had this person within the contract's duplicate window."

    # Said of the contract's bid, in an auction.
    NOT_PINGED = "not_pinged", "The contract's buyer was not asked for a bid."
    BREAKER_OPEN = "breaker_open", "The buyer's system failed too often of late and was not asked."
    NO_BID = "no_bid", "The buyer did not want this lead."
    BID_LATE = "bid_late", "The buyer's answer came too late, or not at all."
    BID_ERROR = "bid_error", "The buyer's system could not be asked, or answered with an error."
    BID_UNREADABLE = "bid_unreadable", "The buyer's answer could not be understood, or held no possible price."
    BID_OUT_OF_RANGE = "bid_out_of_range", "The bid is outside the range that the contract allows."

    # Said of the price.
    BELOW_FLOOR = "below_floor", "The contract's price is below the campaign's floor."
    CAP_REACHED = "cap_reached", "A cap of the contract is reached."
    BUYER_CAP_REACHED = "buyer_cap_reached", "A cap of the buyer is reached."
    SOURCE_CAP_REACHED = "source_cap_reached", "A cap of the source is reached."
    CAMPAIGN_CAP_REACHED = "campaign_cap_reached", "A cap of the campaign is reached."
    ACCOUNT_FROZEN = "account_frozen", "The buyer's account is frozen."
    INSUFFICIENT_FUNDS = "insufficient_funds", "The buyer's available funds do not cover the price."

    # Said of eligible contracts that were not chosen.
    BELOW_PROMISED = "below_promised", "The bid would not bring what the source was promised."
    BELOW_MARGIN = "below_margin", "The lead would not bring its cost and the campaign's margin."
    BUYER_ALREADY_WON = "buyer_already_won", "The buyer gets this lead by another sale."
    OUTBID = "outbid", "Others bid more."
    OUTRANKED = "outranked", "Other contracts stood before this one."
