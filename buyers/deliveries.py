"""How a contract's leads reach its buyer: the primary delivery, and others for information.

A webhook delivery owns an endpoint in the live book (nothing of a test lead reaches a buyer). Its secret survives a
new URL. What is no longer wanted gets nothing new but stays open: leads sold before are still on their way to it.
"""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from accounts.models import Mode
from buyers.http_methods import set_method
from buyers.models import Contract, DeliveryMethod, Method
from core.clock import now
from webhooks.claims import release_messages
from webhooks.models import Endpoint
from webhooks.secrets import add_secret
from webhooks.states import EndpointState, OwnerKind

Wanted = dict[str, Any]


def write_deliveries(*, contract: Contract, delivery: Wanted | None, also: Sequence[Wanted] | None) -> dict[UUID, str]:
    """Needs the transaction of the contract's change. Make its deliveries the wanted ones; None leaves them alone.

    Returns the secrets of webhooks opened by it, by endpoint id: the only time that they can be read. Raises
    FieldProblems where a method `http` does not suit the campaign.
    """
    secrets: dict[UUID, str] = {}
    if delivery is not None:
        primary = contract.deliveries.filter(primary=True).select_related("endpoint").first()
        _write_primary(primary or DeliveryMethod(contract=contract, primary=True), delivery, secrets)
    if also is not None:
        _write_also(contract, also, secrets)
    return secrets


def _write_primary(method: DeliveryMethod, wanted: Wanted, secrets: dict[UUID, str]) -> None:
    method.method = wanted["method"]
    if method.method == Method.WEBHOOK:
        if method.endpoint is None:
            method.endpoint = _open(method.contract, wanted["url"], secrets)
        else:
            _point(method.endpoint, wanted["url"])
    if method.method == Method.HTTP:
        set_method(method, wanted)
    else:
        method.config = {}
    method.save()


def _write_also(contract: Contract, wanted: Sequence[Wanted], secrets: dict[UUID, str]) -> None:
    known = {
        _address(method): method for method in contract.deliveries.filter(primary=False).select_related("endpoint")
    }
    for one in wanted:
        address = (one["method"], one.get("url", ""))
        if known.pop(address, None) is None:
            endpoint = _open(contract, one["url"], secrets) if one["method"] == Method.WEBHOOK else None
            DeliveryMethod.objects.create(contract=contract, primary=False, method=one["method"], endpoint=endpoint)
    for unwanted in known.values():
        unwanted.delete()


def _address(method: DeliveryMethod) -> tuple[str, str]:
    return method.method, method.endpoint.url if method.endpoint else ""


def _open(contract: Contract, url: str, secrets: dict[UUID, str]) -> Endpoint:
    endpoint = Endpoint.objects.create(
        agency_id=contract.agency_id,
        mode=Mode.LIVE,
        owner_kind=OwnerKind.CONTRACT,
        owner_id=contract.pk,
        buyer_id=contract.buyer_id,
        url=url,
        description="Delivery of a contract",
    )
    secrets[endpoint.pk] = add_secret(endpoint)
    return endpoint


def _point(endpoint: Endpoint, url: str) -> None:
    """A new URL is a new start: what was held while the old one had stopped goes there."""
    if endpoint.url != url:
        endpoint.url, endpoint.state, endpoint.disabled_reason = url, EndpointState.ACTIVE, ""
        endpoint.updated_at = now()
        endpoint.save()
        release_messages(endpoint.id)
