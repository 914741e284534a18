"""Posts a lead to leaddistro exactly once. Python 3.10 or newer, standard library only.

LEADDISTRO_URL=https://leads.example.com LEADDISTRO_KEY=ldk_live_... python3 post_lead.py form-8412 < lead.json
"""

import http.client
import json
import os
import random
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from typing import Any

FIRST_WAIT, LONGEST_WAIT = 1, 32  # seconds


class Refused(Exception):
    """The lead was refused; sending it again changes nothing. `problem` says why, field by field."""

    def __init__(self, problem: Mapping[str, Any]) -> None:
        super().__init__(problem.get("detail"))
        self.problem = problem


class NoAnswer(Exception):
    """Nobody answered in all tries. The lead may be recorded: post it later with the same Idempotency-Key."""


def post_lead(
    lead: Mapping[str, Any],
    *,
    url: str,
    key: str,
    idempotency_key: str,
    tries: int = 8,
    sleep: Callable[[float], object] = time.sleep,
    dice: Callable[[], float] = random.random,
) -> Any:
    """The answer to this lead, a dict. Raises Refused or NoAnswer.

    `idempotency_key` is one for each lead, kept with the lead before the first try: whoever repeats the post, after a
    crash too, uses it again.
    """
    headers = {
        "Authorization": f"Bearer {key}",
        "Content-Type": "application/json",
        "Idempotency-Key": idempotency_key,
    }
    request = urllib.request.Request(f"{url}/v1/leads", data=json.dumps(lead).encode(), headers=headers)
    for number in range(tries):
        status, asked, answer = ask(request)
        if 200 <= status < 300:
            return answer
        if not may_repeat(status, asked):
            raise Refused(answer)
        if number < tries - 1:
            # A random time up to 1, 2, 4 ... at most 32 s, after what the server asked for.
            sleep(seconds(asked) + dice() * min(FIRST_WAIT * 2**number, LONGEST_WAIT))
    raise NoAnswer(f"{tries} tries, the last one with status {status or 'none'}")


def ask(request: urllib.request.Request) -> tuple[int, str | None, Any]:
    """One try: status, Retry-After and answer. Status 0: no answer or half of one, and the lead may be recorded."""
    try:
        try:
            response = urllib.request.urlopen(request, timeout=40)
        except urllib.error.HTTPError as error:
            response = error
        with response:
            return response.status, response.headers.get("Retry-After"), read(response.read())
    except (OSError, http.client.HTTPException):
        return 0, None, None


def may_repeat(status: int, asked: str | None) -> bool:
    """Whether the same request may succeed later: no answer, too many requests, our fault, 409 that says when."""
    return status == 0 or status == 429 or status >= 500 or (status == 409 and asked is not None)


def read(body: bytes) -> Any:
    """The JSON in the body; of what is none (a proxy's page), its first line."""
    try:
        return json.loads(body)
    except ValueError:
        return {"detail": body[:200].decode(errors="replace")}


def seconds(asked: str | None) -> int:
    """What Retry-After asks for; leaddistro always says it in whole seconds."""
    return int(asked) if asked and asked.strip().isdigit() else 0


if __name__ == "__main__":
    answer = post_lead(
        json.load(sys.stdin),
        url=os.environ["LEADDISTRO_URL"],
        key=os.environ["LEADDISTRO_KEY"],
        idempotency_key=sys.argv[1],
    )
    print(json.dumps(answer, indent=2))
