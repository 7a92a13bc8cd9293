"""What a criterion is written with: the only thing of the workshop that content imports."""

from atelier.checks.criterion import criterion, expect, skip
from atelier.checks.deploy import INSTALLED_WITHIN, deploy
from atelier.checks.expectations import create, expect_packages, expect_status, holds, is_waiting
from atelier.checks.ledger import LedgerChecks
from atelier.harness.browser import real_browser
from atelier.harness.deadline import Deadline
from atelier.harness.events import Event, EventStream
from atelier.harness.gate import Gate
from atelier.harness.own_tests import OwnTests, run_own_tests
from atelier.harness.process_types import (
    UNPINNED,
    release,
    start_web_type,
    start_worker_type,
)
from atelier.harness.products import FIND_PRODUCTS, MIGRATIONS, insert_products
from atelier.harness.pyramid import start_module_server, start_pserve, start_worker_in
from atelier.harness.python import Question
from atelier.harness.queue import Message, Queue, Result
from atelier.harness.rabbit_server import RabbitServer, rabbitmq_of
from atelier.harness.redis_server import RedisServer
from atelier.harness.source import Source
from atelier.harness.sqlite import HeldCommits, writes_held
from atelier.harness.web import PRODUCTS, Response, Web, start_web
from atelier.harness.worker import Worker, start_worker
from atelier.harness.world import World
from atelier.i18n import _
from atelier.verdicts import Unmet

__all__ = [
    "FIND_PRODUCTS",
    "INSTALLED_WITHIN",
    "MIGRATIONS",
    "PRODUCTS",
    "UNPINNED",
    "Deadline",
    "Event",
    "EventStream",
    "Gate",
    "HeldCommits",
    "LedgerChecks",
    "Message",
    "OwnTests",
    "Question",
    "Queue",
    "RabbitServer",
    "RedisServer",
    "Response",
    "Result",
    "Source",
    "Unmet",
    "Web",
    "Worker",
    "World",
    "_",
    "create",
    "criterion",
    "deploy",
    "expect",
    "expect_packages",
    "expect_status",
    "holds",
    "insert_products",
    "is_waiting",
    "rabbitmq_of",
    "real_browser",
    "release",
    "run_own_tests",
    "skip",
    "start_module_server",
    "start_pserve",
    "start_web",
    "start_web_type",
    "start_worker",
    "start_worker_in",
    "start_worker_type",
    "writes_held",
]
