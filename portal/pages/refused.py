"""What was refused at the door, as the agency sees it: the list, and one submission with its answer."""

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.views.decorators.http import require_GET, require_POST

from accounts.principals import Principal
from accounts.vault import Erased
from core.api.pagination import cut
from core.errors import FieldProblems, NotFound
from leads.models import Source
from leads.refusals import refusal, refusals, reveal_refusal
from portal.access import Access, agency_page
from portal.pages.filters import named
from portal.pages.frame import PAGE, next_page, show

_TEXT = {"class": "form-control", "autocomplete": "off"}


class RefusedFilterForm(forms.Form):
    """What the list may be narrowed by."""

    code = forms.CharField(required=False, max_length=40, widget=forms.TextInput(attrs=_TEXT))
    request_id = forms.CharField(required=False, max_length=64, widget=forms.TextInput(attrs=_TEXT))
    source_id = forms.ChoiceField(required=False, label="Source", widget=forms.Select(attrs={"class": "form-select"}))

    def __init__(self, asked: QueryDict, principal: Principal) -> None:
        super().__init__(asked)
        field = self.fields["source_id"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [("", "Any"), *named(Source.objects.visible_to(principal))]

    def wanted(self) -> dict[str, str]:
        """The lookups of the values that are valid."""
        self.is_valid()
        return {name: value for name, value in self.cleaned_data.items() if value}


@require_GET
@agency_page
def refused(request: HttpRequest, access: Access) -> HttpResponse:
    """The list, newest first, by filters that live in the address."""
    form = RefusedFilterForm(request.GET, access.principal)
    rows = refusals(access.principal, form.wanted()).select_related("source")
    try:
        found, cursor = cut(rows, limit=PAGE, cursor=request.GET.get("cursor"))
    except FieldProblems as problems:
        raise Http404 from problems
    return show(request, access, "refused", {"form": form, "rows": found, "next": next_page(request.GET, cursor)})


@require_GET
@agency_page
def refused_one(request: HttpRequest, access: Access, submission_id: str) -> HttpResponse:
    """One refused submission and its answer; what was sent stays closed."""
    try:
        context = {"row": refusal(access.principal, submission_id)}
    except NotFound as error:
        raise Http404 from error
    return show(request, access, "refused_one", context, here="refused")


@require_POST
@agency_page
def reveal(request: HttpRequest, access: Access, submission_id: str) -> HttpResponse:
    """The same page with what was sent, which is written into the audit trail."""
    if not access.sees_contacts:
        raise PermissionDenied
    try:
        body = reveal_refusal(access.principal, submission_id)
        context = {"row": refusal(access.principal, submission_id), "body": body}
    except (NotFound, Erased) as error:
        raise Http404 from error
    messages.info(request, "What was sent is shown. That you looked stands in the audit trail.")
    return show(request, access, "refused_one", context, here="refused")
