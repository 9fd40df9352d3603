"""For every test: Ctrl-C works.

What is started in the background ignores SIGINT, and so would every program that a test starts and interrupts.
"""

from __future__ import annotations

import signal

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
