"""Where workers and the harness leave signs for each other: a folder that all of them see, or a URL in a store.

Each sign is whole or not there, and of several who create one, one does.
"""

from __future__ import annotations

import os
import re
import secrets
from contextlib import suppress
from dataclasses import dataclass

from profiler.errors import PareDownError
from profiler.stores import objects
from profiler.urls import is_url

TROUBLE = (OSError, PareDownError)
"""What a place raises that cannot be read or written."""


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder that all see under one path."""

    where: str

    def at(self, name: str) -> str:
        """The path of a sign."""
        return os.path.join(self.where, name)

    def create(self, name: str, content: bytes) -> bool:
        """Leave a sign; False if it is there already."""
        os.makedirs(os.path.dirname(self.at(name)), exist_ok=True)
        try:
            with open(self.at(name), "xb") as file:
                file.write(content)
        except FileExistsError:
            return False
        return True

    def write(self, name: str, content: bytes) -> None:
        """Leave a sign, in the place of another one if there is one."""
        os.makedirs(os.path.dirname(self.at(name)), exist_ok=True)
        partial = f"{self.at(name)}.partial"
        with open(partial, "wb") as file:
            file.write(content)
        os.replace(partial, self.at(name))

    def read(self, name: str) -> bytes | None:
        """What a sign says; None: there is none."""
        try:
            with open(self.at(name), "rb") as file:
                return file.read()
        except FileNotFoundError:
            return None

    def names(self) -> set[str]:
        """Every sign."""
        return {
            os.path.relpath(os.path.join(folder, file), self.where)
            for folder, _, files in os.walk(self.where)
            for file in files
        }

    def remove(self, name: str) -> None:
        """Take a sign away, if it is there."""
        with suppress(FileNotFoundError):
            os.unlink(self.at(name))


@dataclass(frozen=True, slots=True)
class Store:
    """What lies below a URL; each of these is one request, or as few as the store's library makes of it."""

    where: str

    def at(self, name: str) -> str:
        """The URL of a sign."""
        return objects.join(self.where, name)

    def create(self, name: str, content: bytes) -> bool:
        """Leave a sign; False if it is there already."""
        return objects.create(self.at(name), content)

    def write(self, name: str, content: bytes) -> None:
        """Leave a sign, in the place of another one if there is one."""
        objects.write(self.at(name), content)

    def read(self, name: str) -> bytes | None:
        """What a sign says; None: there is none."""
        return objects.read(self.at(name))

    def names(self) -> set[str]:
        """Every sign."""
        return set(objects.listed(self.where))

    def remove(self, name: str) -> None:
        """Take a sign away, if it is there."""
        objects.remove(self.at(name))


Place = Folder | Store


def place_at(where: str) -> Place:
    """The place of a path or a URL."""
    return Store(where) if is_url(where) else Folder(where)


def said(error: Exception) -> str:
    """What went wrong, and where.

    >>> said(PermissionError(13, "Permission denied", "/shared/attempts"))
    '/shared/attempts: Permission denied'
    """
    if isinstance(error, OSError) and error.strerror:
        return f"{error.filename}: {error.strerror}" if error.filename else error.strerror
    return str(error)


def why(error: Exception) -> str:
    """What went wrong, without where, for a sentence that has said it.

    >>> why(PermissionError(13, "Permission denied", "/shared/a"))
    'Permission denied'
    >>> why(PareDownError("s3://bucket/a: cannot be written: there is no bucket 'bucket'"))
    "there is no bucket 'bucket'"
    """
    if isinstance(error, OSError):
        return error.strerror or str(error)
    return re.sub(r"^\S+: (cannot be \w+: )?", "", str(error))


def keeps_writers_apart(place: Place) -> bool:
    """Whether of two who create one sign only the first does."""
    name = f"twice-{secrets.token_hex(4)}"
    apart = place.create(name, b"first") and not place.create(name, b"second")
    place.remove(name)
    return apart
