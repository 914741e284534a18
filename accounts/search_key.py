"""Refuses to work with another search key than the one whose hashes are on record.

The last of SEALING_KEYS hashes what people are found by. With another key nothing fails: duplicates are just not found
any more, and the same person is sold twice. So the first start leaves a mark made with the key, and later ones compare.
"""

from django.db import DatabaseError

from accounts.models import SearchKeyMark
from core.sealing import blind_index


class OtherSearchKey(Exception):
    """The last of SEALING_KEYS is not the one that people on record are found by: put that one last again."""


def check_search_key() -> None:
    """Opens a transaction. Leave the key's mark at the first start; raises OtherSearchKey where it is another by now.

    A database that cannot be read yet is no reason to refuse: then nothing is compared.
    """
    mark = blind_index("search-key", "mark")
    try:
        known, _ = SearchKeyMark.objects.get_or_create(pk=1, defaults={"mark": mark})
    except DatabaseError:
        return
    if bytes(known.mark) != mark:
        raise OtherSearchKey
