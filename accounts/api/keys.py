"""The API's views of its own keys."""

from collections.abc import Sequence
from typing import Any

from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.base import ApiView, StrictSerializer
from accounts.api.fields import PublicIdField
from accounts.api.key_bodies import (
    BUYER,
    SOURCE,
    KeyChange,
    KeyNameAndAllow,
    KeyRequest,
    KeyShape,
    NewKeyShape,
    RotateRequest,
    settings_from,
    show_key,
    show_new_key,
    wanted_key,
)
from accounts.api.pages import PAGING, page_of
from accounts.keys import change_key, create_key, revoke_key, rotate_key
from accounts.models import ApiKey, Mode
from core.client_address import is_within, parse_address, parse_networks
from core.errors import FieldError, FieldProblems

_MANAGE = "keys:write"
_CHANGES = frozenset(("POST", "PATCH"))
_CHANGE = OpenApiExample("Fewer scopes", {"scopes": ["leads:write"], "rate_limit_per_minute": 300}, request_only=True)
_OWN_CHANGE = OpenApiExample("Two networks", {"allow": ["203.0.113.0/24", "2001:db8::/32"]}, request_only=True)
_ROTATION = OpenApiExample("A day to change over", {"overlap_minutes": 1440}, request_only=True)
_EXAMPLE = OpenApiExample(
    "A source's key",
    {
        "name": "Acme Ads intake",
        "mode": "live",
        "scopes": ["leads:write"],
        "source_id": "src_01jv3k8m2xq4r5s6t7v8w9x0yz",
        "allow": ["203.0.113.0/24"],
        "rate_limit_per_minute": 600,
    },
    request_only=True,
)


class KeyFilters(serializers.Serializer[Any]):
    """By what keys are found."""

    mode = serializers.ChoiceField(Mode.values, required=False, help_text="The book of the key.")
    source_id = PublicIdField(SOURCE, required=False, help_text="Keys bound to this source.")
    buyer_id = PublicIdField(BUYER, required=False, help_text="Keys bound to this buyer.")
    name = serializers.CharField(required=False, help_text="Any part of the name.", source="name__icontains")


class KeysView(ApiView):
    """All keys that the principal may see."""

    scopes = {"GET": _MANAGE, "POST": _MANAGE}
    configures = _CHANGES

    @extend_schema(summary="List keys", parameters=[KeyFilters, *PAGING], responses=page_of(KeyShape), tags=["Keys"])
    def get(self, request: Request) -> Response:
        """Keys, the newest first, without their secrets. A bound key sees those of its own source or buyer."""
        rows = ApiKey.objects.visible_to(self.principal).select_related("rate_limit")
        return self.page(rows.filter(**self.filters(KeyFilters)), show_key)

    @extend_schema(
        summary="Create a key", request=KeyRequest, responses={201: NewKeyShape}, examples=[_EXAMPLE], tags=["Keys"]
    )
    def post(self, request: Request) -> Response:
        """A new key, whose secret `key` is shown this once. A key grants only what it holds itself."""
        made = create_key(actor=self.principal, wanted=wanted_key(self.principal, self.validated(KeyRequest)))
        return self.answer(show_new_key(made), row=made.row, status=201)


class KeyView(ApiView):
    """One key."""

    scopes = {"GET": _MANAGE, "PATCH": _MANAGE}

    @extend_schema(summary="Read a key", responses=KeyShape, tags=["Keys"])
    def get(self, request: Request, key_id: str) -> Response:
        """The key, without its secret."""
        key = self.find(ApiKey.objects.all(), key_id)
        return self.answer(show_key(key), row=key)

    @extend_schema(summary="Change a key", request=KeyChange, responses=KeyShape, examples=[_CHANGE], tags=["Keys"])
    def patch(self, request: Request, key_id: str) -> Response:
        """Changes what the body names. It counts from the key's next request on, in every process."""
        key = self.find(ApiKey.objects.all(), key_id)
        values = settings_from(self.principal, self.validated(KeyChange, partial=True))
        key = change_key(actor=self.principal, key=key, values=values)
        return self.answer(show_key(key), row=key)


class CurrentKeyView(ApiView):
    """The key that asks."""

    scopes = {"PATCH": _MANAGE}
    any_scope = frozenset(("GET",))

    @extend_schema(summary="Read the key in use", responses=KeyShape, tags=["Keys"])
    def get(self, request: Request) -> Response:
        """The key that signed this request, without its secret."""
        key = self.pick(ApiKey.objects.all(), pk=self.principal.key_id)
        return self.answer(show_key(key), row=key)

    @extend_schema(
        summary="Change the key in use",
        request=KeyNameAndAllow,
        responses=KeyShape,
        examples=[_OWN_CHANGE],
        tags=["Keys"],
    )
    def patch(self, request: Request) -> Response:
        """A key may change its own name and allow-list, but not shut out the address that it is used from."""
        key = self.pick(ApiKey.objects.all(), pk=self.principal.key_id)
        values = self.validated(KeyNameAndAllow, partial=True)
        self._refuse_to_shut_out(values.get("allow", ()))
        key = change_key(actor=self.principal, key=key, values=values)
        return self.answer(show_key(key), row=key)

    def _refuse_to_shut_out(self, allow: Sequence[str]) -> None:
        try:
            networks = parse_networks(allow)
        except ValueError:
            return  # `change_key` says which of them are none
        if networks and not is_within(parse_address(self.principal.address), networks):
            detail = "This key would no longer work from here: add the address that you use it from."
            raise FieldProblems([FieldError("allow", "shuts_you_out", detail)])


class RotateKeyView(ApiView):
    """A successor for a key."""

    scopes = {"POST": _MANAGE}
    configures = _CHANGES

    @extend_schema(
        summary="Rotate a key",
        request=RotateRequest,
        responses={201: NewKeyShape},
        examples=[_ROTATION],
        tags=["Keys"],
    )
    def post(self, request: Request, key_id: str) -> Response:
        """A new key with the same settings. The old one goes on working for the overlap, then it ends."""
        key = self.find(ApiKey.objects.all(), key_id)
        made = rotate_key(actor=self.principal, key=key, **self.validated(RotateRequest))
        return self.answer(show_new_key(made), row=made.row, status=201)


class RevokeKeyView(ApiView):
    """The end of a key."""

    scopes = {"POST": _MANAGE}
    configures = _CHANGES

    @extend_schema(summary="Revoke a key", request=None, responses={204: None}, tags=["Keys"])
    def post(self, request: Request, key_id: str) -> Response:
        """From now on the key opens nothing. Revoking it again changes nothing."""
        self.validated(StrictSerializer)
        revoke_key(actor=self.principal, key=self.find(ApiKey.objects.all(), key_id))
        return Response(status=204)
