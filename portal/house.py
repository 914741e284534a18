"""A few figures of the whole installation for its operators. Each is one look into an index, however much is stored."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from accounts.models import Agency, AgencyStatus
from core.clock import now
from leads.models import Lead
from webhooks.models import Message
from webhooks.states import MessageState


@dataclass(frozen=True, slots=True)
class Figure:
    """One number with its name; `alarming` where an operator should look."""

    name: str
    value: int
    alarming: bool = False


def house_figures() -> list[Figure]:
    """Agencies at work, leads of 24 hours, messages in the queue, and messages given up. Four statements."""
    dead = Message.objects.filter(state=MessageState.EXHAUSTED).count()
    return [
        Figure("Active agencies", Agency.objects.filter(status=AgencyStatus.ACTIVE).count()),
        Figure("Leads in 24 hours", Lead.objects.filter(pk__gte=_first_id(now() - timedelta(days=1))).count()),
        Figure("Messages on their way", Message.objects.filter(state__in=["due", "sending"]).count()),
        Figure("Dead letters", dead, alarming=dead > 0),
    ]


def _first_id(moment: datetime) -> UUID:
    """The smallest id of that millisecond: ids are in order of time, so the primary key serves as an index of it."""
    return UUID(int=int(moment.timestamp() * 1000) << 80)
