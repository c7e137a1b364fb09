"""Types into pwsh at a terminal, as a person would: enters a session, runs a command in it, leaves it.

Says what the terminal did not show. The variables EXO_LAB_* and PSModulePath come from the test.
"""

import codecs
import fcntl
import os
import pty
import re
import select
import signal
import struct
import sys
import termios
import time

PATIENCE_S = 120

pid, terminal = pty.fork()
if pid == 0:
    # Who runs in the background has Ctrl+C ignored, and hands that down.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    # A new terminal has no rows and no columns, and the line editor divides by them.
    fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", 50, 200, 0, 0))
    os.execvpe("pwsh", ["pwsh", "-NoLogo", "-NoProfile"], dict(os.environ, TERM="xterm", LANG="C.UTF-8"))

# How an escape sequence begins, up to the letter that ends it.
ESCAPE = r"\x1b[\[?0-9;]*"

shown = ""
# An escape sequence of which the end was not read yet.
begun = ""
seen = []
decoder = codecs.getincrementaldecoder("utf-8")("replace")


def read():
    """Takes what the terminal shows next; false when it shows nothing more."""
    global shown, begun
    try:
        data = os.read(terminal, 65536)
    except OSError:
        return False
    text = begun + decoder.decode(data)
    begun = re.search(f"({ESCAPE})?$", text)[0]
    text = text[: len(text) - len(begun)]
    # A terminal tells where its cursor is when it is asked.
    for _ in range(text.count("\x1b[6n")):
        os.write(terminal, b"\x1b[1;1R")
    shown += re.sub(f"{ESCAPE}[a-zA-Z=>]", "", text)
    return bool(data)


def read_until(pattern):
    """Waits until the terminal shows something; what it showed up to there is done with."""
    global shown
    until = time.monotonic() + PATIENCE_S
    while not (found := re.search(pattern, shown)):
        if time.monotonic() > until:
            sys.exit(f"the terminal never showed {pattern}, but behind {seen}:\n{shown[-1000:]!r}")
        if select.select([terminal], [], [], 1)[0] and not read():
            sys.exit(f"pwsh ended before it showed {pattern}, behind {seen}:\n{shown[-1000:]!r}")
    shown = shown[found.end() :]
    seen.append(pattern)


def type_line(text):
    os.write(terminal, text.encode() + b"\r")


LOCAL, REMOTE = r"PS /[^>]*> ", r"\[localhost\]: PS>"
read_until(LOCAL)
# The line editor paints each key; without it the terminal shows what is typed and what is written.
type_line("Remove-Module PSReadLine -ErrorAction Ignore; 'plain'.ToUpper()")
read_until("PLAIN")
read_until(LOCAL)
type_line(
    "Import-Module ExchangeOnlineManagement; $c = [pscredential]::new($env:EXO_LAB_USER, (ConvertTo-SecureString $env:EXO_LAB_PASSWORD -AsPlainText -Force)); "
    "$s = New-PSSession -ConfigurationName Microsoft.Exchange -ConnectionUri $env:EXO_LAB_URL -Credential $c "
    "-Authentication Basic; \"$($s.State)\".ToUpper()"
)
read_until("OPENED")
read_until(LOCAL)
type_line("Enter-PSSession $s")
read_until(REMOTE)
type_line("Get-Thing box -Count 2")
read_until("box2")
read_until(REMOTE)
# Ctrl+C ends what runs there, and not the session.
type_line("Wait-Thing")
read_until("waiting")
os.write(terminal, b"\x03")
read_until(REMOTE)
type_line("Get-Thing chest")
read_until("chest1")
read_until(REMOTE)
type_line("Exit-PSSession")
read_until(LOCAL)
type_line("Remove-PSSession $s; \"$($s.State)\".ToUpper()")
read_until("CLOSED")
read_until(LOCAL)
type_line("exit")
while read():
    pass
os.waitpid(pid, 0)
