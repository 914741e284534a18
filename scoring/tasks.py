"""What time asks of scoring. Learning runs in a process of its own: minutes of one core, and a library to be loaded."""

import subprocess
import sys
from pathlib import Path

from celery import shared_task
from django.conf import settings

from core.clock import now
from scoring.standings import reckon_standings


@shared_task(name="scoring.reckon_standings", ignore_result=True)
def reckon_hourly_standings() -> None:
    """Reckon what percentiles are read from."""
    reckon_standings(now=now())


@shared_task(name="scoring.train", ignore_result=True)
def train_and_judge() -> None:
    """Judge shadows, train what is due, fit shared models to their agencies."""
    command = [sys.executable, str(Path(settings.BASE_DIR) / "manage.py"), "train_scorer", "--due"]
    subprocess.run(command, check=True)
