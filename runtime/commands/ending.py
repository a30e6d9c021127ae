"""How a command that writes a copy of people's messages ends before its time."""

import signal
import threading


def end_on_sigterm() -> None:
    """As by Ctrl-C, so that no half copy stays behind; also where the terminal goes, unless that is to be ignored
    (nohup). Signals come to the main thread."""
    if threading.current_thread() is not threading.main_thread():
        return
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) != signal.SIG_IGN:
            signal.signal(number, lambda number, frame: signal.raise_signal(signal.SIGINT))
