"""`manage.py check_ledger`: prove the books. Exit 0 and totals, or exit 1 and every difference."""

import sys
from argparse import ArgumentParser
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from billing.check import Proof, check_ledger
from core import json
from core.clock import now
from core.ids import BadId, decode, encode
from core.money import to_major


class Command(BaseCommand):
    help = "Prove the ledger: every balance, hold and journal against the transfers."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Which books, and in which form."""
        parser.add_argument("--agency", help="id (ag_...) of the one agency to check; all are checked without it")
        parser.add_argument("--json", action="store_true", help="one JSON document instead of lines")

    def handle(self, *args: Any, **options: Any) -> None:
        """Print the proof; exit 1 where it fails."""
        try:
            agency_id = decode("ag", options["agency"]) if options["agency"] else None
        except BadId as error:
            raise CommandError(f"no agency has the id {error}") from error
        proof = check_ledger(now=now(), agency_id=agency_id)
        self.stdout.write(_document(proof) if options["json"] else _lines(proof))
        if not proof.holds:
            sys.exit(1)


def _document(proof: Proof) -> str:
    named = {
        "ok": proof.holds,
        "totals": [_total(asdict(total)) for total in proof.totals],
        "differences": [_named(asdict(difference)) for difference in proof.differences],
    }
    return json.dumps(named).decode()


def _named(row: dict[str, Any]) -> dict[str, Any]:
    return row | {"agency_id": encode("ag", row["agency_id"])}


def _total(row: dict[str, Any]) -> dict[str, Any]:
    return _named(row) | {"turnover": to_major(row["turnover"], row["currency"])}


def _lines(proof: Proof) -> str:
    lines = [
        f"{encode('ag', total.agency_id)} {total.mode}: {total.transfers} transfers, "
        f"debits = credits = {to_major(total.turnover, total.currency)} {total.currency}"
        for total in proof.totals
    ]
    lines += [
        f"DIFFERENCE {d.check} {encode('ag', d.agency_id)} {d.mode} {d.subject}: expected {d.expected}, found {d.found}"
        for d in proof.differences
    ]
    lines.append("The books prove." if proof.holds else f"{len(proof.differences)} difference(s).")
    return "\n".join(lines)
