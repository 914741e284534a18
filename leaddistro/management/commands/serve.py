"""Becomes one production program: the web server, the worker or the scheduler."""

import os
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.search_key import OtherSearchKey, check_search_key
from leaddistro import checks
from leaddistro.programs import PRODUCTION_PROGRAMS


class Command(BaseCommand):
    help = __doc__
    requires_system_checks = [checks.TAG]

    def add_arguments(self, parser: CommandParser) -> None:
        """Which program."""
        parser.add_argument("program", choices=sorted(PRODUCTION_PROGRAMS))

    def handle(self, *args: Any, **options: Any) -> None:
        """Replace this process, so that signals reach the program itself."""
        refuse_other_search_key()
        program = PRODUCTION_PROGRAMS[options["program"]]()
        os.execve(program.command[0], program.command, os.environ | program.environment)  # noqa: S606 - no shell wanted


def refuse_other_search_key() -> None:
    """Raises CommandError where the key that people are found by is another than the database knows."""
    try:
        check_search_key()
    except OtherSearchKey as error:
        raise CommandError(str(OtherSearchKey.__doc__)) from error
