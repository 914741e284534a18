"""Contact data shown without being told: enough to recognise a person one knows, too little to reach them. Pure."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote

DOTS = "•••"
_LEAST: Final = 3  # letters: shorter values say nothing of anybody, and would tear holes into every sentence
_DIGITS: Final = 7  # of a telephone number, without which nobody is called


@dataclass(frozen=True, slots=True)
class Contact:
    """Who a lead is, masked; empty where nothing is known."""

    name: str
    phone: str
    email: str


def masked_contact(fields: Mapping[str, Any]) -> Contact:
    """The lead's contact in masked form: `M••• G•••`, `••• 4567`, `m•••@example.com`."""
    names = [str(fields[name]) for name in ("first_name", "last_name") if fields.get(name)]
    return Contact(
        name=" ".join(f"{name[0]}{DOTS}" for name in names),
        phone=f"{DOTS} {str(phone)[-4:]}" if (phone := fields.get("phone")) else "",
        email=masked_email(str(fields.get("email") or "")),
    )


def masked_email(email: str) -> str:
    """The first letter and the domain."""
    local, at, domain = email.partition("@")
    return f"{local[:1]}{DOTS}@{domain}" if at else ""


def masked(name: str, value: Any) -> str:
    """One personal field's value, masked as its kind allows."""
    text = str(value)
    if name == "phone":
        return f"{DOTS} {text[-4:]}"
    if name == "email":
        return masked_email(text) or DOTS
    return f"{text[:1]}{DOTS}" if name in ("first_name", "last_name") else DOTS * 2


def unnamed(text: str, values: Iterable[Any]) -> str:
    """A stranger's words without these values of a lead, where they repeat them: letter for letter, as a URL writes
    them, and a telephone number in whatever form.
    """
    for pattern in _patterns(values, _folded(text)):
        text = re.sub(pattern, DOTS, text, flags=re.IGNORECASE)
    return text


def _patterns(values: Iterable[Any], folded: str) -> Iterator[str]:
    """Patterns of those values that may stand in the folded text: most stand in none, and a pattern is dear to make."""
    told = sorted({one for one in values if isinstance(one, str) and len(one) >= _LEAST}, key=len, reverse=True)
    dialled = sum(map(str.isdigit, folded)) >= _DIGITS
    for value in told:
        quoted = quote(value, safe="")
        if _folded(value) in folded or _folded(quoted) in folded:
            yield rf"(?<!\w)(?:{re.escape(value)}|{re.escape(quoted)})(?!\w)"
        digits = re.sub(r"\D", "", value) if dialled and value.startswith("+") else ""
        if len(digits) > _DIGITS:
            yield r"(?<!\d)[+(]?(?:\d[\s().-]*){0,8}" + r"[\s().-]*".join(digits[-_DIGITS:]) + r"(?!\d)"


def _folded(text: str) -> str:
    """Alike wherever `re.IGNORECASE` sees no difference; it takes the dotted and the dotless i for one."""
    return text.casefold().replace("i\u0307", "i").replace("\u0131", "i")
