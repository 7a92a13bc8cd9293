from time import sleep


def includeme(config):
    config.register_task(sum_up, name="sum_up")


def sum_up(request, seconds):
    sleep(seconds)
    return sum(map(int, request.registry["redis"].lrange("numbers", 0, -1)))
