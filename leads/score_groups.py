"""What fairness reports need to know from outside scoring: the scores that contracts ask, and groups of people.

Groups come from fields that the agency declared, collects anyway and named for comparison. They are opened from the
leads' sealed contents at night, and kept apart from everything that a model could learn from.
"""

import logging
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from accounts.vault import open_data_keys
from buyers.models import Contract
from core import json
from leads.models import Lead
from leads.sealed import lead_context
from scoring.models import Belonging, Policy
from scoring.people import WINDOW, keep_belongings, without_belonging

log = logging.getLogger(__name__)

_MOST: Final = 5_000
_BATCH: Final = 500
_LONGEST: Final = 80


def note_thresholds() -> None:
    """Opens transactions. Write down for every lead type with a policy which scores its contracts ask at the least."""
    contracts = Contract.objects.filter(status="active", min_score__gt=0)
    asked: dict[tuple[UUID, str], set[int]] = {}
    for agency_id, lead_type, score in contracts.values_list("agency_id", "campaign__lead_type__name", "min_score"):
        asked.setdefault((agency_id, lead_type), set()).add(score)
    for policy in Policy.objects.all():
        thresholds = sorted(asked.get((policy.agency_id, policy.lead_type), ()))
        if thresholds != policy.thresholds:
            Policy.objects.filter(pk=policy.pk).update(thresholds=thresholds)


def note_groups(*, now: datetime) -> int:
    """Opens transactions. Write down which groups people belong to, where an agency compares them; how many facts."""
    noted = 0
    for policy in Policy.objects.exclude(compared=[]).order_by("pk"):
        for attribute in policy.compared:
            try:
                noted += _note_all(policy, attribute, now)
            except Exception:  # of one agency: a report on the others' is due all the same
                log.exception("the groups of %s of agency %s could not be noted", policy.lead_type, policy.agency_id)
    return noted


def _note_all(policy: Policy, attribute: str, now: datetime) -> int:
    lead_ids = without_belonging(
        agency_id=policy.agency_id,
        lead_type=policy.lead_type,
        attribute=attribute,
        since=now - WINDOW,
        limit=_MOST,
    )
    batches = [lead_ids[start : start + _BATCH] for start in range(0, len(lead_ids), _BATCH)]
    return sum(_note(policy, attribute, batch) for batch in batches)


def _note(policy: Policy, attribute: str, lead_ids: Sequence[UUID]) -> int:
    """Three statements. A lead that is erased, or says nothing, is noted as unknown, and not opened again."""
    fields = _fields(lead_ids)
    rows = [
        Belonging(
            agency_id=policy.agency_id,
            lead_type=policy.lead_type,
            lead_ref=lead_id,
            attribute=attribute,
            group=_group(fields.get(lead_id, {}).get(attribute)),
        )
        for lead_id in lead_ids
    ]
    keep_belongings(rows)
    return len(rows)


def _fields(lead_ids: Sequence[UUID]) -> dict[UUID, Mapping[str, Any]]:
    sealers = open_data_keys(lead_ids)
    rows = Lead.objects.filter(pk__in=list(sealers)).values_list("pk", "sealed")
    return {pk: json.loads(sealers[pk].open(bytes(sealed), lead_context(pk)))["fields"] for pk, sealed in rows}


def _group(value: object) -> str:
    return str(value).strip().lower()[:_LONGEST] if isinstance(value, str | int | bool) else ""
