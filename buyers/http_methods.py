"""A contract's delivery method `http` in the database: its secrets sealed, never shown again, kept when a mask returns.

A secret is `{"secret": "..."}` anywhere in the document. It is stored sealed under the row's id and shown as a mask,
`{"secret": "****1f2e"}`: four digits of a keyed hash, so that a new secret is a change to see. Whoever sends the mask
back keeps the secret, as long as it goes to the same host: an address of one's own would be told what was hidden.
"""

import base64
import re
from collections.abc import Callable, Collection, Mapping
from functools import lru_cache
from typing import Any, Final
from uuid import UUID

from buyers.exchange.methods import ROOT, HttpMethod, check_references, compile_method, whole_document
from buyers.exchange.secrets import SEALED, is_secret
from buyers.models import DeliveryMethod
from core import json
from core.errors import FieldError, FieldProblems
from core.http.loop import egress
from core.http.urls import BadUrl, parse_target
from core.sealing import blind_index, root
from routing.fields import BUILT_IN, pingable_names

Config = Mapping[str, Any]
Leaf = dict[str, Any]
_PURPOSE: Final = "delivery-secrets"
_MASK: Final = re.compile(r"\*{4,}[0-9a-f]*")


def set_method(row: DeliveryMethod, wanted: Config) -> None:
    """Put the wanted document on the row of a contract, not yet saved. Reads contract.campaign.lead_type.fields.

    Raises FieldProblems by dotted path (`delivery.ping.body.zip`): faults of the document, references to what leads of
    the campaign do not have or pings may not carry, addresses that are never called, masks of secrets not kept.
    """
    kept = row.config if row.config.get("method") == "http" else {}
    opened = _restored(wanted, kept, row.pk)
    campaign = row.contract.campaign
    fields = campaign.lead_type.fields.all()
    method = compile_method(opened, currency=campaign.currency, pingable=pingable_names(fields))
    check_references(method, {*BUILT_IN, *(field.name for field in fields)})
    check_addresses(method)
    row.config = _each_leaf(opened, lambda leaf, path: _seal(leaf, row.pk))


def shown_method(config: Config) -> dict[str, Any]:
    """The stored document as records show it: with masks for its secrets."""
    shown: dict[str, Any] = _each_leaf(config, lambda leaf, path: _without(leaf, SEALED), sealed=True)
    return shown


def masked_method(config: Config) -> dict[str, Any]:
    """A document that was sent, with masks for its secrets: to be shown, never to be sent."""
    masked: dict[str, Any] = _each_leaf(config, lambda leaf, path: {**leaf, "secret": "********"})
    return masked


def compiled_method(row: DeliveryMethod, *, currency: str, pingable: Collection[str]) -> HttpMethod:
    """The row's method, ready for use. Equal rows are compiled once per process.

    Raises Unsealable where the key that sealed it is gone, FieldProblems where this version knows its preset no more.
    """
    return _compiled(row.pk, json.canonical(row.config), currency, frozenset(pingable))


def check_addresses(method: HttpMethod) -> None:
    """Raise FieldProblems where a URL is one that is never called: refused here, and not at the first lead."""
    problems = []
    for stage in method.stages:
        try:
            parse_target(stage.sample_url(), egress())
        except BadUrl as error:
            problems.append(FieldError(f"{ROOT}.{stage.kind}.url", "bad_url", str(error)))
    if problems:
        raise FieldProblems(problems)


@lru_cache(maxsize=2_048)
def _compiled(row_id: UUID, content: bytes, currency: str, pingable: frozenset[str]) -> HttpMethod:
    opened = _each_leaf(json.loads(content), lambda leaf, path: _open(leaf, row_id), sealed=True)
    return compile_method(opened, currency=currency, pingable=pingable)


# --- secrets -----------------------------------------------------------------------------------------------------


def _restored(wanted: Config, kept: Config, row_id: UUID) -> dict[str, Any]:
    """The wanted document with the kept secrets in the places of their masks."""
    known = _leaves(kept)
    problems: list[FieldError] = []

    def restore(leaf: Leaf, path: str) -> Leaf:
        if SEALED in leaf:
            problems.append(FieldError(f"{ROOT}{path}", "invalid", f"must not have a member {SEALED}"))
        if not _MASK.fullmatch(leaf["secret"]):
            return leaf
        stage = path.split(".")[1]
        if path in known and _origin(wanted, stage) == _origin(kept, stage):
            return {**leaf, "secret": _open(known[path], row_id)["secret"]}
        detail = "send the secret itself: none is kept for this place and this host"
        problems.append(FieldError(f"{ROOT}{path}.secret", "secret_not_kept", detail))
        return leaf

    opened: dict[str, Any] = _each_leaf(wanted, restore)
    if problems:
        raise FieldProblems(problems)
    return opened


def _origin(config: Config, stage: str) -> str:
    """Scheme, host and port that a stage calls; empty for what belongs to no stage."""
    found = whole_document(config).get(stage)
    url = found.get("url") if isinstance(found, dict) else None
    return "/".join(url.split("/")[:3]).lower() if isinstance(url, str) else ""


def _seal(leaf: Leaf, row_id: UUID) -> Leaf:
    secret = leaf["secret"]
    sealed = base64.b64encode(root(_PURPOSE).seal(secret.encode(), _context(row_id))).decode()
    mask = f"****{blind_index(_PURPOSE, secret).hex()[:4]}"
    return {**leaf, "secret": mask, SEALED: sealed}


def _open(leaf: Leaf, row_id: UUID) -> Leaf:
    secret = root(_PURPOSE).open(base64.b64decode(leaf[SEALED]), _context(row_id)).decode()
    return {**_without(leaf, SEALED), "secret": secret}


def _context(row_id: UUID) -> str:
    return f"delivery_method.config:{row_id}"


def _without(leaf: Leaf, name: str) -> Leaf:
    return {member: value for member, value in leaf.items() if member != name}


def _each_leaf(value: Any, change: Callable[[Leaf, str], Leaf], *, sealed: bool = False, path: str = "") -> Any:
    """The document with every secret (or every sealed one) changed; `path` is as `.ping.headers.X-Key`."""
    if isinstance(value, Mapping):
        if is_secret(value) and (not sealed or SEALED in value):
            return change(dict(value), path)
        return {name: _each_leaf(item, change, sealed=sealed, path=f"{path}.{name}") for name, item in value.items()}
    if isinstance(value, list):
        return [
            _each_leaf(item, change, sealed=sealed, path=f"{path}.{position}") for position, item in enumerate(value)
        ]
    return value


def _leaves(value: Any) -> dict[str, Leaf]:
    """Every sealed secret by its path."""
    found: dict[str, Leaf] = {}
    _each_leaf(value, lambda leaf, place: found.setdefault(place, leaf), sealed=True)
    return found
