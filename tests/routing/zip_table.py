"""Makes routing/zip_centroids.bin from the `zipcodes` package: `python -m tests.routing.zip_table`."""

import sys
from array import array
from zlib import compress

import zipcodes

from routing.geo import PARTS, TABLE


def places() -> dict[str, tuple[float, float]]:
    """Every code that the package knows, with where it lies; (0.0, 0.0) is nowhere."""
    rows = zipcodes.list_all()  # type: ignore[no-untyped-call]
    return {row["zip_code"]: (float(row["lat"]), float(row["long"])) for row in rows}


def table() -> bytes:
    """The compressed table: for each code its latitude and longitude as little-endian 32-bit integers."""
    numbers = array("i", bytes(4 * 2 * 100_000))
    for code, (latitude, longitude) in places().items():
        numbers[2 * int(code)], numbers[2 * int(code) + 1] = round(latitude * PARTS), round(longitude * PARTS)
    if sys.byteorder == "big":
        numbers.byteswap()
    return compress(numbers.tobytes(), 9)


if __name__ == "__main__":
    TABLE.write_bytes(table())
