"""The WSGI door."""

import gc
import multiprocessing
import os
from importlib import import_module

from django.conf import settings
from django.core.cache import close_caches
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections

from core.gate import Gate
from core.shared_connections import SharedConnections
from leaddistro.parent_death import die_with_parent
from leaddistro.programs import AT_WORK

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "leaddistro.settings")
if multiprocessing.parent_process():
    die_with_parent()  # or this process of the web server would outlive its main one and serve beside the next
for signal in (request_started, request_finished):
    signal.disconnect(close_old_connections)  # SharedConnections sees to them
request_finished.disconnect(close_caches)  # there is nothing to close about ours
framework = get_wsgi_application()
from leads.api.fast_path import FastPath  # noqa: E402 - not before the framework is set up

gate = Gate(AT_WORK, SharedConnections())
application = FastPath(gate.around(framework), gate)
import_module(settings.ROOT_URLCONF)  # or the first lead of each process would wait half a second for all its code
gc.freeze()  # what is imported stays: collecting garbage need not walk through all of it, in the middle of a request
gc.set_threshold(50_000, 20, 50)  # nearly all that a lead leaves behind is freed without it: looked for every few leads
