"""Named rate limits of an agency: one number, shared by the settings of many keys."""

from django.db import transaction

from accounts.grants import TooWide
from accounts.models import ApiKey, RateLimit
from accounts.principals import Actor, Principal
from accounts.versions import changes_between, lock_configuration, publish_change
from core.clock import now
from core.errors import DomainError


class RateLimitInUse(DomainError):
    """Keys use this rate limit. Give them another first."""

    code = "rate_limit_in_use"


def put_rate_limit(*, actor: Actor, name: str, per_minute: int) -> tuple[RateLimit, bool]:
    """Opens a transaction. The limit under this name, made or changed, and whether it is new.

    Its keys follow from their next request on. Raises TooWide for a principal bound to a source or buyer.
    """
    _refuse_bound(actor)
    with transaction.atomic():
        lock_configuration(actor.agency_id)
        limit = RateLimit.objects.filter(agency_id=actor.agency_id, name=name).first()
        before = limit.per_minute if limit else None
        if limit is None:
            limit = RateLimit(agency_id=actor.agency_id, name=name)
        limit.per_minute, limit.updated_at = per_minute, now()
        limit.save()
        _publish(actor, limit, before, per_minute)
    return limit, before is None


def delete_rate_limit(*, actor: Actor, limit: RateLimit) -> None:
    """Opens a transaction. Raises RateLimitInUse while a key that is not revoked names it, TooWide when bound."""
    _refuse_bound(actor)
    with transaction.atomic():
        lock_configuration(actor.agency_id)
        keys = ApiKey.objects.filter(rate_limit=limit)
        if keys.filter(revoked_at__isnull=True).exists():
            raise RateLimitInUse
        keys.update(rate_limit=None)
        _publish(actor, limit, limit.per_minute, None)
        limit.delete()


def _refuse_bound(actor: Actor) -> None:
    if isinstance(actor, Principal) and actor.bound:
        raise TooWide("Rate limits are set by the agency.")


def _publish(actor: Actor, limit: RateLimit, before: int | None, after: int | None) -> None:
    verb = "create" if before is None else "delete" if after is None else "update"
    publish_change(
        actor=actor,
        action=f"rate_limit.{verb}",
        object_id=f"rate-limits/{limit.name}",
        object_name=limit.name,
        changes=changes_between({"per_minute": before}, {"per_minute": after}),
    )
