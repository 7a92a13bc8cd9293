"""A Celery app that loads the ini file when its own option is read."""

import click
from celery import Celery
from celery.signals import user_preload_options
from pyramid.paster import get_app
from pyramid_tasks import set_global_app

app = Celery(autofinalize=False)
app.user_options["preload"].add(click.Option(("-i", "--ini"), required=True))


@user_preload_options.connect
def load(options, **_rest):
    set_global_app(app)
    get_app(options["ini"])
