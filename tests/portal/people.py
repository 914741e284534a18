"""People who look at pages: one per role, signed in or about to."""

from typing import Any
from uuid import uuid4

from django.test import Client

from accounts.models import Agency, Membership, User

PASSWORD = "correct horse battery staple"


def make_person(agency: Agency | None = None, role: str = "owner", **values: Any) -> User:
    """Somebody with this role in the agency; nobody's person without one."""
    user = User.objects.create_user(f"{role}-{uuid4().hex[:8]}@example.com", PASSWORD, **values)
    if agency is not None:
        subject = uuid4() if role in ("buyer", "source") else None
        Membership.objects.create(user=user, agency=agency, role=role, subject_id=subject)
    return user


def make_operator() -> User:
    """A superuser."""
    return User.objects.create_superuser(f"operator-{uuid4().hex[:8]}@example.com", PASSWORD)


def signed_in(user: User) -> Client:
    """A browser in which this person has signed in."""
    client = Client()
    client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
    return client
