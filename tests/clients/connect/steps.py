"""How a client's script says what it is, and how each of its steps went.

The first line on standard output is `client NAME VERSION`; then comes one line for each step,
`ok STEP` or `fail STEP: WHY`.
"""

import contextlib
import os
import sys
from collections.abc import Iterator

SERVER = os.environ["CONNECT_SERVER"]
API_KEY = os.environ["CONNECT_API_KEY"]

# A group that nobody has brought in yet is looked for among those that begin with this.
PREFIX = "acc"


class Steps:
    def __init__(self, client: str, version: str) -> None:
        self.failed = False
        print(f"client {client} {version}", flush=True)

    @contextlib.contextmanager
    def step(self, what: str) -> Iterator[None]:
        """Whatever is raised inside fails the step, and the next one is tried all the same."""
        try:
            yield
        except Exception as error:
            self.failed = True
            why = " ".join(f"{type(error).__name__}: {error}".split())
            print(f"fail {what}: {why}", flush=True)
        else:
            print(f"ok {what}", flush=True)

    def end(self) -> None:
        sys.exit(1 if self.failed else 0)


def equal(found: object, wanted: object) -> None:
    assert found == wanted, f"{found!r}, not {wanted!r}"


def is_true(holds: object, otherwise: str) -> None:
    assert holds, otherwise


def missing(hits: list[dict]) -> dict:
    """The first hit that Connect doesn't have, and whose name no other hit has."""
    names = [hit["name"].lower() for hit in hits]
    for hit in hits:
        if hit["guid"] is None and names.count(hit["name"].lower()) == 1:
            return hit
    raise AssertionError(f"nothing to create among {names}")
