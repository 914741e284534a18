"""What an agency's people are told by e-mail when their scores raise an alarm."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from django.conf import settings

from leads.score_words import alarm_sentences

_QUICK: Final[Mapping[str, str]] = {
    "fallbacks": "Leads that the model cannot score are scored by the points table instead.",
    "latency": "Nothing was changed: every lead is still scored before it is sold, and so is sold later.",
}
"""What is done about the checks of the quarter of an hour, by itself."""
_DRIFT: Final = (
    "Scores go on, and minimum scores go on working; from the next lead on they are marked as not calibrated."
)
_TRAINING: Final = "A training was asked for. What has learned something new is judged before it takes over."
_NO_TRAINING: Final = "No training was asked for: there are too few outcomes to learn from."


def alarm_mail(lead_type: str, model: str, findings: Sequence[Mapping[str, Any]], *, training: bool) -> tuple[str, str]:
    """Subject and text of an alarm: what was found, what was done about it by itself, and where to look.

    `training` says whether one was asked for.
    """
    kind = lead_type.replace("_", " ")
    quick = [sentence for check, sentence in _QUICK.items() if check in {one["check"] for one in findings}]
    parts = [
        f"The scores of your {kind} leads raised an alarm. They come from {model}.",
        _listed("What was found", alarm_sentences(findings)),
        _listed("What was done", quick or [_DRIFT, _TRAINING if training else _NO_TRAINING]),
        f"Look at it: {settings.PUBLIC_URL}/agency/scoring/",
    ]
    return f"Alarm: scores of {kind} leads", "\n\n".join(parts) + "\n"


def _listed(title: str, lines: Iterable[str]) -> str:
    return "\n".join([title, *(f"- {line}" for line in lines)])
