"""Money is integer minor units and a currency. This file is the only one that turns them into decimals and back."""

from decimal import ROUND_HALF_EVEN, Decimal, InvalidOperation

# ISO 4217 minor units that differ from two (https://www.iso.org/iso-4217-currency-codes.html).
_EXPONENTS = {
    **dict.fromkeys(("BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "VND", "VUV"), 0),
    **dict.fromkeys(("XAF", "XOF", "XPF"), 0),
    **dict.fromkeys(("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"), 3),
}
_SIGNS = {"USD": "$", "EUR": "€", "GBP": "£", "JPY": "¥", "CAD": "CA$", "AUD": "A$"}
_LARGEST = 10**15  # minor units: far above any lead's price, far below what a 64-bit sum can hold


class BadAmount(ValueError):
    """The value is not an amount of this currency; the message says why."""


def exponent(currency: str) -> int:
    """How many decimals the currency has: 2 for USD, 0 for JPY."""
    return _EXPONENTS.get(currency, 2)


def to_minor(value: Decimal | int | float | str, currency: str) -> int:
    """Minor units of an amount in major units: 175.00 USD is 17500.

    Floats are read through their shortest text, so 0.1 is ten cents. Raises BadAmount where the value is no
    finite number, has more decimals than the currency, or is out of range.
    """
    try:
        amount = Decimal(str(value))
        scaled = amount.scaleb(exponent(currency))
    except InvalidOperation as error:
        raise BadAmount("must be a number") from error
    if not scaled.is_finite():
        raise BadAmount("must be a finite number")
    if abs(scaled) > _LARGEST:
        raise BadAmount("is too large")
    if scaled != scaled.to_integral_value():
        raise BadAmount(f"has more than {exponent(currency)} decimals")
    return int(scaled)


def to_major(minor: int, currency: str) -> Decimal:
    """The amount in major units with its decimals: 17500 USD is Decimal("175.00")."""
    return Decimal(minor).scaleb(-exponent(currency))


def spell(minor: int, currency: str) -> str:
    """The amount as people write it: 123456 USD is $1,234.56, 500 KWD is KWD 0.500, -100 JPY is -¥100."""
    sign = _SIGNS.get(currency, f"{currency} ")
    return f"{'-' if minor < 0 else ''}{sign}{abs(to_major(minor, currency)):,}"


def percent_of(minor: int, basis_points: int) -> int:
    """A share in basis points, rounded half to even once: 2500 of 17500 is 4375."""
    return int((Decimal(minor) * basis_points / 10_000).to_integral_value(rounding=ROUND_HALF_EVEN))
