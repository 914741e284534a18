"""The commands of the house."""

import os
import re
import subprocess

import pytest

from tests.processes import ROOT

MAKEFILE = (ROOT / "Makefile").read_text()
PROMISED = {"run", "test", "check", "fmt", "web", "worker", "beat", "bench", "lock"}


def test_make_alone_lists_every_command_with_its_purpose() -> None:
    listed = subprocess.run(
        ["make", "--no-print-directory"], cwd=ROOT, check=True, capture_output=True, text=True
    ).stdout
    named = {line.split()[0] for line in listed.splitlines() if len(line.split()) > 1}
    [phony] = re.findall(r"^\.PHONY: (.*)$", MAKEFILE, flags=re.MULTILINE)
    assert named == set(phony.split()) - {"environment", "environment-dev"}
    assert named >= PROMISED


def test_what_python_compiled_is_kept_whatever_the_shell_wishes() -> None:
    wish = os.environ | {"PYTHONDONTWRITEBYTECODE": "1"}
    told = subprocess.run(
        ["make", "--eval=tell: ; @env", "tell"], cwd=ROOT, env=wish, check=True, capture_output=True, text=True
    ).stdout
    assert "PATH=" in told
    assert "PYTHONDONTWRITEBYTECODE" not in told


@pytest.mark.parametrize("name", ["requirements", "requirements-dev"])
def test_what_is_asked_for_is_locked_with_hashes(name: str) -> None:
    wanted = re.findall(r"^([a-z0-9-]+)(?:\[[^]]*\])?==(\S+)", (ROOT / f"{name}.txt").read_text(), flags=re.MULTILINE)
    lock = (ROOT / f"{name}.lock").read_text()
    assert wanted
    for package, version in wanted:
        assert re.search(
            rf"^{package}=={re.escape(version)}( ;[^\n]*)? \\\n    --hash=sha256:", lock, flags=re.MULTILINE
        ), package
    assert "://" not in lock
