"""Takes in a body that its client sent in chunks, without saying its length: Django would take it for an empty one."""

from io import BytesIO

from django.conf import settings
from django.http import HttpRequest


def take_in_chunks(request: HttpRequest) -> None:
    """Nothing, but where the body comes in chunks: then it is read here, and the request says its length.

    Of a body above DATA_UPLOAD_MAX_MEMORY_SIZE no more is read than shows that it is too large for everybody. Chunks
    win over a length that is given beside them (RFC 9112, section 6.3).
    """
    meta = request.META
    if "chunked" not in meta.get("HTTP_TRANSFER_ENCODING", "").lower():
        return
    body = meta["wsgi.input"].read(settings.DATA_UPLOAD_MAX_MEMORY_SIZE + 1)
    meta["CONTENT_LENGTH"] = str(len(body))
    request._stream = BytesIO(body)  # where Django reads bodies from
