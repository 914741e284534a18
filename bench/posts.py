"""The leads that are posted: one person each, spread over states and severities, written out before the clock runs."""

import json
from collections.abc import Iterator

CAMPAIGN = "bench"
SOURCE = "google_ads"
SEVERITIES = ("minor", "severe")
# fmt: off
STATES = (
    "AL", "AK", "AZ", "AR", "CA", "CO", "CT", "DE", "FL", "GA", "HI", "ID", "IL", "IN", "IA", "KS", "KY",
    "LA", "ME", "MD", "MA", "MI", "MN", "MS", "MO", "MT", "NE", "NV", "NH", "NJ", "NM", "NY", "NC", "ND",
    "OH", "OK", "OR", "PA", "RI", "SC", "SD", "TN", "TX", "UT", "VT", "VA", "WA", "WV", "WI", "WY",
)
# fmt: on


def body(number: int, campaign: str = CAMPAIGN) -> bytes:
    """The JSON of one lead, about as large as a real one. No number gives the telephone or e-mail of another."""
    return json.dumps(
        {
            "first_name": "Maria",
            "last_name": "Garcia",
            "phone": f"+1212{2_000_000 + number}",
            "email": f"maria{number}@example.com",
            "state": STATES[number % len(STATES)],
            "zip": "75001",
            "case_type": "auto_accident",
            "injury_severity": SEVERITIES[number // len(STATES) % len(SEVERITIES)],
            "accident_date": "2026-05-02",
            "attorney": False,
            "source": SOURCE,
            "campaign_id": campaign,
            "ip_address": "192.168.1.1",
            "landing_page": "https://example.com/mva/tx?x=1",
            "consent_timestamp": "2026-05-12T14:30:00Z",
            "user_agent": "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36",
            "utm_campaign": "mva-tx",
        }
    ).encode()


def requests(port: int, key: str, numbers: Iterator[int], amount: int, campaign: str = CAMPAIGN) -> list[bytes]:
    """Whole HTTP requests for the next numbers, each with a lead and an Idempotency-Key of its own."""
    head = (
        f"POST /v1/leads HTTP/1.1\r\nHost: localhost:{port}\r\nAuthorization: Bearer {key}\r\n"
        "Content-Type: application/json\r\nIdempotency-Key: form-submit-{}\r\nContent-Length: {}\r\n\r\n"
    )
    made = []
    for _ in range(amount):
        number = next(numbers)
        lead = body(number, campaign)
        made.append(head.format(number, len(lead)).encode() + lead)
    return made
