"""What the Python scripts share: where to connect to, how values and errors are written."""

import datetime
import decimal
import hashlib
import os
import sys
import traceback
from pathlib import Path

HOST = os.environ["DRIVER_HOST"]
PORT = int(os.environ["DRIVER_PORT"])
USER = os.environ["DRIVER_USER"]
PASSWORD = os.environ["DRIVER_PASSWORD"]
OTHER_USER = os.environ["DRIVER_OTHER_USER"]
OTHER_PASSWORD = os.environ["DRIVER_OTHER_PASSWORD"]
SCHEMA = os.environ["DRIVER_SCHEMA"]
CA = os.environ["DRIVER_CA"]
WRONG_CA = os.environ["DRIVER_WRONG_CA"]
FILES = os.environ["DRIVER_FILES"]
STATEMENTS = [line.replace("{schema}", SCHEMA)
              for line in Path(os.environ["DRIVER_STATEMENTS"]).read_text().splitlines()
              if line and not line.startswith("#")]
LONGEST = 400


def show(value):
    """One value, with its type; long ones by length and digest."""
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(map(show, value)) + "]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{show(key)}: {show(value[key])}" for key in value) + "}"
    if isinstance(value, (str, bytes, bytearray)) and len(value) > LONGEST:
        data = value.encode() if isinstance(value, str) else bytes(value)
        digest = hashlib.sha256(data).hexdigest()[:16]
        return f"{type(value).__name__} of {len(data)} bytes {digest}"
    if isinstance(value, (decimal.Decimal, datetime.date, datetime.timedelta)):
        return f"{type(value).__name__} {value}"
    return repr(value)


def say(*words):
    print(*[word if isinstance(word, str) else show(word) for word in words], flush=True)


def say_error(error):
    """As the driver reports it: class, and the server's number and text where it has them."""
    say("error", type(error).__name__, list(error.args))


def run_steps(steps, driver_error):
    """Each step is a function on its own connections: a step that fails harms no other."""
    only = sys.argv[1:]
    for step in steps:
        name = step.__name__
        if only and name not in only:
            continue
        say("==", name)
        try:
            step()
        except driver_error as error:
            say_error(error)
        except Exception as error:  # noqa: BLE001: what a driver stumbles over is part of its tale
            say("exception", type(error).__name__, str(error))
            traceback.print_exc()
