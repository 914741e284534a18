"""Creates an agency with its owner and first keys, which are shown this once."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.agencies import NewAgency, create_agency
from core import json
from core.errors import FieldProblems


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        """The agency and its owner."""
        parser.add_argument("--name", required=True)
        parser.add_argument("--email", required=True)
        parser.add_argument("--password")
        parser.add_argument("--currency", default="USD")
        parser.add_argument("--timezone", default="America/New_York")
        parser.add_argument("--json", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        """Create it and print what cannot be seen again."""
        wanted = {name: options[name] for name in ("name", "email", "password", "currency", "timezone")}
        try:
            made = create_agency(**wanted)
        except FieldProblems as refused:
            lines = (f"--{error.field}: {error.detail}" for error in refused.errors)
            raise CommandError("\n".join(lines)) from refused
        shown = _shown(made)
        self.stdout.write(json.dumps(shown).decode() if options["json"] else _lines(shown))


def _shown(made: NewAgency) -> dict[str, Any]:
    return {
        "agency_id": made.agency.public_id,
        "login": {"email": made.owner.email, "password": made.password},
        "keys": {"live": made.live.text, "test": made.test.text},
    }


def _lines(shown: dict[str, Any]) -> str:
    login, keys = shown["login"], shown["keys"]
    return "\n".join(
        (
            f"Agency    {shown['agency_id']}",
            f"Sign-in   {login['email']}  {login['password'] or '(as before)'}",
            f"Live key  {keys['live']}",
            f"Test key  {keys['test']}",
        )
    )
