"""Posts the demo's leads to the running web server, each with the key of its source, as the sources would."""

import http.client
import time
from collections import Counter
from collections.abc import Iterable

from core import json
from leads.demo.posts import Post

_TRIES = 10
_LATER = (429, 503)


def send_posts(posts: Iterable[Post], *, port: int, keys: dict[str, str]) -> Counter[str]:
    """How many leads ended how: the status of each answer, "refused" where a post was no valid lead.

    Every post has an Idempotency-Key, so that sending them again after an interruption makes no lead twice.
    Raises OSError where the server goes away, RuntimeError where it answers what no lead should get.
    """
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        return Counter(_send(connection, post, keys[post.source]) for post in posts)
    finally:
        connection.close()


def _send(connection: http.client.HTTPConnection, post: Post, key: str) -> str:
    headers = {
        "Authorization": f"Bearer {key}",
        "Content-Type": "application/json",
        "Idempotency-Key": f"demo-{post.number:03d}",
    }
    for _ in range(_TRIES):
        connection.request("POST", "/v1/leads", json.dumps(post.body), headers)
        answer = connection.getresponse()
        body = answer.read()
        if answer.status in (201, 202):
            return str(json.loads(body)["status"])
        if answer.status == 422:
            return "refused"
        if answer.status not in _LATER:
            break
        time.sleep(int(answer.headers.get("Retry-After", 1)))
    raise RuntimeError(f"POST /v1/leads answered {answer.status}: {body[:300].decode(errors='replace')}")
