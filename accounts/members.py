"""People join an agency, or one of its buyers or sources."""

from uuid import UUID

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction

from accounts.models import Membership, Role, User
from accounts.principals import Actor
from accounts.versions import record_audit
from core.errors import DomainError, FieldError, FieldProblems

_OUTSIDERS = (Role.BUYER, Role.SOURCE)


class AlreadyMember(DomainError):
    """This person has a place there already."""

    code = "already_member"


def add_member(*, actor: Actor, email: str, role: str, subject_id: UUID | None = None, name: str = "") -> Membership:
    """Opens a transaction. A place for the person with this e-mail, who is made known without a password if new.

    `subject_id` is the buyer or source for these two roles, and None for staff. Raises FieldProblems, AlreadyMember.
    """
    email = _checked(email, role, subject_id)
    with transaction.atomic():
        user = User.objects.filter(email=email).first() or User.objects.create_user(email, name=name)
        place = {"user": user, "agency_id": actor.agency_id, "subject_id": subject_id}
        if Membership.objects.filter(**place).exists():
            raise AlreadyMember
        membership = Membership.objects.create(**place, role=role)
        record_audit(
            actor=actor,
            action="member.add",
            object_id=str(membership.pk),
            object_name=email,
            changes={"role": [None, role], "subject_id": [None, subject_id]},
        )
    return membership


def is_email(text: str) -> bool:
    """Whether the text has the shape of an e-mail address."""
    try:
        validate_email(text.strip())
    except ValidationError:
        return False
    return True


def _checked(email: str, role: str, subject_id: UUID | None) -> str:
    email = email.strip().lower()
    problems = []
    if not is_email(email):
        problems.append(FieldError("email", "invalid", "Must be an e-mail address."))
    if role not in Role.values:
        problems.append(FieldError("role", "invalid", f"Must be one of {', '.join(Role.values)}."))
    elif (role in _OUTSIDERS) != (subject_id is not None):
        problems.append(FieldError("role", "invalid", "People of a buyer or source, and only they, belong to one."))
    if problems:
        raise FieldProblems(problems)
    return email
