"""Builds the demo agency once, posts its leads to the running web server, and shows how to get in, now and later."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from core.clock import now, rfc3339
from leads.demo.build import OPERATOR, OWNER, build_demo, demo_agency
from leads.demo.keepsake import Keepsake, keep_posted, recall
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
        if demo_agency() is None:
            build_demo(receiver=f"http://127.0.0.1:{settings.PORT}/demo/receiver/")
        keepsake = recall()
        if keepsake is None:
            self.stdout.write(f"The demo agency of another data folder is here. Sign in as {OWNER} or {OPERATOR}.")
            return
        if not keepsake.posted:
            self._post(keepsake)
        self.stdout.write(welcome(keepsake, settings.PUBLIC_URL, consent=rfc3339(now())))

    def _post(self, keepsake: Keepsake) -> None:
        agency = demo_agency()
        assert agency is not None
        posts = make_posts(agency.created_at)
        found = send_posts(posts, port=settings.PORT, keys=keepsake.sources)
        keep_posted(keepsake)
        ends = ", ".join(f"{count} {end}" for end, count in found.most_common())
        self.stdout.write(f"Posted {len(posts)} demo leads: {ends}.")
