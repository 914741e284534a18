"""The inputs of a failing rule in words, for people who read a decision. Pure; what is personal stays hidden."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from core.money import spell

HIDDEN: Final = "hidden"

_OPERATORS: Final = {
    "eq": "must be",
    "ne": "must not be",
    "in": "must be one of",
    "not_in": "must be none of",
    "gt": "must be above",
    "gte": "must be at least",
    "lt": "must be below",
    "lte": "must be at most",
    "between": "must be between",
    "exists": "must be present",
    "prefix": "must begin with",
    "regex": "must match",
    "within": "must be within",
}
_MOST_VALUES = 8
_BASES: Final = {"model": "by the model and the buyer's own record", "record": "by the buyer's record alone"}


@dataclass(frozen=True, slots=True)
class Wording:
    """How one reader is told: amounts in `currency`, times in `timezone`, and the fields in `hidden` without values."""

    currency: str
    timezone: str
    hidden: Collection[str] = ()

    def say(self, reason: str, inputs: Mapping[str, Any]) -> str:
        """One sentence of what the rule saw and what it asked for; empty where its reason says it all."""
        speak = _SENTENCES.get(reason)
        return speak(self, inputs) if speak and inputs else ""

    def money(self, minor: int) -> str:
        """The amount with its currency."""
        return spell(minor, self.currency)

    def moment(self, text: str) -> str:
        """The instant in the reader's zone."""
        local = datetime.fromisoformat(text).astimezone(ZoneInfo(self.timezone))
        return f"{local:%b} {local.day}, {local:%Y %H:%M %Z}"

    def value(self, name: str, value: Any) -> str:
        """A field's value, unless it is hidden."""
        if value is None:
            return "missing"
        return HIDDEN if name in self.hidden else _plain(value)


def _plain(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        shown = ", ".join(_plain(item) for item in value[:_MOST_VALUES])
        return f"{shown} and {len(value) - _MOST_VALUES} more" if len(value) > _MOST_VALUES else shown
    if isinstance(value, Mapping):
        return f"{value.get('miles')} miles of {value.get('zip')}" if "miles" in value else str(dict(value))
    return str(value)


def _mismatch(wording: Wording, inputs: Mapping[str, Any]) -> str:
    return f"{_miss(wording, inputs)}."


def _miss(wording: Wording, miss: Mapping[str, Any]) -> str:
    if "any" in miss:
        return " and ".join(_miss(wording, part) for part in miss["any"])
    if "none" in miss:
        document = miss["none"]
        name = str(document.get("field", ""))
        found = f"; it is {wording.value(name, miss['found'])}" if "found" in miss else ""
        return f"Excluded: {_asked(wording, document)}{found}"
    name = str(miss.get("field", ""))
    return f"{_asked(wording, miss)}; it is {wording.value(name, miss.get('found'))}"


def _asked(wording: Wording, document: Mapping[str, Any]) -> str:
    if "field" not in document:
        return "a group of rules"
    operator = _OPERATORS.get(str(document.get("op")), str(document.get("op")))
    value = document.get("value")
    if document.get("op") == "exists":
        return f"{document['field']} {operator if value else 'must be missing'}"
    if document.get("op") == "between" and isinstance(value, list) and len(value) == 2:
        return f"{document['field']} {operator} {_plain(value[0])} and {_plain(value[1])}"
    return f"{document['field']} {operator} {_plain(value)}"


def _schedule(_wording: Wording, inputs: Mapping[str, Any]) -> str:
    return f"It was {str(inputs['local_time']).capitalize()} there ({inputs['timezone']})."


def _score(_wording: Wording, inputs: Mapping[str, Any]) -> str:
    return f"The score is {inputs['score']}; at least {inputs['min_score']} is asked."


def _earlier(wording: Wording, inputs: Mapping[str, Any]) -> str:
    return f"It bought this person on {wording.moment(inputs['sold_at'])}; the window is {inputs['dedupe_days']} days."


def _floor(wording: Wording, inputs: Mapping[str, Any]) -> str:
    return f"It pays {wording.money(inputs['price'])}; the floor is {wording.money(inputs['floor_price'])}."


def _cap(wording: Wording, inputs: Mapping[str, Any]) -> str:
    in_money = inputs["unit"] == "money"
    used, limit = (wording.money(inputs[name]) if in_money else str(inputs[name]) for name in ("used", "limit"))
    period = "in total" if inputs["window"] == "total" else f"this {inputs['window']}"
    more = f", and this one costs {wording.money(inputs['adding'])}" if in_money else ""
    return f"{used} of {limit}{'' if in_money else ' leads'} {period}{more}."


def _funds(wording: Wording, inputs: Mapping[str, Any]) -> str:
    return f"{wording.money(inputs['available'])} is available; the price is {wording.money(inputs['price'])}."


def _sells(_wording: Wording, inputs: Mapping[str, Any]) -> str:
    return f"It takes {inputs['sells']} leads; this one is sold {inputs['sold']}."


def _paused(_wording: Wording, inputs: Mapping[str, Any]) -> str:
    return f"Its status was {inputs['status']}."


def _percentile(_wording: Wording, inputs: Mapping[str, Any]) -> str:
    found = inputs["percentile"]
    stands = "Nobody knows yet how it stands" if found is None else f"{found} % of other leads score lower"
    return f"{stands}; at least {inputs['min_percentile']} % must."


def _chances(inputs: Mapping[str, Any]) -> str:
    """What the buyer was expected to do, where the campaign ranks by that."""
    return (
        f"accepted with {inputs['accept']:.0%} probability, then returned with {inputs['return']:.0%}, "
        f"{_BASES[inputs['basis']]}"
    )


def _expected(wording: Wording, inputs: Mapping[str, Any]) -> str:
    value, price = wording.money(inputs["expected_value"]), wording.money(inputs["price"])
    return f"Expected to bring {value}: {price}, {_chances(inputs)}."


def _outranked(wording: Wording, inputs: Mapping[str, Any]) -> str:
    if "expected_value" in inputs:
        return _expected(wording, inputs)
    shown = [
        f"{name.replace('_', ' ')} {wording.money(value) if name == 'price' else value}"
        for name, value in inputs.items()
    ]
    return f"It stood at {', '.join(shown)}."


def _no_bid(_wording: Wording, inputs: Mapping[str, Any]) -> str:
    took = "" if inputs.get("answered_ms") is None else f"It answered after {inputs['answered_ms']} ms. "
    return f"{took}It said: {inputs['said']}." if inputs.get("said") else took.strip()


def _range(wording: Wording, inputs: Mapping[str, Any]) -> str:
    bounds = (("at least", inputs["min_bid"]), ("at most", inputs["max_bid"]))
    allowed = " and ".join(f"{word} {wording.money(bound)}" for word, bound in bounds if bound is not None)
    return f"It bid {wording.money(inputs['price'])}; allowed is {allowed}."


def _promised(wording: Wording, inputs: Mapping[str, Any]) -> str:
    kind = "price" if inputs["price"] < inputs["promised_price"] else "payout"
    offered, promised = (wording.money(inputs[name]) for name in (kind, f"promised_{kind}"))
    return f"A {kind} of {promised} was promised; this would bring {offered}."


def _margin(wording: Wording, inputs: Mapping[str, Any]) -> str:
    value, payout, least = (wording.money(inputs[name]) for name in ("expected_value", "expected_payout", "min_margin"))
    return f"Expected to bring {value}, and the source to earn {payout}; at least {least} must be left."


def _outbid(wording: Wording, inputs: Mapping[str, Any]) -> str:
    return (
        f"{_bid(wording, inputs)} It had {wording.money(inputs['to_beat'])} to beat; the lead is sold {inputs['sold']}."
    )


def _bid(wording: Wording, inputs: Mapping[str, Any]) -> str:
    """What it bid, and what that was ranked as where it differs."""
    bid, effective = inputs["bid"], inputs["effective_bid"]
    ranked = "" if bid == effective else f", ranked as {wording.money(effective)}"
    why = f": {_chances(inputs)}" if "basis" in inputs else ""
    return f"It bid {wording.money(bid)}{ranked}{why}."


def _won(wording: Wording, inputs: Mapping[str, Any]) -> str:
    return _expected(wording, inputs) if "expected_value" in inputs else _bid(wording, inputs)


_SENTENCES: Final[Mapping[str, Callable[[Wording, Mapping[str, Any]], str]]] = {
    "filter_mismatch": _mismatch,
    "outside_schedule": _schedule,
    "below_min_score": _score,
    "below_min_percentile": _percentile,
    "earlier_buyer": _earlier,
    "below_floor": _floor,
    **dict.fromkeys(("cap_reached", "buyer_cap_reached", "source_cap_reached", "campaign_cap_reached"), _cap),
    "insufficient_funds": _funds,
    "not_sold_this_way": _sells,
    **dict.fromkeys(("campaign_paused", "source_paused", "contract_paused", "buyer_paused"), _paused),
    "outranked": _outranked,
    **dict.fromkeys(("no_bid", "bid_late", "bid_error", "bid_unreadable"), _no_bid),
    "bid_out_of_range": _range,
    "below_promised": _promised,
    "below_margin": _margin,
    "outbid": _outbid,
    "won": _won,
}
