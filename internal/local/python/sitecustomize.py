"""Read by the emulator's Python before its first line. See internal/local/emulator.go."""

import os
import signal
import socketserver
import threading

# The Runtime API answers in two small writes; without this each call waits 40 ms for Nagle.
socketserver.StreamRequestHandler.disable_nagle_algorithm = True


def _end_with_parent():
    """Standard input is a pipe nobody writes to: it ends when our parent does, however that happens."""
    while os.read(0, 1024):
        pass
    os.kill(os.getpid(), signal.SIGTERM)


# Taken out of the environment, so that no child of the emulator does the same.
if os.environ.pop("JIXU_END_WITH_PARENT", ""):
    threading.Thread(target=_end_with_parent, daemon=True).start()
