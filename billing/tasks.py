"""The nightly proof of the books."""

import logging

from celery import shared_task

from billing.check import check_ledger
from core.clock import now

logger = logging.getLogger(__name__)


class BooksDoNotProve(Exception):
    """The ledger breaks one of its promises; the log names each difference."""


@shared_task(name="billing.check_ledger", ignore_result=True, soft_time_limit=3600, time_limit=3660)
def check_ledger_nightly() -> None:
    """Prove the books of all agencies. Logs every difference and fails loudly: BooksDoNotProve."""
    proof = check_ledger(now=now())
    for difference in proof.differences:
        logger.critical("ledger difference: %s", difference)
    if not proof.holds:
        raise BooksDoNotProve(f"{len(proof.differences)} difference(s); run manage.py check_ledger")
    logger.info("the books prove: %d transfers", sum(total.transfers for total in proof.totals))
