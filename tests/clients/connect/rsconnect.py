"""rsconnect, Connect's command line for publishing: a server is added, looked at and removed."""

import os
import subprocess
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path

from steps import API_KEY, SERVER, Steps, equal, is_true

NAME = "stand-in"

steps = Steps("rsconnect-python", version("rsconnect-python"))
step = steps.step


def rsconnect(home: str, *arguments: str) -> tuple[int, str]:
    """Runs it with a home of its own, so that it neither finds nor leaves servers."""
    program = Path(sys.executable).with_name("rsconnect")
    settings = {"HOME": home, "XDG_CONFIG_HOME": home, "PATH": os.environ["PATH"]}
    done = subprocess.run(
        [program, *arguments],
        capture_output=True,
        env=settings,
        text=True,
        timeout=60,
        check=False,
    )
    print(done.stdout, done.stderr, file=sys.stderr)
    return done.returncode, done.stdout + done.stderr


with tempfile.TemporaryDirectory() as home:
    with step("add a server"):
        server = ("--server", SERVER, "--api-key", API_KEY, "--name", NAME)
        status, said = rsconnect(home, "add", *server)
        equal(status, 0)
        is_true(f'Added Connect server "{NAME}"' in said, said)

    with step("list the servers"):
        status, said = rsconnect(home, "list")
        equal(status, 0)
        is_true(SERVER in said, said)

    with step("details of a server"):
        status, said = rsconnect(home, "details", "--name", NAME)
        equal(status, 0)
        is_true("Posit Connect version: 20" in said, said)
        is_true("Installed versions of Python:" in said, said)

    with step("wrong key: code 30"):
        status, said = rsconnect(
            home, "add", "--server", SERVER, "--api-key", "wrong", "--name", "wrong"
        )
        equal(status, 1)
        is_true("The specified API key is not valid." in said, said)

    with step("a server that isn't Connect's"):
        elsewhere = ("--server", f"{SERVER}/elsewhere", "--api-key", API_KEY)
        status, said = rsconnect(home, "details", *elsewhere)
        equal(status, 1)
        is_true("Received an unexpected response" in said, said)

    with step("remove the server"):
        equal(rsconnect(home, "remove", "--name", NAME)[0], 0)

steps.end()
