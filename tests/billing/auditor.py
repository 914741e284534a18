"""An independent bookkeeper in plain Python: it is told each operation, predicts the answer, and keeps its own books.

It shares no code with the ledger and knows no database; where the two disagree one of them is wrong.
"""

from dataclasses import dataclass, field
from typing import Any


@dataclass
class AuditedHold:
    """Money the auditor believes to be set aside."""

    amount: int
    expires: int
    state: str = "pending"


@dataclass
class AuditedSale:
    """What the auditor believes a sale has brought in and given back."""

    price: int
    payout: int
    returned: int = 0
    clawed: int = 0
    reversed: bool = False


@dataclass
class Auditor:
    """The wallet and the books of one buyer and one source. Each verb gives the answer that the ledger must give."""

    balance: int = 0
    credit_limit: int = 0
    frozen: bool = False
    holds: dict[Any, AuditedHold] = field(default_factory=dict)
    sales: dict[Any, AuditedSale] = field(default_factory=dict)
    deposits: dict[Any, int] = field(default_factory=dict)
    undone: set[Any] = field(default_factory=set)

    @property
    def held(self) -> int:
        return sum(hold.amount for hold in self.holds.values() if hold.state == "pending")

    @property
    def available(self) -> int:
        return self.balance - self.held + self.credit_limit

    @property
    def revenue(self) -> int:
        return sum(sale.price - sale.returned for sale in self.sales.values() if not sale.reversed)

    @property
    def payouts(self) -> int:
        return sum(sale.payout - sale.clawed for sale in self.sales.values() if not sale.reversed)

    # --- money in ----------------------------------------------------------------------------------------------

    def deposit(self, key: Any, amount: int) -> str:
        if key in self.deposits:
            return "replayed" if self.deposits[key] == amount else "key_reused"
        self.deposits[key] = amount
        self.balance += amount
        return "ok"

    def undo_deposit(self, key: Any) -> str:
        if key in self.undone:
            return "already_reversed"
        self.undone.add(key)
        self.balance -= self.deposits[key]
        return "ok"

    # --- money out ---------------------------------------------------------------------------------------------

    def charge(self, sale: Any, price: int, payout: int) -> str:
        if sale in self.sales:
            return "already_posted"
        if self.frozen or self.available < price:
            return "insufficient_funds"
        return self._sell(sale, price, payout)

    def _sell(self, sale: Any, price: int, payout: int) -> str:
        self.balance -= price
        self.sales[sale] = AuditedSale(price, payout)
        return "ok"

    def hold(self, sale: Any, amount: int, expires: int) -> str:
        if self.frozen or self.available < amount:
            return "insufficient_funds"
        self.holds[sale] = AuditedHold(amount, expires)
        return "ok"

    def capture(self, sale: Any, price: int, payout: int) -> str:
        hold = self.holds[sale]
        if hold.state != "pending" or price > hold.amount:
            return "not_pending"
        if sale in self.sales:
            return "already_posted"
        hold.state = "captured"
        return self._sell(sale, price, payout)

    def release(self, sale: Any) -> str:
        if self.holds[sale].state != "pending":
            return "not_pending"
        self.holds[sale].state = "released"
        return "ok"

    def expire(self, now: int) -> set[Any]:
        due = {sale for sale, hold in self.holds.items() if hold.state == "pending" and hold.expires <= now}
        for sale in due:
            self.holds[sale].state = "expired"
        return due

    # --- money back --------------------------------------------------------------------------------------------

    def give_back(self, sale: Any, amount: int) -> str:
        sold = self.sales[sale]
        if sold.reversed or sold.returned + amount > sold.price:
            return "gives_back_too_much"
        sold.returned += amount
        self.balance += amount
        return "ok"

    def claw_back(self, sale: Any, amount: int) -> str:
        sold = self.sales[sale]
        if sold.reversed or sold.clawed + amount > sold.payout:
            return "gives_back_too_much"
        sold.clawed += amount
        return "ok"

    def undo_charge(self, sale: Any) -> str:
        sold = self.sales[sale]
        if sold.reversed:
            return "already_reversed"
        if sold.returned or sold.clawed:
            return "gives_back_too_much"
        sold.reversed = True
        self.balance += sold.price
        return "ok"
