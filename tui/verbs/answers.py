"""`check --answer`: a person's own numbers, marked one by one."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

from engine.answers import AnswerError, mark, read_answer
from engine.expect import Match, Teacher
from engine.scenario.errors import clean
from tui.terminal import Writer
from tui.verbs.load import open_trace
from tui.verbs.wrong import WrongInputError, complain

HELD, OFF, WRONG = 0, 1, 2
MAX_BYTES = 2**20

_PREFIX = {Match.WRONG: "wrong: ", Match.NO_DIGIT: "too few digits: "}


def check_answers(options: Namespace, writer: Writer) -> int:
    """Mark every answer given, and say which cannot be; the exit status that asks for.

    Raises:
        WrongInputError: there is not one FILE, or there are no answers.
    """
    if len(options.files) != 1:
        raise WrongInputError(f"answers are to one FILE, got {len(options.files)}")
    (file,) = options.files
    lines = [("", text) for text in options.answer]
    if options.answers:
        lines += _from_file(options.answers)
    if not lines:
        raise WrongInputError(f"{options.answers}: there are no answers in it")
    teacher = Teacher(open_trace(file))
    wrong = []
    count = right = 0
    for place, text in lines:
        try:
            answer = read_answer(teacher, text)
        except AnswerError as error:
            # one that cannot be marked costs no other its mark
            wrong.append(f"{place}{clean(str(error))}")
            continue
        for marked in mark(teacher, answer):
            count += 1
            right += marked.verdict.ok
            writer.lines(f"{place}{_PREFIX.get(marked.verdict.kind, '')}{marked.message}")
    refused = f"{len(wrong):,} could not be marked" if wrong else ""
    held = f"{right:,} of {count:,} answers hold" if count or not wrong else ""
    writer.lines(f"{file}: {'; '.join(filter(None, (held, refused)))}")
    writer.flush()
    if wrong:
        complain("\n".join(wrong))
        return WRONG
    return HELD if right == count else OFF


def _from_file(path: str) -> list[tuple[str, str]]:
    """The answers of a file with the places they stand at; blank lines and comments left out."""
    try:
        with Path(path).open("rb") as file:
            data = file.read(MAX_BYTES + 1)
        text = data.decode("utf-8-sig")
    except OSError as error:
        raise WrongInputError(f"{path}: the file cannot be read: {(error.strerror or str(error)).lower()}") from None
    except UnicodeDecodeError:
        raise WrongInputError(f"{path}: this is not text in UTF-8") from None
    if len(data) > MAX_BYTES:
        raise WrongInputError(f"{path}: expected at most {MAX_BYTES:,} bytes")
    found = []
    for number, line in enumerate(text.splitlines(), 1):
        # an address has a # too: a comment stands alone, or after white space
        bare = line.strip()
        if bare and not bare.startswith("#"):
            found.append((f"{path}:{number}: ", bare.partition(" #")[0]))
    return found
