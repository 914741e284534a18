"""The member `answer` of a stage, compiled: from a response to an Answer."""

from dataclasses import dataclass, replace
from typing import Any, Final

from buyers.exchange.answers import Answer, AnswerOutcome, failed_answer
from buyers.exchange.prices import BadPrice, read_price
from buyers.exchange.reading import Language, Place, Reason, Test, read_redirect, read_token
from core.http.outcomes import Response

_NO_CONTENT: Final = 204


@dataclass(frozen=True, slots=True)
class AnswerReader:
    """Reads the answers of one stage. `statuses` are the HTTP statuses whose bodies are read, also by class ("2xx").

    Where `refusal` is told, an answer that is neither it nor `success` says nothing: whoever has yet to decide may buy.
    """

    ping: bool
    currency: str
    language: Language
    statuses: frozenset[int | str]
    success: Test
    refusal: Test | None
    duplicate: Test | None
    error: Test | None
    price: Place | None
    unit: str
    fallback: int | None
    reason: Reason
    token: Place | None
    redirect: Place | None

    def read(self, response: Response) -> Answer:
        """The answer. Never raises. A post whose fate nobody can tell from it is `unknown`."""
        failed = failed_answer(response)
        if failed is not None:
            return failed if not self.ping else replace(failed, unknown=False)
        status = response.status or 0
        if self.ping and status == _NO_CONTENT:
            return Answer(AnswerOutcome.NO_BID, reason="no_content")
        if not self.statuses & {status, f"{status // 100}xx"}:
            # A refusal by status is one; a server's fault or a redirect says nothing of what became of a post.
            unknown = not self.ping and status // 100 != 4
            return Answer(AnswerOutcome.ERROR, reason=f"http_{status}", unknown=unknown)
        try:
            document = self.language.parse(response.body_head)
        except (ValueError, RecursionError):
            return self._unreadable(self.language.code)
        return self._judge(document)

    def _judge(self, document: Any) -> Answer:
        if self.error is not None and self.error.holds(document):
            return Answer(AnswerOutcome.ERROR, reason=self.reason.read(document) or "error")
        if self.duplicate is not None and self.duplicate.holds(document):
            return Answer(AnswerOutcome.DUPLICATE, reason=self.reason.read(document) or "duplicate")
        success = self.success.holds(document)
        if success is None:
            return self._unreadable("success_not_found")
        if not success and self.refusal is not None and not self.refusal.holds(document):
            return self._unreadable("neither_yes_nor_no")
        if not success:
            outcome = AnswerOutcome.NO_BID if self.ping else AnswerOutcome.REFUSED
            return Answer(outcome, reason=self.reason.read(document))
        return self._bid(document) if self.ping else self._sale(document)

    def _bid(self, document: Any) -> Answer:
        """A bid at a price; one of nothing is none (LeadConduit's way of saying so)."""
        try:
            price = self._price(document)
        except BadPrice as problem:
            return Answer(AnswerOutcome.BAD_BID, reason=str(problem))
        if price == 0:
            return Answer(AnswerOutcome.NO_BID, reason=self.reason.read(document) or "price_zero")
        if read_token(self.token, document) is None:
            return Answer(AnswerOutcome.BAD_BID, reason="token_unusable")
        return self._accepted(document, price)

    def _sale(self, document: Any) -> Answer:
        """A sale stands whatever the buyer says of its price; one that is no price is not told."""
        try:
            price = self._price(document) if self.price and self.price.find(document) else None
        except BadPrice as problem:
            return self._accepted(document, None, str(problem))
        return self._accepted(document, price or None)

    def _accepted(self, document: Any, price: int | None, reason: str = "") -> Answer:
        return Answer(
            AnswerOutcome.ACCEPTED,
            price=price,
            reason=reason,
            token=read_token(self.token, document) or "",
            redirect=read_redirect(self.redirect, document),
        )

    def _price(self, document: Any) -> int | None:
        if self.price is None:
            return None
        found = self.price.find(document)
        if not found and self.fallback is not None:
            return self.fallback
        if not found:
            raise BadPrice("price_missing")
        return read_price(found[0], self.unit, self.currency)

    def _unreadable(self, code: str) -> Answer:
        return Answer(AnswerOutcome.UNREADABLE, reason=code, unknown=not self.ping)
