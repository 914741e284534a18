"""Where a US ZIP code lies and how far apart two are. The table comes with the product: nothing leaves the machine.

`zip_centroids.bin` holds a latitude and a longitude for each of the 100,000 codes, in ten-thousandths of a degree and
compressed. It is read in some milliseconds where a filter first measures a distance, which is when an agency's
configuration is loaded or checked; from then on a code is a place in memory.
"""

import sys
from array import array
from functools import lru_cache
from math import asin, cos, radians, sin, sqrt
from pathlib import Path
from zlib import decompress

EARTH_RADIUS_MILES = 3958.7613
TABLE = Path(__file__).with_name("zip_centroids.bin")
PARTS = 10_000

Point = tuple[float, float]


def centroid(zip_code: str) -> Point | None:
    """Latitude and longitude in degrees of a five-digit ZIP; None where it lies nowhere (military ones do not)."""
    if len(zip_code) != 5 or not (zip_code.isascii() and zip_code.isdigit()):
        return None
    table, place = _table(), 2 * int(zip_code)
    point = table[place] / PARTS, table[place + 1] / PARTS
    return point if any(point) else None


@lru_cache(maxsize=1)
def _table() -> "array[int]":
    table = array("i")
    table.frombytes(decompress(TABLE.read_bytes()))
    if sys.byteorder == "big":
        table.byteswap()
    return table


def miles(here: Point, there: Point) -> float:
    """The great-circle distance in statute miles (haversine)."""
    (latitude, longitude), (other_latitude, other_longitude) = here, there
    north = sin(radians(other_latitude - latitude) / 2) ** 2
    east = sin(radians(other_longitude - longitude) / 2) ** 2
    chord = north + cos(radians(latitude)) * cos(radians(other_latitude)) * east
    return 2 * EARTH_RADIUS_MILES * asin(min(1.0, sqrt(chord)))
