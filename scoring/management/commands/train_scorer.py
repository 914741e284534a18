"""Trains scoring models from matured outcomes, and judges those that wait in the shadow of a champion."""

import argparse
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.models import Agency
from core import json
from core.clock import now
from core.ids import BadId, decode
from scoring.habit_reckoning import reckon_habits
from scoring.models import Model, Target
from scoring.recalibration import recalibrate_shared
from scoring.schedule import train_asked, train_claimed, train_due
from scoring.scopes import scope_for
from scoring.shadows import judge_shadows

ACTOR = "system:train_scorer"


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        """One scope, or whatever is due."""
        parser.formatter_class = argparse.RawDescriptionHelpFormatter
        parser.add_argument("--due", action="store_true", help="judge shadows, then train every model that is due")
        parser.add_argument(
            "--asked", action="store_true", help="train what somebody asked for since the last training"
        )
        parser.add_argument("--agency", help="the agency's id (ag_...); the shared model is trained where it shares")
        parser.add_argument("--lead-type", help="the lead type's name")
        parser.add_argument("--target", choices=[Target.STUCK, Target.RETURNED, Target.CONVERTED], default=Target.STUCK)
        parser.add_argument("--json", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        """Train and print what came of it."""
        if options["due"]:
            judged = judge_shadows(now=now())
            trained = train_due(now=now())
            recalibrate_shared(now=now())
            reckon_habits(now=now())
        elif options["asked"]:
            judged, trained = {}, train_asked(now=now())
        else:
            judged, trained = {}, [self._train(options)]
        shown = {"judged": judged, "trained": [_shown(model) for model in trained]}
        self.stdout.write(json.dumps(shown).decode() if options["json"] else _lines(shown))

    def _train(self, options: dict[str, Any]) -> Model:
        if not (options["agency"] and options["lead_type"]):
            raise CommandError("Give --agency and --lead-type, or --due, or --asked.")
        scope = scope_for(
            agency_id=_agency_id(options["agency"]), lead_type=options["lead_type"], target=options["target"]
        )
        model = train_claimed(scope=scope, now=now(), actor=ACTOR)
        if model is None:
            few = f"{scope.lead_type} has fewer than 20 matured outcomes of each kind"
            raise CommandError(f"Not trained: {few}, or is being trained now.")
        return model


def _agency_id(text: str) -> UUID:
    try:
        found = Agency.objects.filter(pk=decode(Agency.prefix, text)).values_list("pk", flat=True).first()
    except BadId as error:
        raise CommandError(f"{text} is no agency's id; it looks like ag_01...") from error
    if found is None:
        raise CommandError(f"There is no agency {text}.")
    return found


def _shown(model: Model) -> dict[str, Any]:
    return {
        "model_id": model.public_id,
        "lead_type": model.lead_type,
        "target": str(model.target),
        "shared": model.agency_id is None,
        "stage": str(model.stage),
        "state": str(model.state),
        "rows": model.rows,
        "positives": model.positives,
        "metrics": model.metrics,
    }


def _lines(shown: dict[str, Any]) -> str:
    judged = [f"{model_id}  {end}" for model_id, end in shown["judged"].items()]
    trained = [f"{one['model_id']}  {one['lead_type']} {one['target']}: {one['stage']}, {one['state']}, "
               f"{one['rows']} leads" for one in shown["trained"]]  # fmt: skip
    return "\n".join([*judged, *trained]) or "Nothing is due."
