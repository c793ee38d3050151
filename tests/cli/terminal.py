"""Runs a command in a terminal of ROWS x COLUMNS: its output goes to stdout, stdin is typed into it.

    python3 terminal.py ROWS COLUMNS COMMAND [ARGUMENT ...]

Exits as the command does; 128 + the signal's number where a signal ended it.
"""

import fcntl
import os
import pty
import select
import struct
import sys
import termios

rows, columns, command = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3:]
child, terminal = pty.fork()
if child == 0:
    fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
    os.execvp(command[0], command)

sources = [terminal, 0]
while terminal in sources:
    ready, _, _ = select.select(sources, [], [])
    if terminal in ready:
        try:
            output = os.read(terminal, 65536)
        except OSError:  # Linux says EIO where the other end is closed
            output = b""
        if output == b"":
            sources.remove(terminal)
        else:
            sys.stdout.buffer.write(output)
            sys.stdout.buffer.flush()
    if 0 in ready:
        typed = os.read(0, 65536)
        if typed == b"":
            sources.remove(0)
        else:
            os.write(terminal, typed)

_, status = os.waitpid(child, 0)
sys.exit(os.waitstatus_to_exitcode(status) if os.WIFEXITED(status) else 128 + os.WTERMSIG(status))
