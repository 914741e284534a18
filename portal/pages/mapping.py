"""Trying a buyer's interface: a delivery method and a pasted answer, what would be sent and what the answer means."""

import json as plain
from typing import Any

from django import forms
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_http_methods
from rest_framework.exceptions import ValidationError

from accounts.principals import Principal
from buyers.exchange.methods import whole_document
from buyers.exchange.presets import PRESETS, beginning
from buyers.inputs.documents import HttpDelivery
from buyers.method_trials import Trial, try_method
from buyers.models import Contract, Method
from buyers.records import delivery_record
from core import json
from core.api.problems import flatten
from core.errors import FieldError, FieldProblems
from core.ids import BadId, decode
from portal.access import Access, agency_page
from portal.pages.filters import named
from portal.pages.frame import show
from routing.models import Campaign

_SELECT = {"class": "form-select"}
_LONGEST = 100_000
_OFFERED = 200  # contracts in the choice; any other is reached by its address


def _area(rows: int, wrap: str) -> forms.Textarea:
    return forms.Textarea(attrs={"class": "form-control code", "rows": rows, "spellcheck": "false", "wrap": wrap})


class MappingForm(forms.Form):
    """What is tried. `answer` may be empty: then only the request is shown."""

    delivery = forms.CharField(max_length=_LONGEST, widget=_area(22, "off"), label="Delivery method, as JSON")
    campaign = forms.ChoiceField(required=False, widget=forms.Select(attrs=_SELECT))
    stage = forms.ChoiceField(
        choices=[("ping", "Ping"), ("post", "Post"), ("loss", "Loss notice")], widget=forms.Select(attrs=_SELECT)
    )
    status = forms.IntegerField(
        min_value=200, max_value=599, widget=forms.NumberInput(attrs={"class": "form-control"}), label="HTTP status"
    )
    answer = forms.CharField(
        required=False, max_length=_LONGEST, strip=False, widget=_area(6, "soft"), label="The buyer's answer"
    )

    def __init__(self, *args: Any, principal: Principal, **options: Any) -> None:
        super().__init__(*args, **options)
        self.principal = principal
        field = self.fields["campaign"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [("", "None"), *named(self._campaigns())]

    def _campaigns(self) -> Any:
        return Campaign.objects.visible_to(self.principal).exclude(status="archived")

    def try_it(self) -> Trial:
        """What came of it. Raises FieldProblems. Only of a valid form."""
        asked = self.cleaned_data
        campaign = self._campaigns().filter(pk=asked["campaign"]).first() if asked["campaign"] else None
        return try_method(
            delivery=_document(asked["delivery"]),
            stage=asked["stage"],
            status=asked["status"] if asked["answer"] or asked["status"] != 200 else None,
            body=asked["answer"],
            currency=self.principal.agency.currency,
            campaign=campaign,
        )


@require_http_methods(["GET", "POST"])
@agency_page
def mapping(request: HttpRequest, access: Access) -> HttpResponse:
    """The form, begun from a preset or a contract's own method where the address names one, and what came of it."""
    begun = request.GET.get("begin", "")
    contract = _contract(access.principal, begun)
    contracts = list(_contracts(access.principal)[:_OFFERED])
    if contract is not None and contract not in contracts:
        contracts.append(contract)
    context: dict[str, Any] = {"presets": PRESETS, "contracts": contracts, "begun": begun}
    if request.method == "POST":
        form = MappingForm(request.POST, principal=access.principal)
        context |= _outcome(form)
    else:
        form = MappingForm(initial=_begun(begun, contract), principal=access.principal)
        context["unknown"] = bool(begun) and begun not in PRESETS and contract is None
    return show(request, access, "mapping", {**context, "form": form})


def _outcome(form: MappingForm) -> dict[str, Any]:
    if not form.is_valid():
        return {}
    try:
        return {"trial": form.try_it()}
    except FieldProblems as problems:
        return {"problems": problems.errors}


def _document(text: str) -> dict[str, Any]:
    try:
        document = json.loads(text)
    except ValueError as error:
        raise FieldProblems([FieldError("delivery", "invalid", f"must be JSON: {error}")]) from error
    try:
        found: dict[str, Any] = HttpDelivery().run_validation(document)
    except ValidationError as error:
        raise FieldProblems(
            [FieldError(f"delivery.{one.field}".strip("."), one.code, one.detail) for one in flatten(error.detail)]
        ) from error
    return found


def _contracts(principal: Principal) -> QuerySet[Contract]:
    rows = Contract.objects.visible_to(principal).filter(deliveries__primary=True, deliveries__method=Method.HTTP)
    return rows.exclude(status="archived").order_by("name", "pk")


def _contract(principal: Principal, begin: str) -> Contract | None:
    """The contract of this id, however many there are."""
    try:
        return _contracts(principal).filter(pk=decode(Contract.prefix, begin)).first()
    except BadId:
        return None


def _begun(begin: str, contract: Contract | None) -> dict[str, Any]:
    """The first values of the form."""
    first: dict[str, Any] = {"status": 200}
    document: dict[str, Any] = beginning(begin if begin in PRESETS else "generic_json")
    if contract is not None:
        document = delivery_record(contract.deliveries.get(primary=True))
        first["campaign"] = contract.campaign_id
    stage = "ping" if whole_document(document).get("ping") else "post"
    return {**first, "stage": stage, "delivery": plain.dumps(document, indent=2, ensure_ascii=False)}
