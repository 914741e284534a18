"""What a model may learn from: nothing protected, and no proxies in regulated trades. Pure."""

import re
from collections.abc import Collection, Iterable
from itertools import pairwise
from typing import Final

from scoring.protected import is_protected

REGULATED: Final = frozenset(("credit", "housing", "insurance", "employment"))
"""Trades in which people may not be judged by what stands for who they are."""
_PROXIES: Final = frozenset(
    """
    zip zipcode postal postcode county city town village neighborhood neighbourhood street address district tract block
    latitude longitude lat lon lng geo parish school title salutation timezone borough suburb township ward precinct
    metro msa dma
    """.split()  # noqa: SIM905 - a list of words reads best as words
)
_WORDS: Final = re.compile(r"[a-z]+|[A-Z]+(?![a-z])|[A-Z][a-z]*")


def is_proxy(name: str) -> bool:
    """Whether a field of this name stands for who people are: where exactly they live, how they are addressed.

    A state is none: licences need it. `zip_agrees` is a check, not a place.

    >>> [is_proxy(name) for name in ("field.city", "home_zip", "time_zone", "state", "zip_agrees")]
    [True, True, True, False, False]
    """
    words = [word.lower() for word in _WORDS.findall(name)]
    return name != "zip_agrees" and not _PROXIES.isdisjoint((*words, *map("".join, pairwise(words))))


def allowed_features(
    names: Iterable[str], *, regulations: Collection[str] = (), excluded: Iterable[str] = ()
) -> list[str]:
    """Those of the features that a model may learn from, sorted; `excluded` may name fields without their prefix."""
    barred, is_regulated = set(excluded), not REGULATED.isdisjoint(regulations)
    return sorted(name for name in set(names) if not _is_barred(name, is_regulated, barred))


def _is_barred(name: str, is_regulated: bool, excluded: set[str]) -> bool:
    field = name.partition(".")[2] or name
    if name in excluded or field in excluded:
        return True
    declared = name != field  # our own features are named for checks, such as email_resembles_name
    return (declared and is_protected(field)) or (is_regulated and is_proxy(name))
