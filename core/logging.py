"""Structured logs: one JSON object a line, with the request's id, and without secrets or personal data.

What is logged is chosen where it is logged: ids, codes, counts and times; never bodies, query strings, names, phones or
addresses. The redaction below is the second line of defence, for keys that slip into a message or a traceback.
"""

import logging
import re
import sys
from collections.abc import MutableMapping
from datetime import UTC, datetime
from typing import Any, cast

import structlog

from core.json import dumps

REQUESTS = "request"  # the logger of core.middleware
SECRETS = re.compile(r"\b(ldk_(?:live|test)_|whsec_)[A-Za-z0-9+/=_-]{6,}")
# Strangers write what is searched here, so no pattern may look at the same sign again and again: a run of signs is
# begun at its beginning alone, and taken whole (++). Addresses that stand one behind the other (a@b.de+c@d.de) are one
# find, since the second one begins no run.
PERSONAL = re.compile(
    r"(?<![\w.+-])(?:[\w.+-]++@[\w-]++(?:\.[\w-]++)+)+|(?<=DETAIL:)[^\n]*"  # the database's details quote values
)
NUMBERS = re.compile(  # a telephone number that stands by itself; else all of a run that holds none, to be done with it
    r"(?<![\w.-])(?:(?P<number>\+?\(?\d[\d().\s-]{5,}\d)(?![\w.-])|\+?\(?\d[\d().\s-]*+)"
)
SUSPECT = re.compile(r"@|\d[\d().\s-]{5}|ldk_|whsec_|DETAIL:")  # without any of it there is nothing to cut out
LONGEST_PATH = 256


def redact(text: str) -> str:
    """The text with keys and signing secrets cut down to their prefix, e-mail addresses and quoted values cut out."""
    return PERSONAL.sub("[redacted]", SECRETS.sub(r"\1[redacted]", text))


def redact_event(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """A structlog processor that redacts every text of an event."""
    for name, value in event.items():
        if isinstance(value, str):
            event[name] = redact(value)
    return event


SHARED: list[Any] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    structlog.stdlib.PositionalArgumentsFormatter(),
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    structlog.processors.format_exc_info,
    redact_event,
]


def configure(level: str) -> dict[str, Any]:
    """Set structlog up and give Django's LOGGING: both kinds of loggers write the same lines to standard error."""
    structlog.configure(
        processors=[structlog.stdlib.filter_by_level, *SHARED, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"json": {"()": formatter}},
        "handlers": {"stderr": {"class": "logging.StreamHandler", "stream": sys.stderr, "formatter": "json"}},
        "root": {"handlers": ["stderr"], "level": level.upper()},
        "loggers": {
            "django": {"handlers": [], "propagate": True},
            "django.server": {"handlers": [], "propagate": True},
            "django.request": {"level": "ERROR"},  # the request line tells of a 404 already
            "django.security.DisallowedHost": {"level": "CRITICAL"},
            "celery.worker.strategy": {"level": "WARNING"},  # a sweep a second would say twice that there was one
            "celery.app.trace": {"level": "WARNING"},
        },
    }


class Lines(structlog.stdlib.ProcessorFormatter):
    """The one form of a line, for records of structlog and of libraries alike.

    The lines about requests are made on a path of their own, since every request pays for one: their logger hands over
    dictionaries, of those that were answered together, whose only words of strangers are method and path.
    """

    def format(self, record: logging.LogRecord) -> str:
        """The record as one line of JSON; several requests as one each."""
        if record.name != REQUESTS:
            return super().format(record)
        told = {"level": "info", "logger": REQUESTS, "timestamp": datetime.fromtimestamp(record.created, UTC)}
        requests = cast(list[dict[str, Any]], record.msg)
        return b"\n".join(
            [dumps({"event": "answered", **one, "path": _path(one["path"]), **told}) for one in requests]
        ).decode()


def _path(path: str) -> str:
    """The path without what looks like a person's, and as much of it as is of use."""
    clean = path if SUSPECT.search(path) is None else redact(NUMBERS.sub(_number, path))
    return clean if len(clean) <= LONGEST_PATH else f"{clean[:LONGEST_PATH]}…"


def _number(found: re.Match[str]) -> str:
    return "[redacted]" if found["number"] else found[0]


def formatter() -> logging.Formatter:
    """The formatter with its processors."""
    return Lines(
        foreign_pre_chain=SHARED,
        processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, structlog.processors.JSONRenderer()],
    )
