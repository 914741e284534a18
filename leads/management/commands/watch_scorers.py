"""Looks at all scores: whether they came true, whether leads have changed, how groups fare; alarms where it is due."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from core import json
from core.clock import now
from leads.score_alarms import watch_scores


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        """How it is told."""
        parser.add_argument("--json", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        """Look, and print how much there was to see."""
        done = watch_scores(now=now())
        said = ", ".join(f"{count} {name.replace('_', ' ')}" for name, count in done.items())
        self.stdout.write(json.dumps(done).decode() if options["json"] else said)
