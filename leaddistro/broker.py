"""From REDIS_URL to what Celery wants to hear, or to a broker of files where there is neither Redis nor Valkey."""

from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

NO_WAITING = {"max_retries": 1, "interval_start": 0, "interval_step": 0, "interval_max": 0}
CONNECT_TIMEOUT = 0.2  # seconds; publishing to a broker that is away fails at once, and the sweep finds the row


def over_redis(redis_url: str) -> dict[str, Any]:
    """Celery's settings for Redis or Valkey: a Unix socket is `redis+socket://`, its database the `virtual_host`."""
    parts = urlsplit(redis_url)
    if parts.scheme == "unix":
        number = parse_qs(parts.query).get("db", ["0"])[0]
        redis_url = f"redis+socket://{parts.path}?virtual_host={number}"
    options = {"visibility_timeout": 3600, "socket_connect_timeout": CONNECT_TIMEOUT, **NO_WAITING}
    return {"broker_url": redis_url, "broker_transport_options": options}


def over_files(folder: Path) -> dict[str, Any]:
    """Celery's settings for messages as files in `folder`, which is made. Good for thousands waiting, not millions."""
    control = folder / "control"
    control.mkdir(parents=True, exist_ok=True)
    options = {"data_folder_in": str(folder), "data_folder_out": str(folder), "control_folder": str(control)}
    return {"broker_url": "filesystem://", "broker_transport_options": options}
