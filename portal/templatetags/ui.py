"""How pages say amounts, moments and states: one filter each, so that all pages say them alike."""

from datetime import datetime
from zoneinfo import ZoneInfo

from django import template
from django.forms import BoundField
from django.utils.html import format_html
from django.utils.safestring import SafeString

from core.clock import rfc3339
from core.money import spell
from scoring.models import Stage

register = template.Library()

NOTHING = "-"
_NAMES = {"ip": "IP", "id": "id", "url": "URL", "zip": "ZIP", "email": "e-mail", "api": "API"}
_STAGES: dict[str, str] = {
    Stage.RULES: "Points table",
    Stage.CALIBRATED: "Calibrated points table",
    Stage.ADDITIVE: "Learned points",
    Stage.LEARNED: "Boosted trees",
}


@register.filter
def money(minor: int | None, currency: str) -> str:
    """Minor units as people write them; a dash where there is none."""
    return NOTHING if minor is None else spell(minor, currency)


@register.filter
def moment(at: datetime | None, timezone: str) -> SafeString | str:
    """A time element in the given zone with its abbreviation; the exact instant is in its attribute and title."""
    if at is None:
        return NOTHING
    return _time(at, timezone, "%H:%M:%S")


@register.filter
def minute(at: datetime, timezone: str) -> SafeString:
    """The same to the minute, for lists."""
    return _time(at, timezone, "%H:%M")


def _time(at: datetime, timezone: str, clock: str) -> SafeString:
    local, exact = at.astimezone(ZoneInfo(timezone)), rfc3339(at)
    shown = f"{local:%b} {local.day}, {local.strftime(clock)} {local:%Z}"
    return format_html('<time class="nowrap" datetime="{}" title="{}">{}</time>', exact, exact, shown)


@register.filter
def spoken(code: str) -> str:
    """A code as words: `round_robin_winner` is "Round robin winner", `ip_address` is "IP address"."""
    first, *rest = (_NAMES.get(word, word) for word in code.replace(".", "_").split("_"))
    return " ".join([first[:1].upper() + first[1:], *rest])


@register.filter
def state(code: str) -> SafeString:
    """A state as a coloured chip with its word."""
    return format_html('<span class="state state-{}">{}</span>', code, spoken(code))


@register.filter
def stage(code: str) -> str:
    """How a score is made, in words."""
    return _STAGES[code]


@register.filter
def percent(share: float | None, places: int = 1) -> str:
    """A share of one as people write it: 0.123 is "12.3 %"; a dash where there is none."""
    return NOTHING if share is None else f"{100 * share:.{places}f} %"


@register.simple_tag
def control(field: BoundField, css_class: str) -> SafeString:
    """The field's input in the product's dress."""
    return field.as_widget(attrs={"class": css_class})
