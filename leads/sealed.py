"""What is stored of a lead and its decisions under the lead's key: how it is packed, and what each seal is bound to."""

from collections.abc import Mapping
from typing import Any, Final, cast
from uuid import UUID
from zlib import compress, decompress

from core import json
from core.sealing import Sealer

FAST: Final = 1  # zlib's level: a fifth of the size is worth the time on the hot path, the last percents are not


def lead_context(lead_id: UUID) -> str:
    """What a lead's sealed contents are bound to."""
    return f"leads.lead.sealed/{lead_id}"


def seal_decision(sealer: Sealer, decision_id: UUID, record: Mapping[str, Any]) -> bytes:
    """A decision's record as it is stored: packed first, since what is sealed cannot be packed by the database."""
    return sealer.seal(compress(json.dumps(record), FAST), _decision_context(decision_id))


def open_decision(sealer: Sealer, decision_id: UUID, sealed: bytes) -> dict[str, Any]:
    """The record that `seal_decision` stored. Raises core.sealing.Unsealable."""
    return cast(dict[str, Any], json.loads(decompress(sealer.open(sealed, _decision_context(decision_id)))))


def _decision_context(decision_id: UUID) -> str:
    return f"leads.decision.sealed/{decision_id}"
