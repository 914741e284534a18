"""Names of fields that never become features, whatever a lead type declares: who a person is says nothing of a lead.

Names, gender, race, religion, birth, age and their like are told by the words of a field's name. An age is a person's
unless the name says whose else it is (`roof_age`).
"""

import re
from typing import Final

_PERSONAL: Final = frozenset(
    """
    name firstname lastname surname maiden gender sex male female race racial ethnic ethnicity color religion religious
    church birth birthday birthdate birthplace born dob nationality national citizen citizenship immigrant immigration
    visa marital married spouse pregnant pregnancy orientation disability disabled handicap veteran language accent ssn
    social genetic union political party medical health
    """.split()  # noqa: SIM905 - a list of words reads best as words
)
_THINGS: Final = frozenset(
    """
    roof home house property building vehicle car truck boat system hvac ac furnace boiler heater water appliance window
    policy account loan debt claim injury incident accident lead
    """.split()  # noqa: SIM905 - a list of words reads best as words
)
_WORDS = re.compile(r"[a-z]+|[A-Z]+(?![a-z])|[A-Z][a-z]*")


def is_protected(name: str) -> bool:
    """Whether a field of this name may never be a feature.

    >>> [is_protected(name) for name in ("gender", "dateOfBirth", "driver_age", "roof_age", "injury_severity")]
    [True, True, True, False, False]
    """
    words = {word.lower() for word in _WORDS.findall(name)}
    if words & _PERSONAL:
        return True
    return bool(words & {"age", "ages", "aged"}) and not words & _THINGS
