"""Keys and rate limits as JSON: what is taken, and what is shown."""

from typing import Any

from rest_framework import serializers

from accounts import subjects
from accounts.api.base import StrictSerializer
from accounts.api.fields import Choice, Instant, PublicIdField, Text, Whole, check_future, instant, public_id
from accounts.keys import KeySettings, NewKey
from accounts.models import ApiKey, Mode, RateLimit
from accounts.principals import Principal
from accounts.scopes import SCOPES
from core.clock import now
from core.errors import FieldError, FieldProblems

SOURCE, BUYER = "src", "buyer"
MOST_PER_MINUTE = 1_000_000
_SCOPES = [(scope, sentence) for scope, sentence in SCOPES.items()]


class _Scopes(serializers.ListField):
    child = Choice(choices=_SCOPES)

    def to_internal_value(self, data: Any) -> Any:
        """Each scope once, in the order of the documentation."""
        given = set(super().to_internal_value(data))
        return tuple(scope for scope in SCOPES if scope in given)


class _Allow(serializers.ListField):
    child = Text(max_length=49)


class KeyNameAndAllow(StrictSerializer):
    """What a key may change about itself."""

    name = Text()
    allow = _Allow(
        max_length=100, required=False, help_text="Addresses and networks that may use the key; [] is everywhere."
    )


class KeyChange(KeyNameAndAllow):
    """What may be changed about a key."""

    scopes = _Scopes(allow_empty=False)
    expires_at = Instant(required=False, allow_null=True, validators=[check_future])
    rate_limit = Text(
        required=False, allow_null=True, max_length=80, help_text="The name of a rate limit of the agency."
    )
    rate_limit_per_minute = Whole(
        required=False, allow_null=True, min_value=1, max_value=MOST_PER_MINUTE, help_text="Goes before `rate_limit`."
    )


class KeyRequest(KeyChange):
    """A key to be made."""

    mode = Choice(choices=Mode.values, default=Mode.LIVE)
    source_id = PublicIdField(SOURCE, required=False, allow_null=True)
    buyer_id = PublicIdField(BUYER, required=False, allow_null=True)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """A key belongs to one side at most."""
        if attrs.get("source_id") and attrs.get("buyer_id"):
            raise serializers.ValidationError({"buyer_id": "A key is bound to a source or to a buyer, not to both."})
        return attrs


class RotateRequest(StrictSerializer):
    """How long the old key goes on working: up to a week, or 0."""

    overlap_minutes = Whole(default=60, max_value=7 * 24 * 60)


class RateLimitRequest(StrictSerializer):
    """The number of requests that each key of this limit has in a minute."""

    per_minute = Whole(min_value=1, max_value=MOST_PER_MINUTE)


class RateLimitShape(serializers.Serializer[Any]):
    """A named rate limit."""

    name = serializers.SlugField()
    per_minute = serializers.IntegerField()
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()


class KeyShape(serializers.Serializer[Any]):
    """A key, without its secret."""

    key_id = PublicIdField(ApiKey.prefix)
    name = serializers.CharField()
    mode = serializers.ChoiceField(Mode.values)
    status = serializers.ChoiceField(["active", "expired", "revoked"])
    prefix = serializers.CharField(help_text="How the key begins, for people to recognise it.")
    last4 = serializers.CharField(help_text="How it ends.")
    scopes = serializers.ListField(child=serializers.ChoiceField(_SCOPES))
    source_id = PublicIdField(SOURCE, allow_null=True, help_text="The source that the key is bound to.")
    buyer_id = PublicIdField(BUYER, allow_null=True, help_text="The buyer that the key is bound to.")
    allow = serializers.ListField(child=serializers.CharField())
    rate_limit = serializers.CharField(allow_null=True)
    rate_limit_per_minute = serializers.IntegerField(allow_null=True)
    expires_at = serializers.DateTimeField(allow_null=True)
    revoked_at = serializers.DateTimeField(allow_null=True)
    last_used_at = serializers.DateTimeField(allow_null=True, help_text="To the minute.")
    last_used_address = serializers.CharField(allow_null=True)
    replaces = PublicIdField(ApiKey.prefix, allow_null=True, help_text="The key that this one succeeds.")
    created_at = serializers.DateTimeField()
    created_by = serializers.CharField()
    updated_at = serializers.DateTimeField()


class NewKeyShape(KeyShape):
    """A new key, with its secret, which is never shown again."""

    key = serializers.CharField(help_text="The secret itself: this once.")


def settings_from(principal: Principal, values: dict[str, Any]) -> dict[str, Any]:
    """The validated values with `rate_limit` as the row that it names. Raises FieldProblems for an unknown name."""
    name = values.get("rate_limit")
    if name is None:
        return values
    limit = RateLimit.objects.visible_to(principal).filter(name=name).first()
    if limit is None:
        raise FieldProblems([FieldError("rate_limit", "unknown", "There is no rate limit with this name.")])
    return values | {"rate_limit": limit}


def wanted_key(principal: Principal, values: dict[str, Any]) -> KeySettings:
    """The key that a KeyRequest asks for. Raises FieldProblems, and NotFound for a source or buyer that is none."""
    values = settings_from(principal, values)
    if not principal.bound:  # a bound key can name its own subject only, which granting sees to
        for member in (subjects.SOURCE, subjects.BUYER):
            subjects.require_subject(principal.agency_id, member, values.get(member))
    return KeySettings(**values | {"allow": tuple(values.get("allow", ()))})


def show_key(key: ApiKey) -> dict[str, Any]:
    """A key as KeyShape."""
    return {
        "key_id": key.public_id,
        "name": key.name,
        "mode": key.mode,
        "status": _status(key),
        "prefix": key.key_prefix,
        "last4": key.last4,
        "scopes": key.scopes,
        "source_id": public_id(SOURCE, key.source_id),
        "buyer_id": public_id(BUYER, key.buyer_id),
        "allow": key.allow,
        "rate_limit": key.rate_limit.name if key.rate_limit else None,
        "rate_limit_per_minute": key.rate_limit_per_minute,
        "expires_at": instant(key.expires_at),
        "revoked_at": instant(key.revoked_at),
        "last_used_at": instant(key.last_used_at),
        "last_used_address": key.last_used_address or None,
        "replaces": public_id(ApiKey.prefix, key.replaces_id),
        "created_at": instant(key.created_at),
        "created_by": key.created_by,
        "updated_at": instant(key.updated_at),
    }


def show_new_key(made: NewKey) -> dict[str, Any]:
    """A new key as NewKeyShape."""
    shown = show_key(made.row)
    return {"key_id": shown.pop("key_id"), "key": made.text} | shown


def show_rate_limit(limit: RateLimit) -> dict[str, Any]:
    """A named rate limit as RateLimitShape."""
    return {
        "name": limit.name,
        "per_minute": limit.per_minute,
        "created_at": instant(limit.created_at),
        "updated_at": instant(limit.updated_at),
    }


def _status(key: ApiKey) -> str:
    if key.revoked_at is not None:
        return "revoked"
    return "expired" if key.expires_at is not None and key.expires_at <= now() else "active"
