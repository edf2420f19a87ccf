"""What ops/schemathesis.sh gives to the tool: things that are there to ask about, and how bodies are written that are not JSON."""

import json
import os
import uuid
import zlib

import schemathesis

# By the noun of a route or a field: the identifiers of things that are in the store.
with open(os.environ["MAINSTAY_THINGS"], encoding="utf-8") as file:
    THINGS = json.load(file)

# Those who ask, and what they sign in with.
with open(os.environ["MAINSTAY_OWN"], encoding="utf-8") as file:
    OWN = set(json.load(file))

# Fields that name something by another word than its own.
ALSO = {
    "assignee": "agents",
    "members": "agents",
    "people": "agents",
    "into": "tickets",
    "from": "tickets",
    "attachments": "attachments",
}


def is_identifier(value):
    try:
        return str(uuid.UUID(value)) == value
    except (AttributeError, TypeError, ValueError):
        return False


def known(noun, value):
    """Something that is there, for two of three identifiers that were made up; always the same for the same one."""
    things = THINGS.get(noun) or THINGS.get(f"{noun}s") or THINGS.get(ALSO.get(noun, ""))
    number = zlib.crc32(value.encode())
    return things[number % len(things)] if things and number % 3 else value


@schemathesis.hook
def map_path_parameters(context, path_parameters):
    parts = context.operation.path.split("/")
    for name, value in (path_parameters or {}).items():
        if is_identifier(value):
            path_parameters[name] = known(parts[parts.index("{%s}" % name) - 1], value)
    return path_parameters


def replaced(noun, value):
    if isinstance(value, dict):
        return {key: replaced(key, inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [replaced(noun, inner) for inner in value]
    return known(noun, value) if is_identifier(value) else value


@schemathesis.hook
def map_body(context, body):
    return replaced("", body) if isinstance(body, (dict, list)) else body


@schemathesis.hook
def before_call(context, case, kwargs):
    """Nobody ends what they sign in with, nor changes who they are: all that follows would be asked in vain."""
    if case.method != "GET":
        for name, value in (case.path_parameters or {}).items():
            if value in OWN:
                case.path_parameters[name] = str(uuid.UUID(int=0))


@schemathesis.serializer("message/rfc822", "application/octet-stream")
def bytes_as_they_are(context, value):
    return value if isinstance(value, bytes) else str(value).encode(errors="replace")


@schemathesis.deserializer("application/octet-stream", "application/zip")
def any_bytes(context, response):
    # A file's bytes are a string of any characters: that is what the document says of them, and a check knows no bytes.
    return response.content.decode("latin-1")
