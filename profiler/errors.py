"""Every error that paredown raises on purpose, as one tree.

What the user's own code does wrong is no error of ours: it is a finding, kept in the run (`model.Outcome`).

    PareDownError                    exit code 2, unless a subclass says otherwise
    ├── DeclarationError             the job says something that cannot be run; carries all problems at once
    ├── JobFileError                 the job file cannot be found, read or imported
    ├── InputError                   an input is missing, empty, broken or has other columns
    ├── RunFileError                 a run file is missing, is no run, is cut off or is too new
    ├── ResumeError                  a run cannot be resumed: code, inputs, parameters or shards changed
    ├── FactsError                   a fact is missing or malformed
    ├── PriceListError               AWS's price list cannot be asked, or answers otherwise than it is documented
    ├── EngineError                  an engine cannot be reached, or its workers cannot run the job as it should be
    ├── OutputError                  something cannot be written
    ├── UsageError                   options that do not go together, values that mean nothing; all problems at once
    └── UnsupportedError             this machine cannot do it
"""

from __future__ import annotations

from collections.abc import Sequence


class PareDownError(Exception):
    """What went wrong, where, and what was expected; `hint` says what to do next.

    Pickles and unpickles with all its parts, since a sandbox hands its errors to the harness.
    """

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __reduce__(self) -> tuple[object, ...]:
        return (_rebuild, (type(self), dict(self.__dict__)))


def _rebuild(kind: type[PareDownError], state: dict[str, object]) -> PareDownError:
    error = kind.__new__(kind)
    error.__dict__.update(state)
    error.args = (state["message"],)
    return error


class DeclarationError(PareDownError):
    """A job that cannot be run as declared; `problems` holds every mistake found, in the order of the file.

    `job` is the half-right job, so that its files and its SQL can be checked as well before anybody is told.
    """

    def __init__(self, problems: tuple[str, ...], *, hint: str | None = None, job: object = None) -> None:
        super().__init__("\n".join(problems), hint=hint)
        self.problems = problems
        self.job = job


class JobFileError(PareDownError):
    """The job file cannot be found, read or imported, or does not hold exactly one job."""


class InputError(PareDownError):
    """An input is missing, empty, broken or has other columns than the job needs."""


class RunFileError(PareDownError):
    """A run file is missing, is no run, or was written by a newer version."""


class ResumeError(PareDownError):
    """A run cannot be resumed, because what it measured is not what would run now."""


class FactsError(PareDownError):
    """A limit or a price is missing or malformed."""


class PriceListError(PareDownError):
    """AWS's price list cannot be asked, or answers otherwise than it is documented to."""


class EngineError(PareDownError):
    """An engine cannot be reached, or its workers cannot run the job as the harness would."""


class OutputError(PareDownError):
    """Something cannot be written: a full disk, a missing permission, a file that is there already."""


class StoreInputError(InputError):
    """What lies in an object store cannot be read: the store says no, or cannot be asked."""


class StoreOutputError(OutputError):
    """Something cannot be written into an object store: the store says no, or cannot be asked."""


class UsageError(PareDownError):
    """Options that do not go together, or values that mean nothing; `problems` holds every mistake, in their order."""

    def __init__(self, *problems: str, hint: str | None = None) -> None:
        super().__init__("\n".join(problems), hint=hint)
        self.problems = problems


class UnsupportedError(PareDownError):
    """This machine or system cannot do what was asked."""


def together(errors: Sequence[PareDownError]) -> PareDownError:
    """Return one error for all of them; of several, each says its hint beside its message.

    >>> together([UsageError("no a", hint="see b"), UsageError("no c")]).problems
    ('no a; see b', 'no c')
    """
    if len(errors) == 1:
        return errors[0]
    problems: list[str] = []
    for error in errors:
        if isinstance(error, UsageError) and len(error.problems) > 1:
            problems += error.problems
        else:
            problems.append(f"{error.message}; {error.hint}" if error.hint else error.message)
    return UsageError(*problems)
