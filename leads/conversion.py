"""A buyer's report that a lead became its customer: what the second kind of score is learned from."""

from datetime import datetime

from django.db import transaction

from core.clock import now as clock
from core.errors import DomainError, FieldError, FieldProblems
from leads.models import Sale
from leads.sharing import locked_lead
from leads.telling import tell_converted

_SOLD = (Sale.State.ACCEPTED, Sale.State.UNDELIVERED, Sale.State.DELIVERED)


class NotSold(DomainError):
    """Only a sale that stands can convert: not one that is pending, refused, expired or returned."""

    code = "not_sold"


class AlreadyConverted(DomainError):
    """The sale was reported as converted before."""

    code = "already_converted"


def convert_sale(*, sale: Sale, value: int | None, converted_at: datetime | None = None) -> Sale:
    """Opens a transaction or joins the open one; holds the lead. Write down that the sale converted, and tell of it.

    `value` is in minor units; it was now unless told. Raises FieldProblems for a time in the future or before the sale,
    NotSold, AlreadyConverted: a sale converts once.
    """
    moment = clock()
    converted_at = converted_at or moment
    if converted_at > moment or converted_at < sale.sold_at:
        when = "in the future" if converted_at > moment else "before the sale"
        raise FieldProblems([FieldError("converted_at", "invalid", f"cannot lie {when}")])
    with transaction.atomic():
        lead = locked_lead(sale)
        standing = Sale.objects.filter(pk=sale.pk, state__in=_SOLD)
        if not standing.filter(converted_at=None).update(converted_at=converted_at, conversion_value=value):
            raise AlreadyConverted if standing.exists() else NotSold
        sale.refresh_from_db()
        tell_converted(lead, sale, now=moment)
    return sale
