import time

from celery import shared_task


@shared_task(bind=True, track_started=False)
def recount(self, items):
    for done in range(1, items + 1):
        time.sleep(0.2)
        message = f"{done} of {items} shelves are counted."
        told = {"done": done, "total": items, "message": message}
        self.update_state(state="PROGRESS", meta=told)
    return {"done": items, "total": items, "message": "The recount is done."}
