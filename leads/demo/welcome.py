"""What the demo prints: where to look, how to get in, and a first request to paste."""

from leads.demo.build import NAME, OPERATOR, OWNER
from leads.demo.keepsake import Keepsake

_TEXT = """
{name}

  Agency      {url}/agency/          {owner}  {owner_password}
  Admin       {url}/admin/           {operator}  {operator_password}
  API docs    {url}/docs/
  Webhooks    {url}/demo/receiver/   what the demo's buyers received and answered

  Live key    {live}
  Test key    {test}   (sells to mocks, reaches no buyer)
  A source's  {source}   (claim_connect)

Post a lead (once more makes it a duplicate):

curl -sS {url}/v1/leads -H 'Authorization: Bearer {live}' -H 'Content-Type: application/json' \
-d '{{"campaign_id": "auto-accident", "source": "google_ads", "first_name": "Maria", "last_name": "Garcia", \
"phone": "+12145550199", "email": "maria.garcia@example.com", "state": "TX", "zip": "75201", \
"injury_severity": "moderate", "accident_date": "{accident}", "consent_timestamp": "{consent}"}}'
"""


def welcome(keepsake: Keepsake, url: str, *, consent: str) -> str:
    """The text for somebody at the terminal. `consent` is the time of the sample lead's consent."""
    return _TEXT.format(
        name=NAME,
        url=url,
        owner=OWNER,
        owner_password=keepsake.logins[OWNER],
        operator=OPERATOR,
        operator_password=keepsake.logins[OPERATOR],
        live=keepsake.live_key,
        test=keepsake.test_key,
        source=keepsake.sources["claim_connect"],
        accident=consent[:10],
        consent=consent,
    )
