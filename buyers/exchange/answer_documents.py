"""The member `answer` of a stage, read once: every fault by its dotted path."""

from dataclasses import dataclass
from typing import Any, Final

from buyers.exchange.answer_reader import AnswerReader
from buyers.exchange.json_paths import BadPath
from buyers.exchange.prices import UNITS
from buyers.exchange.reading import LANGUAGES, Language, Place, Reason, Test, clean, fold
from core.money import BadAmount, to_minor
from routing.documents import Problems

_MEMBERS: Final = (
    *("read", "statuses", "success", "refusal", "duplicate", "error", "price", "reason", "token", "redirect"),
)
OPERATORS: Final = ("in", "not_in", "exists", "above")
STATUS_CLASSES: Final = ("2xx", "4xx", "5xx")
MOST_PLACES: Final = 5
MOST_STATUSES: Final = 20
MOST_WORDS: Final = 100


def parse_answer(value: object, path: str, problems: Problems, *, ping: bool, currency: str) -> AnswerReader | None:
    """The reader of the document at `path`, in which null stands for nothing; None after naming what is wrong."""
    before = len(problems)
    told = {name: item for name, item in value.items() if item is not None} if isinstance(value, dict) else value
    data = problems.members(told, path, known=_MEMBERS, required=("read", "success"))
    if not data:
        return None
    language = LANGUAGES.get(str(data["read"]))
    if language is None:
        problems.add(f"{path}.read", "invalid_choice", f"must be one of: {', '.join(LANGUAGES)}")
        return None
    parser = _Parser(language, path, problems)
    price = parser.members("price", data, ("at", "unit", "fallback"))
    reason = parser.members("reason", data, ("at", "map", "default"))
    reader = AnswerReader(
        ping=ping,
        currency=currency,
        language=language,
        statuses=parser.statuses(data.get("statuses", ["2xx"])),
        success=parser.test("success", data) or Test(Place(()), "exists", True),
        refusal=parser.test("refusal", data),
        duplicate=parser.test("duplicate", data),
        error=parser.test("error", data),
        price=parser.place("price", price),
        unit=parser.unit(price.get("unit", "dollars")),
        fallback=parser.fallback(price.get("fallback"), currency),
        reason=parser.reason(reason),
        token=parser.place("token", parser.members("token", data, ("at",))),
        redirect=parser.place("redirect", parser.members("redirect", data, ("at",))),
    )
    return reader if len(problems) == before else None


@dataclass(frozen=True, slots=True)
class _Parser:
    """Reads the members of one answer document in its language."""

    language: Language
    path: str
    problems: Problems

    def members(self, name: str, data: dict[str, Any], known: tuple[str, ...]) -> dict[str, Any]:
        """The object under this name; empty where there is none."""
        if name not in data:
            return {}
        return self.problems.members(data[name], f"{self.path}.{name}", known=known, required=("at",))

    def place(self, name: str, data: dict[str, Any]) -> Place | None:
        """Where `at` points: one path, or a few of which the first with something counts."""
        if "at" not in data:
            return None
        paths = data["at"] if isinstance(data["at"], list) else [data["at"]]
        if not 0 < len(paths) <= MOST_PLACES or not all(isinstance(one, str) and one for one in paths):
            self.problems.add(f"{self.path}.{name}.at", "bad_path", f"must be a path, or up to {MOST_PLACES} of them")
            return None
        try:
            return Place(tuple(self.language.look(one) for one in paths))
        except BadPath as problem:
            self.problems.add(f"{self.path}.{name}.at", "bad_path", str(problem))
            return None

    def test(self, name: str, data: dict[str, Any]) -> Test | None:
        """A test of what is at one place, with one operator; without one that there is something."""
        found = self.members(name, data, ("at", *OPERATORS))
        place = self.place(name, found)
        operators = [operator for operator in OPERATORS if operator in found] or ["exists"]
        if place is None:
            return None
        if len(operators) > 1:
            self.problems.add(f"{self.path}.{name}", "one_operator", f"takes one of: {', '.join(OPERATORS)}")
        operator, where = operators[0], f"{self.path}.{name}.{operators[0]}"
        return Test(place, operator, self._wanted(operator, found.get(operator, True), where))

    def _wanted(self, operator: str, value: object, where: str) -> Any:
        if operator == "exists" and not isinstance(value, bool):
            self.problems.add(where, "not_a_flag", "must be true or false")
        elif operator == "above" and (isinstance(value, bool) or not isinstance(value, int | float)):
            self.problems.add(where, "bad_number", "must be a number")
        elif operator in ("in", "not_in"):
            items = [item for _, item in self.problems.items(value, where, at_most=MOST_WORDS)]
            if not all(isinstance(item, str | int | float) for item in items):
                self.problems.add(where, "bad_text", "must hold plain values")
                return frozenset()
            return frozenset(fold(item) for item in items)
        return value

    def statuses(self, value: object) -> frozenset[int | str]:
        """HTTP statuses whose bodies are read: numbers, and classes such as 4xx."""
        where = f"{self.path}.statuses"
        items = [item for _, item in self.problems.items(value, where, at_most=MOST_STATUSES)]
        if any(item not in STATUS_CLASSES and not (type(item) is int and 200 <= item <= 599) for item in items):
            self.problems.add(where, "invalid", f"must hold statuses such as 422, or {', '.join(STATUS_CLASSES)}")
            return frozenset()
        return frozenset(items)

    def unit(self, value: object) -> str:
        """How prices are written."""
        if value in UNITS:
            return str(value)
        self.problems.add(f"{self.path}.price.unit", "invalid_choice", f"must be one of: {', '.join(UNITS)}")
        return UNITS[0]

    def fallback(self, value: object, currency: str) -> int | None:
        """Minor units of the price that counts where none is told."""
        if value is None:
            return None
        try:
            if isinstance(value, bool) or not isinstance(value, int | float) or value <= 0:
                raise BadAmount("must be a number above 0")
            return to_minor(value, currency)
        except BadAmount as problem:
            self.problems.add(f"{self.path}.price.fallback", "bad_number", str(problem))
            return None

    def reason(self, data: dict[str, Any]) -> Reason:
        """Where the reason stands, with the words for its codes."""
        words, default = data.get("map", {}), data.get("default", "")
        if not isinstance(words, dict) or not all(isinstance(word, str) for word in words.values()):
            self.problems.add(f"{self.path}.reason.map", "not_an_object", "must be an object of texts by code")
            words = {}
        if not isinstance(default, str):
            self.problems.add(f"{self.path}.reason.default", "bad_text", "must be text")
            default = ""
        told = {fold(code): clean(word) for code, word in words.items()}
        return Reason(self.place("reason", data) or Place(()), told, clean(default))
