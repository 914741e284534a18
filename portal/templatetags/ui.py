"""How pages say amounts, moments and states: one filter each, so that all pages say them alike."""

from datetime import datetime
from zoneinfo import ZoneInfo

from django import template
from django.forms import BoundField
from django.utils.html import format_html
from django.utils.safestring import SafeString

from core.clock import rfc3339
from core.money import to_major

register = template.Library()

NOTHING = "-"

_SIGNS = {"USD": "$", "EUR": "€", "GBP": "£", "JPY": "¥", "CAD": "CA$", "AUD": "A$"}


@register.filter
def money(minor: int | None, currency: str) -> str:
    """Minor units as people write them: 123456 USD is $1,234.56, 500 KWD is KWD 0.500; a dash where there is none."""
    if minor is None:
        return NOTHING
    sign = _SIGNS.get(currency, f"{currency} ")
    return f"{'-' if minor < 0 else ''}{sign}{abs(to_major(minor, currency)):,}"


@register.filter
def moment(at: datetime | None, timezone: str) -> SafeString | str:
    """A time element in the given zone with its abbreviation; the exact instant is in its attribute and title."""
    if at is None:
        return NOTHING
    local = at.astimezone(ZoneInfo(timezone))
    exact = rfc3339(at)
    shown = f"{local:%b} {local.day}, {local:%H:%M:%S} {local:%Z}"
    return format_html('<time class="nowrap" datetime="{}" title="{}">{}</time>', exact, exact, shown)


@register.filter
def spoken(code: str) -> str:
    """A code as words: `round_robin_winner` is "Round robin winner"."""
    return code.replace("_", " ").replace(".", " ").capitalize()


@register.filter
def state(code: str) -> SafeString:
    """A state as a coloured chip with its word."""
    return format_html('<span class="state state-{}">{}</span>', code, spoken(code))


@register.simple_tag
def control(field: BoundField, css_class: str) -> SafeString:
    """The field's input in the product's dress."""
    return field.as_widget(attrs={"class": css_class})
