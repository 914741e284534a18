"""The policy of a lead type's scores as a form."""

from typing import Any

from django import forms

from scoring.models import Policy, Regulation


class PolicyForm(forms.Form):
    """What an agency wants of the scores of a lead type; lists are names with blanks or commas between them."""

    regulation = forms.ChoiceField(
        choices=[("", "None"), *((one.value, one.label.capitalize()) for one in Regulation if one.value)],
        required=False,
        label="The law that binds this trade",
        widget=forms.Select(attrs={"class": "form-select"}),
    )
    excluded = forms.CharField(
        required=False,
        max_length=2000,
        label="Never learn from",
        widget=forms.TextInput(attrs={"class": "form-control"}),
    )
    compared = forms.CharField(
        required=False,
        max_length=400,
        label="Fields whose groups are compared",
        widget=forms.TextInput(attrs={"class": "form-control"}),
    )

    @classmethod
    def of(cls, policy: Policy | None) -> "PolicyForm":
        """The form with what counts now."""
        held = policy or Policy()
        lists = {"excluded": " ".join(held.excluded), "compared": " ".join(held.compared)}
        return cls({"regulation": held.regulation, **lists})

    def wishes(self) -> dict[str, Any]:
        """The values as `set_policy` takes them."""
        lists = {name: self.cleaned_data[name].replace(",", " ").split() for name in ("excluded", "compared")}
        return {"regulation": self.cleaned_data["regulation"], **lists}
