"""What the product changes about signing in: nobody signs up, secrets are sealed, guesses are counted by e-mail."""

import base64
import time
from collections.abc import Mapping
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.internal.flows.login import get_authentication_records
from allauth.mfa.adapter import DefaultMFAAdapter
from django.conf import settings
from django.http import HttpRequest

from core.sealing import root

_CONTEXT = "mfa.authenticator"


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc] # allauth carries no types
    """People are invited; they do not sign themselves up."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Never."""
        return False

    def get_client_ip(self, request: HttpRequest) -> str:
        """The client's address as the outermost middleware has established it."""
        return str(request.META.get("REMOTE_ADDR", ""))

    def is_reauthentication_required(self, *, app: str, **kwargs: Any) -> bool:
        """Not within ten minutes of signing in: who has just given the password is not asked for it again."""
        records = get_authentication_records(self.request, self.request.user)
        return not any(time.time() - record["at"] < settings.ACCOUNT_REAUTHENTICATION_TIMEOUT for record in records)


class SealedMFAAdapter(DefaultMFAAdapter):  # type: ignore[misc] # allauth carries no types
    """Seals the secret of the authenticator app and the seed of the recovery codes before they are stored."""

    def get_totp_issuer(self) -> str:
        """The name that authenticator apps show."""
        return "leaddistro"

    def encrypt(self, text: str) -> str:
        """The text sealed under the root key for second factors."""
        return base64.b64encode(root("mfa").seal(text.encode(), _CONTEXT)).decode()

    def decrypt(self, encrypted_text: str) -> str:
        """The text again. Raises core.sealing.Unsealable where the row was tampered with."""
        return root("mfa").open(base64.b64decode(encrypted_text), _CONTEXT).decode()


def attempted_name(request: HttpRequest | None, credentials: Mapping[str, Any] | None) -> str:
    """Whom somebody tries to be, for counting failed attempts: one mailbox is one name, however it is spelled."""
    given = credentials or {}
    name = given.get("email") or given.get("username") or (request.POST.get("login") if request is not None else "")
    return str(name or "").strip().lower()
