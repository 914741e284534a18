"""The tables of the ledger. What may happen to a row is said to the database, not only to Python.

Accounts, journals and transfers are append-only by trigger: a correction is a new journal. That is also why a transfer
keeps its accounts and its agency without a foreign key in the database: those rows cannot vanish, and the key's check
would lock the agency's and the revenue account's row for every lead. `check_ledger` proves the references instead.
"""

from typing import ClassVar

from django.db import models
from django.db.models import F, Q

from accounts.models import Agency, Mode
from accounts.visibility import VisibleQuerySet
from billing.chart import Code
from core.ids import new_id
from core.records import Record


class Account(models.Model):
    """One pot of money: an agency's account number for one owner in one currency of one book."""

    agency = models.ForeignKey(Agency, models.PROTECT, related_name="+")
    mode = models.CharField(max_length=4, choices=Mode.choices)
    code = models.SmallIntegerField(choices=[(code.value, code.label) for code in Code])
    owner_id = models.UUIDField(help_text="The buyer, the source, or the agency itself.")
    currency = models.CharField(max_length=3)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["agency", "mode", "code", "owner_id", "currency"], name="billing_one_account_per_owner"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.get_code_display()} ({self.currency}, {self.mode})"


class BuyerBalance(models.Model):
    """The guarded counters of a buyer's current account: the one balance in the ledger that is stored.

    Available is balance - held + credit limit. It may lawfully fall below zero (a charge-back, a lowered limit), so the
    guard stands on spending and not on the row.
    """

    account = models.OneToOneField(Account, models.PROTECT, primary_key=True, related_name="wallet")
    balance = models.BigIntegerField(default=0)
    held = models.BigIntegerField(default=0)
    credit_limit = models.BigIntegerField(default=0)
    frozen = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(held__gte=0), name="billing_held_not_negative"),
            models.CheckConstraint(condition=Q(credit_limit__gte=0), name="billing_limit_not_negative"),
        ]

    def __str__(self) -> str:
        return f"Wallet of account {self.account_id}"


class JournalSet(VisibleQuerySet["Journal"]):
    """Journals: the agency's own business, as they show payouts. A buyer reads the statement of its account instead."""

    mode_lookup = "mode"


class Journal(Record):
    """One money event, known by its key: the same key never posts twice."""

    prefix: ClassVar[str] = "jr"

    agency = models.ForeignKey(Agency, models.DO_NOTHING, related_name="+", db_constraint=False, db_index=False)
    mode = models.CharField(max_length=4, choices=Mode.choices)
    kind = models.CharField(max_length=40)
    key = models.CharField(max_length=200)
    payload_hash = models.BinaryField(max_length=32)
    posted_at = models.DateTimeField()
    posted_date = models.DateField(help_text="The day of posted_at in the agency's time zone.")
    actor = models.CharField(max_length=200)
    reason = models.CharField(max_length=500, blank=True)
    lead_ref = models.UUIDField(null=True)
    sale_ref = models.UUIDField(null=True)
    reverses = models.ForeignKey("self", models.PROTECT, null=True, related_name="reversals", db_index=False)
    external_ref = models.CharField(max_length=200, blank=True)

    objects = JournalSet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["agency", "mode", "key"], name="billing_journal_key"),
            models.UniqueConstraint(
                fields=["reverses"], condition=Q(reverses__isnull=False), name="billing_reversed_once"
            ),
        ]
        indexes = [
            models.Index(fields=["agency", "mode", "posted_at"], name="billing_journal_posted"),
            models.Index(fields=["sale_ref"], condition=Q(sale_ref__isnull=False), name="billing_journal_sale"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.public_id}"


class Transfer(models.Model):
    """An amount that leaves one account (debit) and enters another (credit); double entry by construction."""

    agency = models.ForeignKey(Agency, models.DO_NOTHING, related_name="+", db_constraint=False, db_index=False)
    journal = models.ForeignKey(Journal, models.PROTECT, related_name="transfers")
    debit = models.ForeignKey(Account, models.DO_NOTHING, related_name="+", db_constraint=False, db_index=False)
    credit = models.ForeignKey(Account, models.DO_NOTHING, related_name="+", db_constraint=False, db_index=False)
    amount = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    posted_at = models.DateTimeField()
    posted_date = models.DateField()
    campaign_ref = models.UUIDField(null=True)
    source_ref = models.UUIDField(null=True)
    buyer_ref = models.UUIDField(null=True)
    lead_ref = models.UUIDField(null=True)
    sale_ref = models.UUIDField(null=True)
    received_date = models.DateField(null=True, help_text="The day the lead came in, in the agency's time zone.")

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(amount__gt=0), name="billing_amount_above_zero"),
            models.CheckConstraint(condition=~Q(debit=F("credit")), name="billing_two_accounts"),
        ]
        indexes = [
            models.Index(fields=["agency", "posted_at"], name="billing_transfer_posted"),
            models.Index(fields=["debit", "id"], name="billing_transfer_debit"),
            models.Index(fields=["credit", "id"], name="billing_transfer_credit"),
        ]

    def __str__(self) -> str:
        return f"{self.amount} {self.currency} from {self.debit_id} to {self.credit_id}"


class Hold(models.Model):
    """Money set aside for one sale until the buyer's answer; its state leaves `pending` exactly once."""

    class State(models.TextChoices):
        """What became of it."""

        PENDING = "pending"
        CAPTURED = "captured"
        RELEASED = "released"
        EXPIRED = "expired"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    account = models.ForeignKey(Account, models.PROTECT, related_name="holds")
    sale_ref = models.UUIDField(unique=True)
    amount = models.BigIntegerField()
    state = models.CharField(max_length=8, choices=State.choices, default=State.PENDING)
    expires_at = models.DateTimeField()
    created_at = models.DateTimeField()
    settled_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(amount__gte=0), name="billing_hold_not_negative"),
            models.CheckConstraint(
                condition=Q(state="pending", settled_at__isnull=True)
                | Q(~Q(state="pending"), settled_at__isnull=False),
                name="billing_hold_settled_once",
            ),
        ]
        indexes = [
            models.Index(fields=["expires_at"], condition=Q(state="pending"), name="billing_hold_due"),
        ]

    def __str__(self) -> str:
        return f"Hold of {self.amount} for sale {self.sale_ref} ({self.state})"
