"""What an agency's people are told by e-mail when their scores raise an alarm."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from django.conf import settings

from leads.score_words import alarm_sentences

_DONE: Final[Mapping[str, tuple[str, ...]]] = {
    "model.drift": (
        "Scores go on, and minimum scores go on working; from the next lead on they are marked as not calibrated.",
        "A training was asked for. What is trained takes over only if it does better on leads that came after it.",
    ),
    "model.failing": ("Leads that the model cannot answer in time are scored by the points table instead.",),
}


def alarm_mail(event: str, lead_type: str, model: str, findings: Iterable[Mapping[str, Any]]) -> tuple[str, str]:
    """Subject and text of an alarm: what was found, what was done about it by itself, and where to look."""
    kind = lead_type.replace("_", " ")
    parts = [
        f"The scores of your {kind} leads raised an alarm. They come from {model}.",
        _listed("What was found", alarm_sentences(findings)),
        _listed("What was done", _DONE[event]),
        f"Look at it: {settings.PUBLIC_URL}/agency/scoring/",
    ]
    return f"Alarm: scores of {kind} leads", "\n\n".join(parts) + "\n"


def _listed(title: str, lines: Iterable[str]) -> str:
    return "\n".join([title, *(f"- {line}" for line in lines)])
