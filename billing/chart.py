"""The chart of accounts: which pots of money exist, what kind each is, and which side makes it grow."""

from enum import IntEnum, StrEnum


class Kind(StrEnum):
    """The class of an account in the balance sheet or the income statement."""

    ASSET = "asset"
    LIABILITY = "liability"
    EQUITY = "equity"
    INCOME = "income"
    CONTRA_INCOME = "contra_income"
    EXPENSE = "expense"
    CONTRA_EXPENSE = "contra_expense"


class Side(StrEnum):
    """The normal side: an amount on this side makes the account larger."""

    DEBIT = "debit"
    CREDIT = "credit"


class Owner(StrEnum):
    """Whose pot it is: the agency has one of a code, buyers and sources have one each."""

    AGENCY = "agency"
    BUYER = "buyer"
    SOURCE = "source"


_DEBIT_KINDS = frozenset({Kind.ASSET, Kind.CONTRA_INCOME, Kind.EXPENSE})


class Code(IntEnum):
    """An account's number, as accountants number them: 1 assets, 2 liabilities, 3 equity, 4 income, 5 and 6 expenses."""  # noqa: E501

    label: str
    kind: Kind
    owner: Owner

    def __new__(cls, value: int, label: str, kind: Kind, owner: Owner = Owner.AGENCY) -> "Code":
        """The number is the value; what it means rides along."""
        member = int.__new__(cls, value)
        member._value_ = value
        member.label, member.kind, member.owner = label, kind, owner
        return member

    CASH_CARD = 1010, "Cash, card clearing", Kind.ASSET
    CASH_BANK = 1020, "Cash, bank and manual", Kind.ASSET
    FUNDS_IN_DISPUTE = 1030, "Funds in dispute", Kind.ASSET
    BUYER = 2010, "Buyer current account", Kind.LIABILITY, Owner.BUYER
    PAYABLE_PENDING = 2110, "Source payable, pending", Kind.LIABILITY, Owner.SOURCE
    PAYABLE_AVAILABLE = 2120, "Source payable, available", Kind.LIABILITY, Owner.SOURCE
    ACCRUED_COSTS = 2200, "Accrued costs payable", Kind.LIABILITY
    SALES_TAX = 2300, "Sales tax payable", Kind.LIABILITY
    OPENING_EQUITY = 3010, "Opening balance equity", Kind.EQUITY
    LEAD_REVENUE = 4010, "Lead revenue", Kind.INCOME
    RETURNS = 4020, "Returns and allowances", Kind.CONTRA_INCOME
    OTHER_INCOME = 4090, "Other income", Kind.INCOME
    SOURCE_PAYOUTS = 5010, "Source payouts", Kind.EXPENSE
    CLAWBACKS = 5020, "Payout claw-backs", Kind.CONTRA_EXPENSE
    DATA_COSTS = 5030, "Data and validation costs", Kind.EXPENSE
    MEDIA_SPEND = 5040, "Media spend", Kind.EXPENSE
    PROCESSOR_FEES = 6010, "Processor and dispute fees", Kind.EXPENSE
    BAD_DEBT = 6020, "Bad debt", Kind.EXPENSE
    GOODWILL = 6030, "Goodwill and promotional credit", Kind.EXPENSE

    @property
    def side(self) -> Side:
        """The normal side of the account."""
        return Side.DEBIT if self.kind in _DEBIT_KINDS else Side.CREDIT


AGENCY_CODES = tuple(code for code in Code if code.owner is Owner.AGENCY)
