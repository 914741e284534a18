"""A client of the API as these tests speak: one key, JSON in, JSON out."""

import json
from dataclasses import dataclass
from typing import Any

from django.test import Client

from accounts.agencies import NewAgency, create_agency
from accounts.keys import KeySettings, NewKey, create_key
from accounts.principals import SystemActor


def make_agency(name: str = "Acme") -> NewAgency:
    return create_agency(name=name, email=f"owner@{name.lower()}.example", password="a-long-password")


def make_key(made: NewAgency, **wanted: Any) -> NewKey:
    settings = KeySettings(**{"name": "made", "scopes": ("keys:write",)} | wanted)
    return create_key(actor=SystemActor(made.agency.pk, "system:test"), wanted=settings)


@dataclass(frozen=True)
class Api:
    """Asks with this key (None: with none)."""

    key: str | None

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        """The answer; header names with underscores, `REMOTE_ADDR` for the other end of the connection."""
        media_type = headers.pop("content_type", "application/json")
        extra: dict[str, Any] = {
            name if name == "REMOTE_ADDR" else f"HTTP_{name.upper()}": value for name, value in headers.items()
        }
        if self.key is not None:
            extra.setdefault("HTTP_AUTHORIZATION", f"Bearer {self.key}")
        data = b"" if body is None else body
        return Client(raise_request_exception=True).generic(
            method, path, data if isinstance(data, bytes) else _json(data), content_type=media_type, **extra
        )

    def get(self, path: str, **headers: str) -> Any:
        return self.ask("GET", path, **headers)

    def post(self, path: str, body: Any = None, **headers: str) -> Any:
        return self.ask("POST", path, {} if body is None else body, **headers)

    def patch(self, path: str, body: Any, **headers: str) -> Any:
        return self.ask("PATCH", path, body, **headers)


def _json(value: Any) -> bytes:
    return json.dumps(value).encode()
