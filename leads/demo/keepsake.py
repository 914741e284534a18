"""What the demo must remember to show it again: passwords, keys and signing secrets, in one file for its owner only.

Nothing of the kind exists outside the demo: keys are hashed, secrets sealed and shown once.
"""

import os
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

from django.conf import settings

from core import json

_NAME = "demo.json"


@dataclass(frozen=True, slots=True)
class Keepsake:
    """`logins`: e-mail to password. `sources` and `secrets`: key and signing secret by slug of source and receiver."""

    agency_id: str
    logins: dict[str, str]
    live_key: str
    test_key: str
    sources: dict[str, str]
    secrets: dict[str, str] = field(default_factory=dict)
    posted: bool = False


def recall() -> Keepsake | None:
    """What an earlier run wrote down in this data folder."""
    try:
        return Keepsake(**json.loads(_path().read_bytes()))
    except FileNotFoundError:
        return None


def keep(keepsake: Keepsake) -> None:
    """Write it down, whole or not at all, readable by the owner of the process alone."""
    draft = _path().with_suffix(".new")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(json.dumps(asdict(keepsake)))
    draft.replace(_path())


def keep_posted(keepsake: Keepsake) -> None:
    """Write down that all leads were posted, so that the next run posts none."""
    keep(replace(keepsake, posted=True))


def _path() -> Path:
    return Path(settings.DATA_DIR) / _NAME
