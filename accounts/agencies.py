"""Agencies come, are suspended, come back, and close; their first person and keys come with them."""

import re
import secrets
from dataclasses import dataclass
from zoneinfo import available_timezones

from django.db import transaction
from django.utils.text import slugify

from accounts.keys import KeySettings, NewKey, create_key
from accounts.members import is_email
from accounts.models import Agency, AgencyStatus, Membership, Role, User
from accounts.principals import Actor, SystemActor
from accounts.scopes import ALL_SCOPES
from accounts.versions import changes_between, publish_change, record_audit
from core.errors import FieldError, FieldProblems

_CURRENCY = re.compile("[A-Z]{3}")


@dataclass(frozen=True, slots=True)
class NewAgency:
    """An agency with its owner and first keys; `password` is None where the owner was known already."""

    agency: Agency
    owner: User
    password: str | None
    live: NewKey
    test: NewKey


def create_agency(
    *,
    name: str,
    email: str,
    password: str | None = None,
    currency: str = "USD",
    timezone: str = "America/New_York",
    actor: str = "system:create_agency",
) -> NewAgency:
    """Opens a transaction. An agency, its owner and a live and a test key with every scope.

    Raises FieldProblems for an e-mail, a currency or a time zone that is none.
    """
    _check(name, email, currency, timezone)
    with transaction.atomic():
        agency = Agency.objects.create(name=name, slug=_free_slug(name), currency=currency, timezone=timezone)
        owner, password = _owner(email, password)
        Membership.objects.create(user=owner, agency=agency, role=Role.OWNER)
        maker = SystemActor(agency.pk, actor)
        changes = changes_between({}, {"name": name, "owner": owner.email, "currency": currency, "timezone": timezone})
        record_audit(actor=maker, action="agency.create", object_id=agency.public_id, object_name=name, changes=changes)
        live, test = (
            create_key(actor=maker, wanted=KeySettings(name=f"First {mode} key", mode=mode, scopes=ALL_SCOPES))
            for mode in ("live", "test")
        )
    return NewAgency(agency, owner, password, live, test)


def suspend_agency(agency: Agency, *, actor: Actor) -> None:
    """Opens a transaction. Its requests are refused, with the reason, until it is reactivated."""
    _set_status(agency, AgencyStatus.SUSPENDED, actor)


def reactivate_agency(agency: Agency, *, actor: Actor) -> None:
    """Opens a transaction. Back to work."""
    _set_status(agency, AgencyStatus.ACTIVE, actor)


def close_agency(agency: Agency, *, actor: Actor) -> None:
    """Opens a transaction. As if it had never been, for everybody outside; its rows stay."""
    _set_status(agency, AgencyStatus.CLOSED, actor)


def _set_status(agency: Agency, status: str, actor: Actor) -> None:
    with transaction.atomic():
        before, agency.status = agency.status, status
        agency.save(update_fields=["status"])
        publish_change(
            actor=actor,
            action=f"agency.{status}",
            object_id=agency.public_id,
            object_name=agency.name,
            changes={"status": [before, status]},
        )


def _check(name: str, email: str, currency: str, timezone: str) -> None:
    problems = []
    if not name.strip():
        problems.append(FieldError("name", "blank", "Must not be blank."))
    if not is_email(email):
        problems.append(FieldError("email", "invalid", "Must be an e-mail address."))
    if not _CURRENCY.fullmatch(currency):
        problems.append(FieldError("currency", "invalid", "Must be an ISO 4217 code such as USD."))
    if timezone not in available_timezones():
        problems.append(FieldError("timezone", "invalid", "Must be an IANA name such as America/New_York."))
    if problems:
        raise FieldProblems(problems)


def _owner(email: str, password: str | None) -> tuple[User, str | None]:
    known = User.objects.filter(email=email.strip().lower()).first()
    if known is not None:
        return known, None
    password = password or secrets.token_urlsafe(15)
    return User.objects.create_user(email, password), password


def _free_slug(name: str) -> str:
    base = slugify(name)[:70] or "agency"
    taken = set(Agency.objects.filter(slug__startswith=base).values_list("slug", flat=True))
    return next(slug for slug in (base, *(f"{base}-{n}" for n in range(2, len(taken) + 3))) if slug not in taken)
