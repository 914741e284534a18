"""The demo's receiver moves with the port that the house listens on; its contracts must find it there."""

from accounts.models import Agency
from accounts.principals import SystemActor
from buyers.contracts import change_contract
from buyers.models import Contract

PATH = "/demo/receiver/"


def receiver_address(port: int) -> str:
    """Where the receiver is reached from this machine; each buyer's slug follows."""
    return f"http://127.0.0.1:{port}{PATH}"


def point_deliveries(agency: Agency, *, receiver: str) -> int:
    """Opens transactions. Let contracts that deliver to the demo's receiver do so at this address; how many moved."""
    moved = 0
    contracts = Contract.objects.filter(agency=agency, deliveries__primary=True).exclude(status="archived")
    for contract in contracts.filter(deliveries__endpoint__url__startswith="http://127.0.0.1:"):
        endpoint = contract.deliveries.select_related("endpoint").get(primary=True).endpoint
        _, found, slug = endpoint.url.partition(PATH) if endpoint else ("", "", "")
        if endpoint and found and endpoint.url != receiver + slug:
            delivery = {"method": "webhook", "url": receiver + slug}
            actor = SystemActor(agency.pk, "system:seed_demo")
            change_contract(actor=actor, contract=contract, values={"delivery": delivery})
            moved += 1
    return moved
