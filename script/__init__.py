"""What is run by hand, or by the scripts beside it."""

import signal


def hear_ctrl_c() -> None:
    """Let Ctrl-C mean Ctrl-C in what a script starts, also when it was begun in the background.

    A shell has its background commands ignore it, and they would inherit that.
    """
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
