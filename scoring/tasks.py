"""What time and people ask of scoring.

Learning runs in a process of its own: it takes minutes of one core, and a library to be loaded.
"""

import subprocess
import sys
from pathlib import Path

from celery import shared_task
from django.conf import settings

from core.clock import now
from scoring.requests import LATELY, asked_scopes
from scoring.standings import reckon_standings


@shared_task(name="scoring.reckon_standings", ignore_result=True)
def reckon_hourly_standings() -> None:
    """Reckon what percentiles are read from."""
    reckon_standings(now=now())


@shared_task(name="scoring.train", ignore_result=True)
def train_and_judge() -> None:
    """Judge shadows, train what is due, fit shared models to their agencies."""
    _train("--due")


@shared_task(name="scoring.train_asked", ignore_result=True)
def train_what_was_asked() -> None:
    """Train what somebody wished for within the hour; nothing is started where nobody did."""
    if asked_scopes(since=now() - LATELY):
        _train("--asked")


def _train(what: str) -> None:
    command = [sys.executable, str(Path(settings.BASE_DIR) / "manage.py"), "train_scorer", what]
    subprocess.run(command, check=True)
