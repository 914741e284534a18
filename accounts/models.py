"""The tables of tenancy: agencies, their people and keys, what was changed by whom, which requests were answered."""

from typing import Any, ClassVar, Self

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.db import models
from django.db.models import F, Q

from accounts.principals import Principal
from accounts.visibility import VisibleQuerySet
from core.clock import now
from core.ids import new_id
from core.records import Record


class Mode(models.TextChoices):
    """The two books: real leads and money, or tests that reach no buyer."""

    LIVE = "live"
    TEST = "test"


class AgencyStatus(models.TextChoices):
    """A suspended agency is told so; a closed one is as if it had never been."""

    ACTIVE = "active"
    SUSPENDED = "suspended"
    CLOSED = "closed"


class Role(models.TextChoices):
    """What a member is: staff of the agency, or one of the people of a buyer or a source."""

    OWNER = "owner"
    ADMIN = "admin"
    ANALYST = "analyst"
    BUYER = "buyer"
    SOURCE = "source"


class Agency(Record):
    """The tenant. `version` grows by one with every change of its configuration; readers compare it, never lock it."""

    prefix = "ag"

    name = models.CharField(max_length=200)
    slug = models.SlugField(max_length=80, unique=True)
    currency = models.CharField(max_length=3, default="USD")
    timezone = models.CharField(max_length=64, default="America/New_York")
    status = models.CharField(max_length=10, choices=AgencyStatus.choices, default=AgencyStatus.ACTIVE)
    version = models.BigIntegerField(default=1, editable=False)
    created_at = models.DateTimeField(default=now, editable=False)

    class Meta:
        verbose_name_plural = "agencies"

    def __str__(self) -> str:
        return self.name


class UserManager(BaseUserManager["User"]):
    """Finds people by e-mail whatever its capitals, and makes them with a hashed password."""

    def get_by_natural_key(self, username: str | None) -> "User":
        """The user who signs in with this e-mail. Raises User.DoesNotExist."""
        return self.get(email=(username or "").strip().lower())

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "User":
        """A new user; without a password nobody can sign in as them yet."""
        user = self.model(email=email, **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> "User":
        """An operator of the installation, with every permission of the admin site."""
        return self.create_user(email, password, is_staff=True, is_superuser=True, **fields)


class User(AbstractBaseUser, PermissionsMixin):
    """A person. What they may see follows from their memberships; `is_staff` opens the operators' admin."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    email = models.EmailField(unique=True, max_length=254)
    name = models.CharField(max_length=200, blank=True)
    is_active = models.BooleanField(default=True)
    is_staff = models.BooleanField(default=False)
    created_at = models.DateTimeField(default=now, editable=False)

    objects: ClassVar[UserManager] = UserManager()

    EMAIL_FIELD = "email"
    USERNAME_FIELD = "email"

    def __str__(self) -> str:
        return self.email

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Keep the e-mail in lower case, so that one mailbox is one user."""
        self.email = self.email.strip().lower()
        super().save(*args, **kwargs)

    def clean(self) -> None:
        """Forms compare e-mails as they will be stored."""
        self.email = self.email.strip().lower()


class Membership(models.Model):
    """A user's place in an agency. `subject_id` is the buyer or the source whose people they are."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="memberships")
    agency = models.ForeignKey(Agency, on_delete=models.PROTECT, related_name="memberships")
    role = models.CharField(max_length=10, choices=Role.choices)
    subject_id = models.UUIDField(null=True, blank=True)
    created_at = models.DateTimeField(default=now, editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "agency", "subject_id"], name="one_place_per_subject"),
            models.UniqueConstraint(
                fields=["user", "agency"], condition=Q(subject_id__isnull=True), name="one_place_on_the_staff"
            ),
            models.CheckConstraint(
                condition=Q(role__in=["buyer", "source"], subject_id__isnull=False)
                | Q(role__in=["owner", "admin", "analyst"], subject_id__isnull=True),
                name="outsiders_have_a_subject",
            ),
        ]
        indexes = [models.Index(fields=["agency", "role"], name="membership_by_role")]

    def __str__(self) -> str:
        return f"{self.user_id} {self.role}"


class Notice(models.Model):
    """An e-mail to one of an agency's people. `key` names what it tells; without `due_at` it was sent or given up."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    agency = models.ForeignKey(Agency, on_delete=models.PROTECT, related_name="+", db_index=False)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="notices")
    key = models.CharField(max_length=200)
    subject = models.CharField(max_length=200)
    text = models.TextField()
    attempts = models.PositiveSmallIntegerField(default=0)
    created_at = models.DateTimeField(default=now)
    due_at = models.DateTimeField(null=True)
    sent_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["agency", "key", "user"], name="notice_told_once")]
        indexes = [models.Index(fields=["due_at"], name="notice_due", condition=Q(sent_at__isnull=True))]

    def __str__(self) -> str:
        return self.subject


class SearchKeyMark(models.Model):
    """One row: what the key that people are found by makes of a known word (`accounts.search_key`)."""

    mark = models.BinaryField(max_length=16)

    def __str__(self) -> str:
        return "mark of the search key"


class RateLimitSet(VisibleQuerySet["RateLimit"]):
    """Named rate limits: the agency's own business."""


class AuditEntrySet(VisibleQuerySet["AuditEntry"]):
    """The audit trail: the agency's own business."""


class RateLimit(models.Model):
    """A named number of requests a minute that keys of the agency may share the setting of (each key counts alone)."""

    agency = models.ForeignKey(Agency, on_delete=models.PROTECT, related_name="rate_limits")
    name = models.SlugField(max_length=80)
    per_minute = models.PositiveIntegerField()
    created_at = models.DateTimeField(default=now, editable=False)
    updated_at = models.DateTimeField(default=now, editable=False)

    objects = RateLimitSet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["agency", "name"], name="one_rate_limit_per_name"),
            models.CheckConstraint(condition=Q(per_minute__gt=0), name="rate_limit_above_zero"),
        ]

    def __str__(self) -> str:
        return f"{self.name}: {self.per_minute} a minute"


class ApiKeySet(VisibleQuerySet["ApiKey"]):
    """Keys: a bound key sees those of its own source or buyer, a test key only test keys."""

    source_lookup = "source_id"
    buyer_lookup = "buyer_id"

    def visible_to(self, principal: Principal) -> Self:
        """Live principals manage the keys of both books; test keys never learn of live ones."""
        visible = super().visible_to(principal)
        return visible if principal.mode == Mode.LIVE else visible.filter(mode=Mode.TEST)


class ApiKey(Record):
    """A key of a program. Only its SHA-256 is kept; `prefix` and `last4` let people recognise it."""

    prefix = "key"

    agency = models.ForeignKey(Agency, on_delete=models.PROTECT, related_name="api_keys")
    name = models.CharField(max_length=200)
    mode = models.CharField(max_length=4, choices=Mode.choices)
    digest = models.BinaryField(max_length=32, unique=True)
    key_prefix = models.CharField(max_length=16)
    last4 = models.CharField(max_length=4)
    scopes = models.JSONField(default=list)
    source_id = models.UUIDField(null=True, blank=True)
    buyer_id = models.UUIDField(null=True, blank=True)
    allow = models.JSONField(default=list, blank=True)
    rate_limit = models.ForeignKey(RateLimit, on_delete=models.PROTECT, null=True, blank=True, related_name="api_keys")
    rate_limit_per_minute = models.PositiveIntegerField(null=True, blank=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True, editable=False)
    last_used_address = models.CharField(max_length=45, blank=True, editable=False)
    replaces = models.OneToOneField("self", on_delete=models.PROTECT, null=True, blank=True, related_name="successor")
    created_at = models.DateTimeField(default=now, editable=False)
    updated_at = models.DateTimeField(default=now, editable=False)
    created_by = models.CharField(max_length=200, editable=False)

    objects = ApiKeySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(source_id__isnull=True) | Q(buyer_id__isnull=True), name="key_bound_to_one_side"
            ),
        ]
        indexes = [
            models.Index(F("agency"), F("created_at").desc(), F("id").desc(), name="api_key_newest_first"),
            models.Index(
                fields=["agency", "source_id"], name="api_key_by_source", condition=Q(source_id__isnull=False)
            ),
            models.Index(fields=["agency", "buyer_id"], name="api_key_by_buyer", condition=Q(buyer_id__isnull=False)),
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.key_prefix}…{self.last4})"


class DataKey(models.Model):
    """The wrapped key that seals everything personal of one subject (a lead, a submission). Deleting it erases them."""

    subject_id = models.UUIDField(primary_key=True, editable=False)
    wrapped = models.BinaryField()

    def __str__(self) -> str:
        return str(self.subject_id)


class AuditEntry(models.Model):
    """One change of configuration or one noted act, with old and new values. The database refuses to alter it."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    agency = models.ForeignKey(Agency, on_delete=models.PROTECT, related_name="audit_entries")
    at = models.DateTimeField(default=now)
    actor = models.CharField(max_length=200)
    address = models.CharField(max_length=45, blank=True)
    request_id = models.CharField(max_length=64, blank=True)
    action = models.CharField(max_length=60)
    object_id = models.CharField(max_length=64)
    object_name = models.CharField(max_length=200, blank=True)
    changes = models.JSONField(default=dict)
    version = models.BigIntegerField()

    objects = AuditEntrySet.as_manager()

    class Meta:
        verbose_name_plural = "audit entries"
        indexes = [
            models.Index(F("agency"), F("at").desc(), F("id").desc(), name="audit_newest_first"),
            models.Index(F("agency"), F("object_id"), F("at").desc(), name="audit_of_an_object"),
        ]

    def __str__(self) -> str:
        return f"{self.action} {self.object_id}"


class IdempotencyRecord(models.Model):
    """One request that named an Idempotency-Key, and its sealed answer. No foreign keys: the hot path writes it."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    agency_id = models.UUIDField()
    mode = models.CharField(max_length=4, choices=Mode.choices)
    owner = models.UUIDField()
    route = models.CharField(max_length=200)
    key = models.CharField(max_length=255)
    fingerprint = models.BinaryField(max_length=32)
    state = models.CharField(max_length=7, choices=[("open", "open"), ("done", "done")])
    lease_until = models.DateTimeField()
    status = models.PositiveSmallIntegerField(null=True)
    body = models.BinaryField(null=True)
    lead_id = models.UUIDField(null=True)
    created_at = models.DateTimeField(default=now)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["agency_id", "mode", "owner", "route", "key"], name="one_answer_per_key"),
        ]
        indexes = [models.Index(fields=["created_at"], name="idempotency_by_age")]

    def __str__(self) -> str:
        return f"{self.route} {self.key}"
