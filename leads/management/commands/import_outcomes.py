"""Takes in an agency's past from a CSV file, packed or not: leads with what became of them, to learn scores from."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.models import Agency
from accounts.principals import SystemActor
from core import json
from core.clock import now
from core.errors import FieldProblems
from core.ids import BadId, decode
from leads.history import Imported, import_outcomes
from scoring.tables import BadTable, read_table


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        """The file, whose it is, and how careful to be."""
        parser.add_argument("file", type=Path)
        parser.add_argument("--agency", required=True, help="the agency's id (ag_...)")
        parser.add_argument("--dry-run", action="store_true", help="say what would happen, change nothing")
        parser.add_argument("--skip-invalid", action="store_true", help="leave out rows with problems instead of all")
        parser.add_argument("--json", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        """Import, and print what came of it."""
        agency_id = _agency(options["agency"]).pk
        try:
            found = import_outcomes(
                actor=SystemActor(agency_id, "system:import_outcomes"),
                rows=read_table(options["file"]),
                now=now(),
                dry_run=options["dry_run"],
                skip_invalid=options["skip_invalid"],
            )
        except (BadTable, OSError) as error:
            raise CommandError(str(error)) from error
        except FieldProblems as refused:
            lines = [f"{error.field}: {error.detail}" for error in refused.errors]
            raise CommandError("\n".join([refused.detail, *lines])) from refused
        self.stdout.write(json.dumps(found.to_record()).decode() if options["json"] else _told(found))


def _agency(text: str) -> Agency:
    try:
        agency = Agency.objects.filter(pk=decode(Agency.prefix, text)).first()
    except BadId as error:
        raise CommandError(f"{text} is no agency's id; it looks like ag_01...") from error
    if agency is None:
        raise CommandError(f"There is no agency {text}.")
    return agency


def _told(found: Imported) -> str:
    verb = "would be" if found.dry_run else "were"
    lines = [
        f"{found.imported} of {found.rows} rows {verb} imported, {found.updated} updated, {found.invalid} left out."
    ]
    lines += [f"row {one.row} {one.error.field}: {one.error.detail}" for one in found.problems]
    return "\n".join(lines)
