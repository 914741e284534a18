"""What is a secret in a document: one definition for whoever seals it, shows it and sends it."""

from collections.abc import Mapping
from typing import Any, Final

SEALED: Final = "$sealed"
"""The member that holds the sealed form, in the database only."""


def is_secret(value: Mapping[str, Any]) -> bool:
    """Whether the object is `{"secret": "..."}`, alone or with the scheme in which a header carries it."""
    return isinstance(value.get("secret"), str) and set(value) <= {"secret", "scheme", SEALED}
