from time import sleep

from celery import shared_task


def told(done, items):
    return dict(done=done, total=items, message=f"Shelf {done} of {items}.")


@shared_task(bind=True, name="recount.recount", track_started=False)
def count(self, items):
    tell = self.backend.store_result
    for number in range(items):
        tell(self.request.id, told(number, items), "COUNTING")
        sleep(0.2)
    return told(items, items)


recount = count
