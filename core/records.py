"""The base of every table whose rows outsiders may name."""

from typing import ClassVar

from django.db import models

from core.ids import encode, new_id


class Record(models.Model):
    """A row with a time-ordered UUID as its key and a prefixed public id."""

    prefix: ClassVar[str]

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)

    class Meta:
        abstract = True

    @property
    def public_id(self) -> str:
        """The id outsiders see, such as `buyer_01jv3k...`."""
        return encode(self.prefix, self.id)
