"""Names to addresses, every one of them checked: the connection goes to what was checked and to nothing else."""

import asyncio
import socket
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from ipaddress import ip_address
from typing import Final

from core.http.addresses import Address, Network, is_allowed, is_inside

Lookup = Callable[[str, int], Awaitable[Sequence[str]]]
"""All addresses of a host name, as text. Raises OSError or UnicodeError where there are none."""

_PATIENCE: Final = 2.0  # seconds
_MOST: Final = 16
_TRIED: Final = 3

# A pool of our own: dead names hang in the C library, and a handful of them must not stop every other look-up.
_threads: Final = ThreadPoolExecutor(32, thread_name_prefix="dns")


class LookupFailed(OSError):
    """The name does not resolve, or not in time."""


class BlockedAddress(OSError):
    """The name resolves to an address that we do not call."""


async def system_lookup(host: str, port: int) -> Sequence[str]:
    """All A and AAAA answers of the machine's resolver, in its order of preference."""
    ask = asyncio.get_running_loop().run_in_executor(
        _threads, lambda: socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    )
    return list(dict.fromkeys(str(answer[4][0]) for answer in await ask))


async def resolve(
    host: str, port: int, *, lookup: Lookup, allow: Sequence[Network], inside_only: bool
) -> list[Address]:
    """At most three addresses to try, of both families where there are two.

    One bad answer condemns a public name: a host that resolves inwards now and then is an attack, not an accident. Of
    a name that must be `inside_only` the operator's networks, the addresses outside them are left out (localhost is
    often two). Raises LookupFailed or BlockedAddress.
    """
    addresses = [_read(answer, host) for answer in await _ask(host, port, lookup)]
    if inside_only:
        inside = [address for address in addresses if is_inside(address, allow)]
        if not inside:
            raise BlockedAddress(f"{host} is not in a network that the operator allows")
        return _spread(inside)
    for address in addresses:
        if not is_allowed(address, allow):
            raise BlockedAddress(f"{host} resolves to {address}, which may not be called")
    return _spread(addresses)


async def _ask(host: str, port: int, lookup: Lookup) -> Sequence[str]:
    try:
        answers = await asyncio.wait_for(lookup(host, port), _PATIENCE)
    except TimeoutError as error:
        raise LookupFailed(f"no answer for {host} within {_PATIENCE:.0f} s") from error
    except (OSError, UnicodeError) as error:
        raise LookupFailed(f"{host} does not resolve") from error
    if not answers:
        raise LookupFailed(f"{host} does not resolve")
    if len(answers) > _MOST:
        raise BlockedAddress(f"{host} has more than {_MOST} addresses")
    return answers


def _read(answer: str, host: str) -> Address:
    try:
        return ip_address(answer)
    except ValueError as error:
        raise BlockedAddress(f"{host} resolves to something that is no address") from error


def _spread(addresses: Sequence[Address]) -> list[Address]:
    first = addresses[0]
    other_family = [address for address in addresses if address.version != first.version][:1]
    rest = [address for address in addresses[1:] if address not in other_family]
    return [first, *other_family, *rest][:_TRIED]
