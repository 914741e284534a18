"""The demo's receiver moves with the port that the house listens on; its contracts must find it there."""

import re
from typing import Any, Final

from accounts.models import Agency
from accounts.principals import SystemActor
from buyers.contracts import change_contract
from buyers.models import Contract
from core import json

PATH: Final = "/demo/receiver/"
EXCHANGE: Final = "/demo/exchange/"
_PLACE: Final = re.compile(rf"\{{exchange\}}|http://127\.0\.0\.1:\d+{EXCHANGE}")


def receiver_address(port: int) -> str:
    """Where the receiver is reached from this machine; each buyer's slug follows."""
    return f"http://127.0.0.1:{port}{PATH}"


def placed(document: Any, receiver: str) -> Any:
    """The document with the bidders' systems beside this receiver, wherever it had them."""
    if isinstance(document, dict):
        return {name: placed(value, receiver) for name, value in document.items()}
    if isinstance(document, str):
        return _PLACE.sub(receiver.removesuffix(PATH) + EXCHANGE, document)
    return document


def point_deliveries(agency: Agency, *, receiver: str) -> int:
    """Opens transactions. Let contracts that deliver to the demo's receiver do so at this address; how many moved."""
    moved = 0
    actor = SystemActor(agency.pk, "system:seed_demo")
    for contract in Contract.objects.filter(agency=agency, deliveries__primary=True).exclude(status="archived"):
        delivery = _moved(contract, receiver)
        if delivery is not None:
            change_contract(actor=actor, contract=contract, values={"delivery": delivery})
            moved += 1
    return moved


def _moved(contract: Contract, receiver: str) -> dict[str, Any] | None:
    """Its delivery at this address, where it has another of the demo's."""
    primary = contract.deliveries.select_related("endpoint").get(primary=True)
    if primary.method == "http":
        here = json.loads(primary.config)
        there: dict[str, Any] = placed(here, receiver)
        return there if there != here else None
    url = primary.endpoint.url if primary.endpoint else ""
    _, found, slug = url.partition(PATH) if url.startswith("http://127.0.0.1:") else ("", "", "")
    return {"method": "webhook", "url": receiver + slug} if found and url != receiver + slug else None
