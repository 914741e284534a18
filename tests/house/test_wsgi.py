"""A web process is ready when it says so: nothing is left to be loaded when its first lead comes."""

import subprocess
import sys

from tests.processes import ROOT

SCRIPT = """
import leaddistro.wsgi
import sys
before = set(sys.modules)
from django.test import Client
Client().post("/v1/leads", "{", content_type="application/json")
ours = ("core", "accounts", "routing", "scoring", "billing", "webhooks", "buyers", "leads", "reports", "portal")
print(sorted(name for name in set(sys.modules) - before if name.partition(".")[0] in ours))
"""


def test_the_first_lead_of_a_process_loads_no_code_of_ours() -> None:
    done = subprocess.run([sys.executable, "-c", SCRIPT], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
