"""A delivery method `http`, compiled: its stages, and what of a lead its buyer may be shown before it has bought."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from buyers.exchange.hashes import HASHES, contact_hashes
from buyers.exchange.presets import PRESETS, overridden, preset
from buyers.exchange.references import Reference
from buyers.exchange.stage_documents import StageContext, parse_stage
from buyers.exchange.stages import Stage
from core import json
from routing.documents import Problems
from routing.fields import BUILT_IN

ROOT: Final = "delivery"
MEMBERS: Final = ("method", "preset", "ping", "post", "loss", "hashes", "hash_key")
_LARGEST: Final = 64 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpMethod:
    """How one buyer is asked (`ping`), sold to (`post`) and told that it lost (`loss`). Immutable, shared by threads.

    `allowed_hashes` are the names of hashes that pings may carry, `pingable` the fields of the lead that they may.
    """

    post: Stage
    ping: Stage | None = None
    loss: Stage | None = None
    pingable: frozenset[str] = frozenset()
    allowed_hashes: frozenset[str] = frozenset()
    hash_key: bytes = field(default=b"", repr=False)

    @property
    def stages(self) -> Iterator[Stage]:
        """Those that it has."""
        return (stage for stage in (self.ping, self.post, self.loss) if stage is not None)

    def hashes(self, lead: Mapping[str, Any]) -> dict[str, str]:
        """The hashes of the lead's contact data that this buyer is allowed, by name such as `phone_sha256`."""
        return contact_hashes(lead, self.allowed_hashes, self.hash_key)

    def pingable_part(self, lead: Mapping[str, Any]) -> dict[str, Any]:
        """What of the lead a ping or a loss notice may show."""
        return {name: value for name, value in lead.items() if name in self.pingable}


def compile_method(config: Mapping[str, Any], *, currency: str, pingable: Collection[str]) -> HttpMethod:
    """The method of a document `{"method": "http", ...}` whose secrets are opened; `pingable` as the lead type says.

    Raises FieldProblems naming every fault by its dotted path, such as `delivery.ping.body.zip`.
    """
    problems = Problems()
    data = _checked_document(config, problems)
    hashes = frozenset(_hashes(data.get("hashes"), problems))
    context = StageContext(currency, frozenset(pingable), hashes)
    ping, post, loss = (
        parse_stage(kind, data[kind], f"{ROOT}.{kind}", problems, context) if data.get(kind) is not None else None
        for kind in ("ping", "post", "loss")
    )
    key = _hash_key(data.get("hash_key"), problems)
    if post is None and not problems:
        problems.add(f"{ROOT}.post", "required", "is required: how the lead is handed over")
    problems.refuse()
    assert post is not None  # or there was a problem
    return HttpMethod(post=post, ping=ping, loss=loss, pingable=context.pingable, allowed_hashes=hashes, hash_key=key)


def check_references(method: HttpMethod, fields: Collection[str] | None) -> None:
    """Raise FieldProblems where the method speaks of what it cannot have: fields that leads of this type do not hold,
    and, before the buyer has bought, fields that are not pingable and hashes that it is not allowed.

    Where `fields` is None the lead type is not known: of fields only those built in are judged.
    """
    problems = Problems()
    for stage in method.stages:
        for reference in stage.references():
            _check_reference(reference, method, stage, fields, problems)
    problems.refuse()


def _check_reference(
    reference: Reference, method: HttpMethod, stage: Stage, fields: Collection[str] | None, problems: Problems
) -> None:
    name = reference.name
    if reference.scope == "hash" and name not in method.allowed_hashes:
        problems.add(reference.path, "not_allowed", f"name {name} under hashes, where the buyer is allowed it")
    if reference.scope != "lead" or not name or (fields is None and name not in BUILT_IN):
        return
    if fields is not None and name not in fields:
        problems.add(reference.path, "unknown_field", f"{name} is no field of the lead type")
    elif stage.kind != "post" and name not in method.pingable:
        detail = f"{name} is not pingable: a buyer sees it only in the post, once it has bought"
        problems.add(reference.path, "not_pingable", detail)


def whole_document(config: Mapping[str, Any]) -> dict[str, Any]:
    """The document over its preset, whatever may be wrong with it."""
    name = config.get("preset")
    whole: dict[str, Any] = overridden(preset(name), dict(config)) if name in PRESETS else dict(config)
    return whole


def _checked_document(config: Mapping[str, Any], problems: Problems) -> dict[str, Any]:
    """The config over its preset."""
    data = problems.members(dict(config), ROOT, known=MEMBERS)
    try:
        if len(json.dumps(data)) > _LARGEST:
            problems.add(ROOT, "too_large", f"has at most {_LARGEST} bytes")
    except TypeError:
        problems.add(ROOT, "invalid", "holds a number beyond what JSON carries unharmed; send it as text")
    name = data.get("preset")
    if name is None:
        return data
    if name not in PRESETS:
        problems.add(f"{ROOT}.preset", "invalid_choice", f"must be null or one of: {', '.join(PRESETS)}")
        return {}
    return whole_document(data)


def _hashes(value: object, problems: Problems) -> list[str]:
    if value is None:
        return []
    found = [item for _, item in problems.items(value, f"{ROOT}.hashes", at_most=len(HASHES))]
    if any(name not in HASHES for name in found):
        problems.add(f"{ROOT}.hashes", "invalid_choice", f"may hold: {', '.join(HASHES)}")
        return []
    return found


def _hash_key(value: object, problems: Problems) -> bytes:
    """The key that buyer and agency share, of at least 16 characters: a short one is found as fast as no key."""
    if value is None:
        return b""
    secret = value.get("secret") if isinstance(value, dict) and set(value) == {"secret"} else None
    if not isinstance(secret, str) or len(secret) < 16:
        problems.add(f"{ROOT}.hash_key", "bad_text", 'must be {"secret": "..."} of at least 16 characters')
        return b""
    return secret.encode()
