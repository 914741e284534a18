"""What holds of every decision, whatever the method: checked on drawn markets and on single ones."""

from core.json import canonical, loads
from routing.engine import decide, replay
from routing.types import Decision, Market


def replays_bit_for_bit(asked: Market) -> bool:
    """Whether the decision comes out of its stored record unchanged: decided again, and read back."""
    content, record = loads(canonical(asked.terms.to_content())), loads(canonical(asked.to_record()))
    stored = canonical(decide(asked).to_record())
    read = Decision.from_record(asked.terms, loads(stored))
    return stored == canonical(replay(content, record).to_record()) == canonical(read.to_record())


def judges_each_contract_once(asked: Market) -> bool:
    """Whether every contract has one verdict, in order, winners alone have no reason, and ranks are the ranking."""
    decision = decide(asked)
    verdicts = decision.verdicts
    won = {verdict.contract_id for verdict in verdicts if verdict.reason is None}
    return (
        [verdict.contract_id for verdict in verdicts] == [contract.id for contract in asked.terms.contracts]
        and won == {winner.contract_id for winner in decision.winners}
        and {verdict.contract_id for verdict in verdicts if verdict.rank} == set(decision.ranking)
        and decision.outcome == ("sold" if won else "unsold")
    )
