"""Builds the demo agency once, posts its leads to the running web server, and shows how to get in, now and later."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from accounts.models import Agency
from core.clock import now, rfc3339
from leads.demo.build import OPERATOR, OWNER, build_demo, demo_agency
from leads.demo.keepsake import Keepsake, keep_posted, recall
from leads.demo.moving import point_deliveries, receiver_address
from leads.demo.posts import make_posts
from leads.demo.sending import send_posts
from leads.demo.welcome import welcome


class Command(BaseCommand):
    help = __doc__

    def handle(self, *args: Any, **options: Any) -> None:
        """Build what is missing, then print it."""
        if not settings.DEMO:
            self.stdout.write("No demo data here: SEED_DEMO is 0, or PUBLIC_URL is https.")
            return
        agency = demo_agency()
        receiver = receiver_address(settings.PORT)
        if agency is None:
            agency = build_demo(receiver=receiver)
        else:
            point_deliveries(agency, receiver=receiver)
        keepsake = recall()
        if keepsake is None or keepsake.agency_id != agency.public_id:
            self.stdout.write(f"The demo agency of another data folder is here. Sign in as {OWNER} or {OPERATOR}.")
            return
        if not keepsake.posted:
            self._post(agency, keepsake)
        self.stdout.write(welcome(keepsake, settings.PUBLIC_URL, consent=rfc3339(now())))

    def _post(self, agency: Agency, keepsake: Keepsake) -> None:
        posts = make_posts(agency.created_at)
        try:
            ends = send_posts(posts, port=settings.PORT, keys=keepsake.sources)
        except OSError as error:
            raise CommandError(f"The demo's leads could not all be posted ({error}). The next run goes on.") from error
        keep_posted(keepsake)
        shown = ", ".join(f"{count} {end}" for end, count in ends.most_common())
        self.stdout.write(f"Posted {len(posts)} demo leads: {shown}.")
