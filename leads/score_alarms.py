"""Looks after scores, and tells the operator: an e-mail, an event for whoever subscribed, an audit entry, a log line.

What is looked at and when it is an alarm is scoring's to know; here is where it is told.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Final
from uuid import UUID

from django.db import transaction

from accounts.notices import notify
from core import json
from core.clock import rfc3339
from core.ids import new_id
from leads.score_groups import note_groups, note_thresholds
from leads.score_mails import alarm_mail
from leads.telling import API_VERSION
from scoring.alarms import Alarm, keep_watch, prune_watches
from scoring.models import Model, State
from scoring.people import report_fairness
from scoring.pulse import feel_pulse, keep_pulse
from scoring.watching import watch_all
from webhooks.outbox import NewEvent, enqueue

log = logging.getLogger(__name__)

_WATCHED: Final = (State.CHAMPION, State.CHALLENGER, State.SHADOW)


def watch_scores(*, now: datetime) -> dict[str, int]:
    """Opens transactions. Look at every score, write it down, alarm where it is due; how many looks, alarms, reports.

    Takes minutes and loads the model library: for a process of its own (`manage.py watch_scorers`).
    """
    looks = alarms = 0
    for watched in watch_all(now=now):
        looks += 1
        with _by_itself(watched.lead_type, watched.agency_id), transaction.atomic():
            alarm = keep_watch(watched, now=now)
            if alarm is not None:
                tell_alarm(alarm, now=now)
                alarms += 1
    note_thresholds()
    note_groups(now=now)
    reports = _report_all(now)
    prune_watches(now=now)
    return {"watched": looks, "alarms": alarms, "fairness_reports": reports}


def feel_pulses(*, now: datetime) -> int:
    """Opens transactions. Whether champions answer, and fast enough; how many new alarms."""
    alarms = 0
    for pulse in feel_pulse(now=now):
        with _by_itself(pulse.lead_type, pulse.agency_id), transaction.atomic():
            if keep_pulse(pulse, now=now):
                failing = Alarm(pulse.agency_id, pulse.lead_type, pulse.model, pulse.alarming)
                tell_alarm(failing, event="model.failing", now=now)
                alarms += 1
    return alarms


@contextmanager
def _by_itself(lead_type: str, agency_id: UUID) -> Iterator[None]:
    """What fails in here is logged, and holds up nobody else's."""
    try:
        yield
    except Exception:
        log.exception("the scores of %s of agency %s could not be looked after", lead_type, agency_id)


def _report_all(now: datetime) -> int:
    models = list(Model.objects.filter(state__in=_WATCHED).order_by("created_at", "id"))
    for model in models:
        try:
            report_fairness(model=model, now=now)
        except Exception:
            log.exception("no fairness report of model %s", model.public_id)
    return len(models)


def tell_alarm(alarm: Alarm, *, now: datetime, event: str = "model.drift") -> None:
    """Needs a transaction. One event and one e-mail a day for each model and lead type, whatever else is found."""
    lead_type, model = alarm.lead_type, alarm.model
    found = [finding.record() for finding in alarm.findings]
    log.error("%s: scores of %s by %s: %s", event, lead_type, model, ", ".join(one["check"] for one in found))
    body = {
        "event": event,
        "type": event,
        "timestamp": rfc3339(now),
        "api_version": API_VERSION,
        "lead_type": lead_type,
        "model_id": model,
        "findings": found,
    }
    key = f"{event}:{lead_type}:{model}:{now.date()}"
    subject, text = alarm_mail(lead_type, model, found, training=alarm.training)
    notify(agency_id=alarm.agency_id, key=key, subject=subject, text=text, now=now)
    told = NewEvent(id=new_id(), type=event, key=key, body=json.dumps(body))
    enqueue(agency_id=alarm.agency_id, mode="live", events=[told])
