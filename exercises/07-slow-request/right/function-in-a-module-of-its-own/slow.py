from time import sleep

SECONDS = 3


def very_slow_add(first, second):
    sleep(SECONDS)
    return first + second
