"""What a criterion is written with: the only thing of the workshop that content imports."""

from atelier.checks.criterion import criterion, expect, skip
from atelier.harness.deadline import Deadline
from atelier.harness.process_types import (
    UNPINNED,
    release,
    start_web_type,
    start_worker_type,
)
from atelier.harness.python import Question
from atelier.harness.queue import Message, Queue, Result
from atelier.harness.redis_server import RedisServer
from atelier.harness.source import Source
from atelier.harness.sqlite import HeldCommits
from atelier.harness.web import PRODUCTS, Response, Web, start_web
from atelier.harness.worker import Worker, start_worker
from atelier.harness.world import World
from atelier.i18n import _
from atelier.verdicts import Unmet

__all__ = [
    "PRODUCTS",
    "UNPINNED",
    "Deadline",
    "HeldCommits",
    "Message",
    "Question",
    "Queue",
    "RedisServer",
    "Response",
    "Result",
    "Source",
    "Unmet",
    "Web",
    "Worker",
    "World",
    "_",
    "criterion",
    "expect",
    "release",
    "skip",
    "start_web",
    "start_web_type",
    "start_worker",
    "start_worker_type",
]
