"""Runs each language's client as its reader would, with a sleep that only notes its length, and a loaded die."""

import importlib.util
import json
import os
import shutil
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

from tests.processes import ROOT

CLIENTS = ROOT / "docs" / "clients"
SOME_TIME = 120.0  # seconds; no client sleeps, so only a hanging one needs that long
_IN_NODE = """
import { readFileSync } from "node:fs";
const { module, lead, options, die } = JSON.parse(readFileSync(0, "utf8"));
const { postLead } = await import(module);
const slept = [];
const told = { slept };
try {
  told.answer = await postLead(lead, { ...options, sleep: async (time) => slept.push(time), dice: () => die });
} catch (error) {
  told.error = error.name;
  told.problem = error.problem;
}
console.log(JSON.stringify(told));
"""


@dataclass(frozen=True, slots=True)
class Told:
    """What came of a post: the answer, or the error's name and the server's problem; and the waits, in seconds."""

    slept: list[float]
    answer: Any = None
    error: str = ""
    problem: Any = None


@dataclass(frozen=True, slots=True)
class Post:
    """A lead on its way. `die` is what every throw shows, from 0 to 1."""

    lead: Mapping[str, Any]
    url: str
    key: str
    idempotency_key: str
    folder: Path
    die: float = 1.0


@cache
def load(name: str) -> ModuleType:
    """A Python client, loaded from its file."""
    spec = importlib.util.spec_from_file_location(name, CLIENTS / f"{name}.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def in_python(post: Post) -> Told:
    """With docs/clients/post_lead.py."""
    client, slept = load("post_lead"), list[float]()
    try:
        answer = client.post_lead(
            post.lead,
            url=post.url,
            key=post.key,
            idempotency_key=post.idempotency_key,
            sleep=slept.append,
            dice=lambda: post.die,
        )
    except client.Refused as refused:
        return Told(slept, error="Refused", problem=refused.problem)
    except client.NoAnswer:
        return Told(slept, error="NoAnswer")
    return Told(slept, answer)


def in_node(post: Post) -> Told:
    """With docs/clients/post_lead.mjs."""
    options = {"url": post.url, "key": post.key, "idempotencyKey": post.idempotency_key}
    asked = {"module": str(CLIENTS / "post_lead.mjs"), "lead": post.lead, "options": options, "die": post.die}
    command = ["node", "--input-type=module", "--eval", _IN_NODE]
    done = subprocess.run(command, input=json.dumps(asked), capture_output=True, text=True, timeout=SOME_TIME)
    assert done.returncode == 0, done.stderr
    return Told(**json.loads(done.stdout))


def with_curl(post: Post) -> Told:
    """With docs/clients/post_lead.sh; its die is two bytes of a file."""
    naps, die = post.folder / "naps", post.folder / "die"
    naps.touch()
    nap = post.folder / "nap"
    nap.write_text(f'#!/bin/sh\necho "$1" >> {naps}\n')
    nap.chmod(0o700)
    die.write_bytes(round(post.die * 0xFFFF).to_bytes(2, "little"))
    surroundings = {"LEADDISTRO_URL": post.url, "LEADDISTRO_KEY": post.key, "SLEEP": str(nap), "DICE": str(die)}
    done = subprocess.run(
        [CLIENTS / "post_lead.sh", post.idempotency_key],
        input=json.dumps(post.lead),
        env=os.environ | surroundings,
        capture_output=True,
        text=True,
        timeout=SOME_TIME,
    )
    slept = [float(line) for line in naps.read_text().split()]
    if done.returncode == 0:
        return Told(slept, json.loads(done.stdout))
    if done.returncode == 1:
        return Told(slept, error="Refused", problem=_problem(done.stderr))
    assert done.returncode == 75, done.stderr
    return Told(slept, error="NoAnswer")


def _problem(text: str) -> Any:
    """The server's problem; of what is no JSON, as the other clients put it."""
    try:
        return json.loads(text)
    except ValueError:
        return {"detail": text}


WAYS: Mapping[str, tuple[str, Callable[[Post], Told]]] = {
    "python": ("python3", in_python),
    "node": ("node", in_node),
    "curl": ("curl", with_curl),
}
"""Each client with the program it needs."""


def is_there(program: str) -> bool:
    """Whether this machine has the program."""
    return shutil.which(program) is not None
