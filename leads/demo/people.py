"""The invented people behind the demo's leads. Telephone numbers are of the range kept for fiction (555-01xx)."""

from dataclasses import dataclass
from random import Random

_FIRST_NAMES = """
Maria James Linda Robert Aisha Daniel Priya Marcus Elena Kevin Grace Anthony Sofia Brian Hannah Luis Denise Tyler Mei
Jamal Rachel Victor Angela Patrick Nicole Samuel Olivia Hector Joanna Malik
"""
_LAST_NAMES = """
Garcia Johnson Nguyen Williams Patel Brown Martinez Davis Kim Wilson Okafor Anderson Rivera Thompson Lee Harris Sanchez
Clark Lewis Robinson Walker Young Hall Ortiz Schmidt Cohen Rossi Murphy Ali Bennett
"""
_STREETS = "Maple Oak Cedar Elm Washington Lakeview Sunset Hillcrest Park Magnolia"
FIRST_NAMES, LAST_NAMES, STREETS = _FIRST_NAMES.split(), _LAST_NAMES.split(), _STREETS.split()
MAIL_DOMAINS = ("example.com", "example.net", "example.org")
PLACES = (
    ("TX", "Dallas", "75201", "214"),
    ("TX", "Houston", "77002", "713"),
    ("TX", "Austin", "78701", "512"),
    ("TX", "Fort Worth", "76102", "817"),
    ("CA", "Los Angeles", "90012", "213"),
    ("CA", "San Diego", "92101", "619"),
    ("CA", "San Francisco", "94103", "415"),
    ("AZ", "Phoenix", "85004", "602"),
    ("NV", "Las Vegas", "89101", "702"),
    ("CO", "Denver", "80202", "303"),
    ("WA", "Seattle", "98101", "206"),
    ("FL", "Miami", "33130", "305"),
    ("FL", "Orlando", "32801", "407"),
    ("GA", "Atlanta", "30303", "404"),
    ("NC", "Charlotte", "28202", "704"),
    ("NY", "New York", "10001", "212"),
    ("NJ", "Newark", "07102", "973"),
    ("PA", "Philadelphia", "19103", "215"),
    ("OH", "Columbus", "43215", "614"),
    ("IL", "Chicago", "60601", "312"),
    ("MI", "Detroit", "48226", "313"),
    ("TN", "Nashville", "37203", "615"),
    ("LA", "New Orleans", "70112", "504"),
)


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who filled in a form, as the fields every lead has."""

    first_name: str
    last_name: str
    phone: str
    email: str
    address: str
    city: str
    state: str
    zip: str


def make_person(dice: Random, number: int) -> Person:
    """The person of this number: no two numbers share a telephone or an address, so none is taken for another."""
    state, city, code, area = PLACES[number % len(PLACES)]
    line = number // len(PLACES)  # 23 places times 100 fictional lines
    first, last = dice.choice(FIRST_NAMES), dice.choice(LAST_NAMES)
    return Person(
        first_name=first,
        last_name=last,
        phone=f"({area}) 555-01{line:02d}",
        email=f"{first}.{last}{number}@{dice.choice(MAIL_DOMAINS)}".lower(),
        address=f"{dice.randrange(100, 9900)} {dice.choice(STREETS)} St",
        city=city,
        state=state,
        zip=code,
    )
