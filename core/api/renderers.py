"""DRF's door to the product's JSON."""

from collections.abc import Mapping
from typing import Any

from rest_framework.renderers import BaseRenderer

from core import json


class JSONRenderer(BaseRenderer):
    """Renders plain values with core.json."""

    media_type = "application/json"
    format = "json"
    charset = None

    def render(
        self, data: Any, accepted_media_type: str | None = None, renderer_context: Mapping[str, Any] | None = None
    ) -> bytes:
        """The JSON text; nothing for an answer without a body."""
        return b"" if data is None else json.dumps(data)
