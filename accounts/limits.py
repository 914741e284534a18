"""What a rate limiter says of one request, and how the answer tells the client. Pure."""

from dataclasses import dataclass

WINDOW_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Verdict:
    """The `count`-th request of a key's window against its limit.

    `version` is the agency's, as read in the same trip (None: unknown).
    """

    count: int
    limit: int
    reset_seconds: int
    version: int | None

    @property
    def allowed(self) -> bool:
        """Whether the request is within the limit."""
        return self.count <= self.limit

    @property
    def remaining(self) -> int:
        """How many more the window has."""
        return max(self.limit - self.count, 0)

    def headers(self) -> dict[str, str]:
        """The fields of draft-ietf-httpapi-ratelimit-headers, and Retry-After where the request was refused."""
        told = {
            "RateLimit-Policy": f'"key";q={self.limit};w={WINDOW_SECONDS}',
            "RateLimit": f'"key";r={self.remaining};t={self.reset_seconds}',
        }
        return told if self.allowed else told | {"Retry-After": str(self.reset_seconds)}
