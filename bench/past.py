"""An agency with a past: thousands of leads with outcomes, and two models of the product's own training.

Needs Django to be set up, and no numpy: who scores must find the process as a web server's fork does.
"""

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from math import exp
from random import Random
from types import SimpleNamespace
from typing import Any, Final
from uuid import UUID

from django.conf import settings

from accounts.models import Agency
from core.clock import now
from core.ids import new_id
from scoring.features import Features, Origin, Profile, features_of
from scoring.history import PastLead, record_past
from scoring.models import Model, Target
from scoring.outcomes import Observed
from scoring.registry import promote_model

LEAD_TYPE: Final = "auto_accident"
SEVERITIES: Final = ("minor", "moderate", "severe")
SOURCES: Final = ("google_ads", "social", "partner", "radio", "search")
STATES: Final = (("TX", "75001", "214"), ("CA", "90001", "213"), ("FL", "33101", "305"), ("OH", "43004", "614"))
_KINDS: Final = {"injury_severity": "choice", "fault": "choice", "attorney": "boolean", "treated_days": "integer",
                 "damage": "decimal", "accident_date": "date"}  # fmt: skip
PROFILE: Final = Profile.of(
    LEAD_TYPE, [SimpleNamespace(name=name, type=kind, personal=False) for name, kind in _KINDS.items()]
)
_BATCH: Final = 500


@dataclass(frozen=True, slots=True)
class Posted:
    """A lead as validation hands it on: normalised fields, where it came from, and when."""

    fields: dict[str, Any]
    origin: Origin
    received_at: datetime

    def features(self) -> Features:
        """Its features, by the product's own code."""
        return features_of(
            self.fields, flags=frozenset(), received_at=self.received_at, profile=PROFILE, origin=self.origin
        )


def leads(amount: int, *, seed: int, until: datetime) -> Iterator[tuple[Posted, bool]]:
    """Made-up leads, one every ten minutes until then, and whether each was accepted and kept."""
    dice = Random(seed)
    for place in range(amount):
        received = until - timedelta(minutes=10 * (amount - place))
        fields, source = _fields(dice, received), dice.choice(SOURCES)
        yield Posted(fields, Origin(source, "auto"), received), dice.random() < _chance(fields, source)


def _fields(dice: Random, received: datetime) -> dict[str, Any]:
    state, zip_code, area = dice.choice(STATES)
    accident: date = (received - timedelta(days=dice.randrange(400))).date()
    return {
        "state": state,
        "zip": zip_code,
        "phone": f"+1{dice.choice((area, '212'))}{dice.randrange(2_000_000, 9_999_999)}",
        "email": f"maria{dice.randrange(1000)}@{dice.choice(('gmail.com', 'mailinator.com', 'acme-tools.com'))}",
        "first_name": "Maria",
        "last_name": "Garcia",
        "consent_timestamp": (received - timedelta(minutes=dice.expovariate(0.01))).isoformat(),
        "injury_severity": dice.choice(SEVERITIES),
        "fault": dice.choice(("other", "shared", "own")),
        "attorney": dice.random() < 0.3,
        "treated_days": dice.randrange(60),
        "damage": round(dice.expovariate(1 / 4000), 2),
        "accident_date": accident.isoformat(),
    }


def _chance(fields: dict[str, Any], source: str) -> float:
    odds = 0.8 * SEVERITIES.index(fields["injury_severity"]) - 1.5 * fields["attorney"] - 0.5
    odds += {"other": 0.6, "shared": 0.0, "own": -1.2}[fields["fault"]] + 0.3 * SOURCES.index(source) - 0.6
    odds += 0.03 * min(fields["treated_days"], 30) * (1 if fields["damage"] > 2000 else -0.5)
    return 1 / (1 + exp(-odds - 0.5 * (fields["state"] in ("TX", "FL")) + 0.4))


def open_agency() -> Agency:
    """An agency without anything."""
    return Agency.objects.create(name="Bench", slug="bench")


def remember(agency: Agency, amount: int, *, seed: int) -> None:
    """Opens transactions. Take in so many more leads of the past, whose outcomes are certain."""
    batch: list[PastLead] = []
    for posted, label in leads(amount, seed=seed, until=now() - timedelta(days=seed)):
        ref = new_id(posted.received_at)
        batch.append(PastLead(lead_ref=ref, received_at=posted.received_at, features=posted.features(),
                              observed=(_observed(agency.pk, ref, posted, label),)))  # fmt: skip
        if len(batch) == _BATCH:
            record_past(agency_id=agency.pk, leads=batch)
            batch.clear()
    record_past(agency_id=agency.pk, leads=batch)


def _observed(agency_id: UUID, ref: UUID, posted: Posted, label: bool) -> Observed:
    return Observed(agency_id=agency_id, lead_ref=ref, lead_type=LEAD_TYPE, target=Target.STUCK, label=label,
                    received_at=posted.received_at, matured_at=posted.received_at)  # fmt: skip


def train(agency: Agency, *, in_charge: bool) -> Model:
    """Opens a transaction. A new model by `manage.py train_scorer`, in a process of its own as ever.

    Raises CalledProcessError where that fails.
    """
    command = [sys.executable, "manage.py", "train_scorer", "--agency", agency.public_id, "--lead-type", LEAD_TYPE]
    done = subprocess.run([*command, "--json"], cwd=settings.BASE_DIR, check=True, stdout=subprocess.PIPE)
    (told,) = json.loads(done.stdout)["trained"]
    (model,) = (one for one in Model.objects.all() if one.public_id == told["model_id"])
    return promote_model(model=model, actor="bench", now=now()) if in_charge else model
