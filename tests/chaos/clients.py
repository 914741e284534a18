"""The sources: they post leads as the documentation tells them to, and repeat whatever was not answered."""

import json
import random
import time
from collections import Counter, defaultdict
from collections.abc import Iterable
from http.client import HTTPConnection, HTTPException
from queue import Empty, SimpleQueue
from threading import Lock, Thread
from typing import Any

from tests.chaos.market import CAMPAIGN, Address

CLIENTS = 8
AGAIN = {409, 429, 500, 502, 503, 504}
NERVOUS = 7  # every so many leads, two clients post the same one at once under the same key


class Clients:
    """Eight connections that post leads 0 to `count`; `answers` are the final ones by the lead's number."""

    def __init__(self, address: Address, count: int) -> None:
        self.address = address
        self.answers: dict[int, list[tuple[int, dict[str, Any]]]] = defaultdict(list)
        self.repeats: Counter[str] = Counter()
        self._jobs: SimpleQueue[int] = SimpleQueue()
        for number in _with_repetitions(range(count)):
            self._jobs.put(number)
        self._writing = Lock()
        self._threads = [Thread(target=self._post_all, daemon=True) for _ in range(CLIENTS)]

    def start(self) -> None:
        """Begin to post."""
        for thread in self._threads:
            thread.start()

    @property
    def answered(self) -> int:
        """How many leads have an answer."""
        return len(self.answers)

    @property
    def busy(self) -> bool:
        """Whether some lead has none yet."""
        return any(thread.is_alive() for thread in self._threads)

    def _post_all(self) -> None:
        connection = HTTPConnection("127.0.0.1", self.address.port, timeout=30)
        while True:
            try:
                number = self._jobs.get_nowait()
            except Empty:
                connection.close()
                return
            answer = self._post(connection, number)
            with self._writing:
                self.answers[number].append(answer)

    def _post(self, connection: HTTPConnection, number: int) -> tuple[int, dict[str, Any]]:
        headers = self.address.headers | {"Idempotency-Key": f"form-{number}"}
        body = json.dumps(lead(number))
        while True:
            try:
                connection.request("POST", "/v1/leads", body, headers)
                answer = connection.getresponse()
                content = answer.read()
            except (OSError, HTTPException):
                connection.close()
                self._repeat("no answer")
                continue
            if answer.status not in AGAIN:
                return answer.status, json.loads(content)
            self._repeat(str(answer.status))

    def _repeat(self, why: str) -> None:
        with self._writing:
            self.repeats[why] += 1
        time.sleep(random.uniform(0.05, 0.3))


def lead(number: int) -> dict[str, Any]:
    """The lead of this number: no two are of one person."""
    return {
        "campaign_id": CAMPAIGN,
        "external_id": str(number),
        "first_name": "Maria",
        "phone": f"+1212{2_000_000 + number}",
        "email": f"maria{number}@example.com",
        "state": "TX",
    }


def _with_repetitions(numbers: Iterable[int]) -> Iterable[int]:
    for number in numbers:
        yield number
        if number % NERVOUS == 0:
            yield number
