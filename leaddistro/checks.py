"""Refuses to start on a configuration that would be unsafe or could not work, in words that say the cure."""

from collections.abc import Callable, Sequence
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, register

from core.client_address import parse_networks
from core.sealing import root_keys

TAG = "house"  # the commands that start the house run these alone: the others are about code, and cost a second
NETWORK_SETTINGS = ("TRUSTED_PROXIES", "EGRESS_ALLOW", "METRICS_ALLOW")


def check_secrets(**_: Any) -> list[CheckMessage]:
    """In production every secret is the operator's own, and a sealing key is not the signing key again."""
    problems: list[CheckMessage] = []
    if settings.PRODUCTION and settings.SECRET_KEY == settings.DEVELOPMENT_SECRET:
        problems.append(
            Error("SECRET_KEY is the published default.", hint="Set 50 random characters.", id="house.E001")
        )
    if settings.PRODUCTION and not settings.SEALING_KEYS:
        cure = "Set SEALING_KEYS=k1:$(openssl rand -base64 32), and keep it: without it sealed data is lost."
        problems.append(Error("SEALING_KEYS is empty.", hint=cure, id="house.E002"))
    try:
        root_keys()
    except ValueError:
        cure = "Write id:base64 of 32 bytes, the newest first, separated by commas."
        problems.append(Error("SEALING_KEYS is malformed.", hint=cure, id="house.E003"))
    return problems


def check_networks(**_: Any) -> list[CheckMessage]:
    """Networks can be read, and nobody trusts the whole internet as a proxy."""
    problems: list[CheckMessage] = []
    for name in NETWORK_SETTINGS:
        try:
            networks = parse_networks(getattr(settings, name))
        except ValueError as error:
            cure = "Write networks like 10.0.0.0/8, separated by commas."
            problems.append(Error(f"{name}: {error}", hint=cure, id="house.E004"))
            continue
        if name == "TRUSTED_PROXIES" and any(network.prefixlen == 0 for network in networks):
            cure = "Name your proxies' own networks: with this, every client could choose its address."
            problems.append(Error(f"{name} trusts everybody.", hint=cure, id="house.E005"))
    return problems


def check_hosts(**_: Any) -> list[CheckMessage]:
    """In production ALLOWED_HOSTS names hosts."""
    if settings.PRODUCTION and (not settings.ALLOWED_HOSTS or "*" in settings.ALLOWED_HOSTS):
        cure = "Name the hosts of PUBLIC_URL."
        return [Error("ALLOWED_HOSTS does not name our hosts.", hint=cure, id="house.E006")]
    return []


CHECKS: Sequence[Callable[..., list[CheckMessage]]] = tuple(
    register(check, TAG) for check in (check_secrets, check_networks, check_hosts)
)
