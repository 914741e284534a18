"""Where a US ZIP code lies and how far apart two are. The table comes with the product: nothing leaves the machine."""

from collections.abc import Callable
from functools import lru_cache
from math import asin, cos, radians, sin, sqrt

import zipcodes

EARTH_RADIUS_MILES = 3958.7613

Point = tuple[float, float]

_search: Callable[[str], list[dict[str, str]]] = zipcodes.matching


@lru_cache(maxsize=65_536)
def centroid(zip_code: str) -> Point | None:
    """Latitude and longitude in degrees of a five-digit ZIP; None where it lies nowhere (military ones do not).

    The table is read on the first call of a process (about a quarter of a second) and each code is searched once.
    """
    try:
        found = _search(zip_code)
    except (TypeError, ValueError):
        return None
    if not found:
        return None
    point = float(found[0]["lat"]), float(found[0]["long"])
    return point if any(point) else None


def miles(here: Point, there: Point) -> float:
    """The great-circle distance in statute miles (haversine)."""
    (latitude, longitude), (other_latitude, other_longitude) = here, there
    north = sin(radians(other_latitude - latitude) / 2) ** 2
    east = sin(radians(other_longitude - longitude) / 2) ** 2
    chord = north + cos(radians(latitude)) * cos(radians(other_latitude)) * east
    return 2 * EARTH_RADIUS_MILES * asin(min(1.0, sqrt(chord)))
