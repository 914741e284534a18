"""The states as USPS codes: the fifty, the District, territories and military mail."""

from typing import Final

_NAMES = """
AL Alabama|AK Alaska|AZ Arizona|AR Arkansas|CA California|CO Colorado|CT Connecticut|DE Delaware|FL Florida|GA Georgia
HI Hawaii|ID Idaho|IL Illinois|IN Indiana|IA Iowa|KS Kansas|KY Kentucky|LA Louisiana|ME Maine|MD Maryland
MA Massachusetts|MI Michigan|MN Minnesota|MS Mississippi|MO Missouri|MT Montana|NE Nebraska|NV Nevada
NH New Hampshire|NJ New Jersey|NM New Mexico|NY New York|NC North Carolina|ND North Dakota|OH Ohio|OK Oklahoma
OR Oregon|PA Pennsylvania|RI Rhode Island|SC South Carolina|SD South Dakota|TN Tennessee|TX Texas|UT Utah|VT Vermont
VA Virginia|WA Washington|WV West Virginia|WI Wisconsin|WY Wyoming
DC District of Columbia|DC Washington DC|DC Washington, DC|PR Puerto Rico|GU Guam|VI Virgin Islands|VI US Virgin Islands
AS American Samoa|MP Northern Mariana Islands
AA Armed Forces Americas|AE Armed Forces Europe|AP Armed Forces Pacific
"""

_ENTRIES = [entry for line in _NAMES.strip().splitlines() for entry in line.split("|")]
STATE_CODES: Final = frozenset(entry[:2] for entry in _ENTRIES)
_BY_NAME: Final = {entry[3:].upper(): entry[:2] for entry in _ENTRIES} | {code: code for code in STATE_CODES}


def state_code(text: str) -> str | None:
    """The two-letter code of a state given by code or name, in any case and with or without dots; None if unknown.

    >>> state_code("new  york"), state_code("D.C."), state_code("Ontario")
    ('NY', 'DC', None)
    """
    return _BY_NAME.get(text) or _BY_NAME.get(" ".join(text.upper().replace(".", "").split()))
