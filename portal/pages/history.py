"""An agency's past, from a file: tried first, then taken in, so that scores start with its own experience."""

from typing import Any

from django import forms
from django.core.exceptions import PermissionDenied
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_http_methods

from core.clock import now
from core.errors import FieldProblems
from leads.history import Imported, import_outcomes
from portal.access import Access, agency_page
from portal.pages.frame import show
from scoring.tables import BadTable, parse_table

LARGEST_FILE = 20 * 1024 * 1024


class HistoryForm(forms.Form):
    """The file, and what becomes of rows with problems."""

    file = forms.FileField(
        label="CSV file", widget=forms.ClearableFileInput(attrs={"class": "form-control", "accept": ".csv,text/csv"})
    )
    skip_invalid = forms.BooleanField(
        label="Leave out rows with problems",
        required=False,
        widget=forms.CheckboxInput(attrs={"class": "form-check-input"}),
    )

    def clean_file(self) -> list[dict[str, str]]:
        """The rows of the file."""
        file: UploadedFile[Any] = self.cleaned_data["file"]
        if (file.size or 0) > LARGEST_FILE:
            raise forms.ValidationError(
                "The file is larger than 20 MB: use manage.py import_outcomes.", code="too_large"
            )
        try:
            return parse_table(file.read(), file.name or "The file")
        except BadTable as error:
            raise forms.ValidationError(str(error), code="invalid") from error


@require_http_methods(["GET", "POST"])
@agency_page
def history(request: HttpRequest, access: Access) -> HttpResponse:
    """The form; after it was sent, what the import did or would do."""
    if request.method == "GET":
        return show(request, access, "history", {"form": HistoryForm()})
    if not access.may_change:
        raise PermissionDenied
    form = HistoryForm(request.POST, request.FILES)
    context: dict[str, Any] = {"form": form}
    if form.is_valid():
        context |= _import(access, form, dry_run=request.POST.get("act") != "import" or access.is_test)
    return show(request, access, "history", context)


def _import(access: Access, form: HistoryForm, *, dry_run: bool) -> dict[str, Any]:
    """What came of it. An import that is refused is shown as the dry run that says why."""
    skip = form.cleaned_data["skip_invalid"]
    rows = form.cleaned_data["file"]
    try:
        return {"done": _run(access, rows, dry_run=dry_run, skip_invalid=skip)}
    except FieldProblems:
        return {"done": _run(access, rows, dry_run=True, skip_invalid=skip), "refused": True}


def _run(access: Access, rows: list[dict[str, str]], *, dry_run: bool, skip_invalid: bool) -> Imported:
    return import_outcomes(actor=access.principal, rows=rows, now=now(), dry_run=dry_run, skip_invalid=skip_invalid)
