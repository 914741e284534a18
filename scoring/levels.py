"""How bad a finding of the watch is. Stands alone, for web processes that must not load what reckons it. Pure."""

from enum import StrEnum


class Level(StrEnum):
    """In order: what is unknown is better than what is known to be bad."""

    GOOD = "good"
    UNKNOWN = "unknown"
    WARNING = "warning"
    ALARM = "alarm"
