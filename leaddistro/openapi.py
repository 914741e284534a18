"""The frame of the OpenAPI document: what the API is, in the words of its users, and the schemas that many share."""

from typing import Any, Final, cast

from accounts.api.answer_shapes import headers, problem_responses
from buyers.inputs.document_schemas import FILTER
from buyers.inputs.http_schema import HTTP_COMPONENTS
from leads.api.lead_schema import COMPONENTS

_ABOUT: Final = """\
Submit leads, decide who gets them, and keep the books of it.

A source posts a lead to `/v1/leads`; in one round trip it is validated, compared with earlier leads, scored, offered
to the contracts of its campaign, sold and charged. What became of it is in the answer, why is at
`/v1/leads/{id}/decision`.

**Keys.** `Authorization: Bearer ldk_live_...` or `ldk_test_...`. Test keys see the same campaigns and contracts, but
work on a second book: each contract is answered by its `mock`, and nothing reaches a buyer. A key may be bound to a
source or to a buyer; then it sees what is theirs, and everything else is not there (404).

**Once.** Send an `Idempotency-Key` with every change. For 24 hours the same request under the same key has one effect
and gets the first answer again, byte for byte, with `Idempotent-Replayed: true`.

**Errors** are problem documents (RFC 9457, `application/problem+json`). `code` is stable, `errors` names every field
at fault with its cure, and what was refused has changed nothing. All codes are listed at `/docs/errors`.

**Limits.** 1,000 requests a minute for each key unless it was given another number; `RateLimit` tells what is left.
After 429 wait for `Retry-After` seconds; otherwise begin at 1 second and double up to 32, with jitter. Bodies are 256
KiB at most.

**Lists** come newest first in pages: `limit`, and `cursor` with the `next_cursor` of the page before.

**Values.** Money is a number in the currency's major unit with its decimals (`175.00`). Times are RFC 3339 in UTC
with milliseconds; those you send name their zone. Ids are a prefix and 26 characters. Unknown members are refused by
name, but in a lead, where they become custom fields. `PATCH` changes what it names; `ETag` and `If-Match` keep two
people from overwriting each other.
"""
_TAGS: Final = {
    "Leads": "Submitting leads, reading what became of them, and deciding again.",
    "Scoring": "Models and the gate, whether scores come true, training, the way back, and the law that binds.",
    "Sources": "Who sends leads, and what they earn by it.",
    "Lead types": "What kind of lead: its fields, which of them are required, personal, or told before a sale.",
    "Campaigns": "Markets, one for a lead type: method, floor, how many buyers, duplicates, consent.",
    "Buyers": "Companies that buy, and their wallets.",
    "Contracts": "Buyers' standing orders: filters, schedule, caps, price, delivery.",
    "Delivery methods": "Buyers' own interfaces as data, tried before a lead depends on them.",
    "Journals": "Every money event with its debits and credits. Nothing here is ever changed or deleted.",
    "Webhook endpoints": "Who is told what, at which address. Requests are signed as Standard Webhooks asks.",
    "Messages": "What was sent to an endpoint, what came back, and sending it again.",
    "Dead letters": "Messages that ran out of tries.",
    "Keys": "API keys: made, changed, rotated, revoked.",
    "Rate limits": "Named limits that keys may share the setting of.",
    "Audit": "Who changed what, when, from what to what.",
}


def complete(result: dict[str, Any], generator: Any, request: Any, public: bool) -> dict[str, Any]:
    """drf-spectacular's last step: the document with its introduction, tags and shared schemas."""
    result["info"] |= {"title": "leaddistro API", "version": "1", "description": _ABOUT}
    result["servers"] = [{"url": "/"}]
    result["tags"] = [{"name": name, "description": sentence} for name, sentence in _TAGS.items()]
    for path in ("/v1/leads", "/v1/simulate"):
        result["paths"][path]["post"]["requestBody"]["required"] = True  # an empty one is no lead
    schemas: dict[str, Any] = result["components"]["schemas"]
    result["components"] |= {
        "schemas": dict(sorted((schemas | COMPONENTS | HTTP_COMPONENTS | {"Filter": FILTER}).items())),
        "responses": problem_responses(),
        "headers": headers(),
    }
    return cast(dict[str, Any], _without_marks(result))


def _without_marks(value: Any) -> Any:
    """The document without drf-spectacular's own notes on enums."""
    if isinstance(value, dict):
        return {name: _without_marks(inner) for name, inner in value.items() if name != "x-spec-enum-id"}
    return [_without_marks(inner) for inner in value] if isinstance(value, list) else value
