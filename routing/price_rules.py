"""Price rules: conditions under which a contract pays another price than its usual one."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from routing.documents import Problems
from routing.fields import FieldSpec
from routing.filters import Filter, read_filter

AT_MOST = 50


@dataclass(frozen=True, slots=True)
class PriceRule:
    """The price of leads that match a condition."""

    when: Filter
    price: int

    def to_content(self) -> dict[str, Any]:
        """The rule as it is stored: its price in minor units."""
        return {"when": self.when.document, "price": self.price}


def parse_price_rules(
    document: object,
    path: str = "price_rules",
    *,
    currency: str | None = None,
    fields: Mapping[str, FieldSpec] | None = None,
) -> tuple[PriceRule, ...]:
    """Price rules from `[{"when": {"all": [...]}, "price": 210.00}]`; the first that matches a lead sets its price.

    With a currency, prices are read in its major units, as the API speaks; without, in minor units, as they are
    stored. Raises FieldProblems with every problem found.
    """
    problems = Problems()
    rules = []
    for where, item in problems.items(document, path, at_most=AT_MOST):
        if members := problems.members(item, where, known=("when", "price"), required=("when", "price")):
            when = read_filter(members["when"], f"{where}.when", problems, fields or {})
            rules.append(PriceRule(when, problems.whole(members["price"], f"{where}.price", currency=currency)))
    problems.refuse()
    return tuple(rules)
