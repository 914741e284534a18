"""A delivery method `http`, compiled: its stages, and what of a lead its buyer may be shown before it has bought."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from buyers.exchange.hashes import contact_hashes
from buyers.exchange.stages import Stage


@dataclass(frozen=True, slots=True)
class HttpMethod:
    """How one buyer is asked (`ping`), sold to (`post`) and told that it lost (`loss`). Immutable, shared by threads.

    `allowed_hashes` are the names of hashes that pings may carry, `pingable` the fields of the lead that they may.
    """

    post: Stage
    ping: Stage | None = None
    loss: Stage | None = None
    pingable: frozenset[str] = frozenset()
    allowed_hashes: frozenset[str] = frozenset()
    hash_key: bytes = field(default=b"", repr=False)

    def hashes(self, lead: Mapping[str, Any]) -> dict[str, str]:
        """The hashes of the lead's contact data that this buyer is allowed, by name such as `phone_sha256`."""
        return contact_hashes(lead, self.allowed_hashes, self.hash_key)

    def pingable_part(self, lead: Mapping[str, Any]) -> dict[str, Any]:
        """What of the lead a ping or a loss notice may show."""
        return {name: value for name, value in lead.items() if name in self.pingable}


def compile_method(config: Mapping[str, Any], *, currency: str, pingable: Collection[str]) -> HttpMethod:
    """The method of a document `{"method": "http", ...}` whose secrets are opened; `pingable` as the lead type says.

    Raises FieldProblems naming every fault by its dotted path inside the document.
    """
    raise NotImplementedError
