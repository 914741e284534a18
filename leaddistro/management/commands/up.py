"""Runs everything on this machine: broker, web, worker, scheduler; with demo data unless SEED_DEMO=0."""

import fcntl
import http.client
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import IO, Any

from django.conf import settings
from django.core.management import call_command, get_commands
from django.core.management.base import BaseCommand, CommandError
from django.db import connection, connections
from django.db.migrations.executor import MigrationExecutor

from leaddistro import checks, programs
from leaddistro.management.commands.serve import refuse_other_search_key
from leaddistro.parent_death import die_with_parent, dying_with
from leaddistro.supervisor import Supervisor, say

SEED = "seed_demo"
EVERYWHERE = "0.0.0.0"  # noqa: S104 - only compared with
DEMO_RECEIVER = "127.0.0.1/32"  # where the demo's buyers listen


class Command(BaseCommand):
    help = __doc__
    requires_system_checks = [checks.TAG]

    def handle(self, *args: Any, **options: Any) -> None:
        """Refuse what cannot work, bring the database up to date, then supervise until told to stop."""
        if "MAKELEVEL" in os.environ:
            die_with_parent(signal.SIGTERM)  # a killed `make` stops all, too
        refuse_taken_port(settings.HOST, settings.PORT)
        lock = claim_folder(settings.DATA_DIR)
        migrate_if_needed()
        self.seeds = settings.DEMO and SEED in get_commands()
        everything = [programs.valkey(), programs.web(), programs.worker(), programs.beat()]
        self.environment = environment(with_demo=self.seeds)
        self.seeding: subprocess.Popen[bytes] | None = None
        self.greeted = False
        Supervisor([program for program in everything if program], self.environment).run(self.greet)
        lock.close()
        say("stopped")

    def greet(self) -> None:
        """Once the web server answers: say so, and let the demo data be made beside it, through its own door."""
        if self.greeted:
            if self.seeding:
                self.seeding.poll()
            return
        if not answers(settings.HOST, settings.PORT):
            return
        self.greeted = True
        say(f"running at {settings.PUBLIC_URL} (data in {settings.DATA_DIR}); Ctrl-C stops it")
        if self.seeds:
            command = [sys.executable, "manage.py", SEED]
            self.seeding = subprocess.Popen(
                command, cwd=settings.BASE_DIR, env=self.environment, preexec_fn=dying_with(os.getpid())
            )


def refuse_taken_port(host: str, port: int) -> None:
    """Raises CommandError where somebody listens on the port already (the web server would share it silently)."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise CommandError(
                f"Port {port} is taken ({error.strerror}). Choose another: PORT=8001 make run"
            ) from error


def claim_folder(folder: Path) -> IO[str]:
    """The lock on the data folder, made if missing; raises CommandError where another house runs on it."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    lock = (folder / "up.lock").open("w")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        lock.close()
        raise CommandError(f"Already running on {folder}. Stop that one, or choose another DATA_DIR.") from error
    return lock


def migrate_if_needed() -> None:
    """Bring the database up to date, see that it is ours to search, and let go of it.

    Finding that it is up to date costs a tenth of the command that says so.
    """
    executor = MigrationExecutor(connection)
    if executor.migration_plan(executor.loader.graph.leaf_nodes()):
        call_command("migrate", interactive=False, verbosity=0)
    refuse_other_search_key()
    connections.close_all()


def environment(*, with_demo: bool) -> dict[str, str]:
    """What the children inherit: quiet logs unless wished otherwise, and the demo's own receiver as a target."""
    wishes = {"LOG_LEVEL": "warning", "DJANGO_SETTINGS_MODULE": "leaddistro.settings"}
    told = wishes | {name: value for name, value in os.environ.items() if value or name not in wishes}
    return told | {"EGRESS_ALLOW": ",".join([*settings.EGRESS_ALLOW, DEMO_RECEIVER])} if with_demo else told


def answers(host: str, port: int) -> bool:
    """Whether the web server answers its health page."""
    connection = http.client.HTTPConnection("127.0.0.1" if host == EVERYWHERE else host, port, timeout=1)
    try:
        connection.request("GET", "/healthz")
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
