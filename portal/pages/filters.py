"""The filters of the leads list as a form whose values live in the address: reload, bookmark and share keep them."""

from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django import forms
from django.db.models import Model
from django.http import QueryDict

from accounts.principals import Principal
from buyers.models import Buyer
from leads.models import Lead, Source
from leads.queries import LeadFilter
from routing.models import Campaign

_SELECT = forms.Select(attrs={"class": "form-select"})
_DATE = forms.DateInput(attrs={"class": "form-control", "type": "date"})


def _text(hint: str) -> forms.TextInput:
    return forms.TextInput(attrs={"class": "form-control", "placeholder": hint, "autocomplete": "off"})


class LeadFilterForm(forms.Form):
    """What a list of leads may be narrowed by. Its choices are what the principal may see."""

    contact = forms.CharField(required=False, label="Phone or e-mail", widget=_text("(512) 555-0143"))
    external_id = forms.CharField(required=False, label="Lead or external id", widget=_text("ld_..."))
    status = forms.ChoiceField(required=False, widget=_SELECT)
    campaign = forms.ChoiceField(required=False, widget=_SELECT)
    source = forms.ChoiceField(required=False, widget=_SELECT)
    buyer = forms.ChoiceField(required=False, widget=_SELECT)
    since = forms.DateField(required=False, label="From", widget=_DATE)
    until = forms.DateField(required=False, label="To", widget=_DATE)

    def __init__(self, asked: QueryDict, principal: Principal) -> None:
        super().__init__(asked)
        self.principal = principal
        self._offer("status", [(status, status.capitalize()) for status in Lead.Status.values])
        self._offer("campaign", named(Campaign.objects.visible_to(principal)))
        self._offer("source", named(Source.objects.visible_to(principal)))
        self._offer("buyer", named(Buyer.objects.visible_to(principal)))

    def _offer(self, name: str, choices: list[tuple[str, str]]) -> None:
        field = self.fields[name]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [("", "Any"), *choices]

    @property
    def narrows(self) -> bool:
        """Whether anything is asked for."""
        return any(self.data.get(name) for name in self.fields)

    def wanted(self) -> LeadFilter:
        """The filter, of the values that are valid; a date means the whole day in the agency's zone."""
        self.is_valid()
        asked: dict[str, Any] = {name: value for name, value in self.cleaned_data.items() if value}
        contact = str(asked.get("contact", ""))
        return LeadFilter(
            status=asked.get("status"),
            campaign_id=_id(asked.get("campaign")),
            source_id=_id(asked.get("source")),
            buyer_id=_id(asked.get("buyer")),
            created_from=self._midnight(asked.get("since")),
            created_to=self._midnight(asked.get("until"), days=1),
            phone=contact if contact and "@" not in contact else None,
            email=contact if "@" in contact else None,
            external_id=asked.get("external_id"),
        )

    def _midnight(self, day: date | None, *, days: int = 0) -> datetime | None:
        if day is None:
            return None
        zone = ZoneInfo(self.principal.agency.timezone)
        return datetime.combine(day + timedelta(days=days), time.min, zone).astimezone(UTC)


def named(rows: Any) -> list[tuple[str, str]]:
    """The rows as choices, by name."""
    found: Iterable[Model] = rows.order_by("name", "pk")
    return [(str(row.pk), str(row)) for row in found]


def _id(text: str | None) -> UUID | None:
    return UUID(text) if text else None
