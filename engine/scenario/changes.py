"""What an edit does to the text of a file: a key put in, a named value renamed, what is about the walk found."""

from __future__ import annotations

import re

from engine.scenario.errors import Key
from engine.scenario.rewrite import Source, inline, string
from engine.scenario.targets import NAMED, options_of, words_for

_ABOUT = re.compile(
    r'(?:expect\.(?:"(?P<address>[^"]*)"|(?P<bare>[\w-]+))|(?P<list>notes|goals|comparisons)\[(?P<place>[0-9]+)\])'
)
"""Where the key of a problem is about the walk, not in it."""


def put(source: Source, key: Key, written: str) -> Source:
    """The text with a value at a key; a name alone becomes a table where an option is to stand beside it."""
    for size in range(1, len(key)):
        kind, held = str(key[size - 1]), source.get(key[:size])
        if kind in NAMED and isinstance(held, str):
            source = source.put(key[:size], inline({NAMED[kind]: string(held)}))
    return source.put(key, written)


def renamed(source: Source, key: Key, name: str, written: str) -> Source:
    """The text with another name at a named value; of the options beside it those stay that the new name has."""
    kind, held = str(key[-1]), source.get(key)
    word = NAMED[kind]
    if not isinstance(held, dict) or word not in held:
        return source.put(key, written)
    allowed = options_of(kind, name)
    if allowed is None and kind == "optimizer":
        allowed = frozenset(held)
    kept = [one for one in held if one != word and one in (allowed or ()) and _fits(kind, name, one, held[one])]
    span = source.span(key)
    if span is None and kept:
        for one in [one for one in held if one != word and one not in kept]:
            source = source.without((*key, one))
        return source.put((*key, word), written)
    texts = {one: source.written((*key, one)) for one in kept}
    if not kept and kind != "optimizer":
        return source.put(key, written)
    return source.put(key, inline({word: written, **{one: str(text) for one, text in texts.items()}}))


def about(key: str) -> Key | None:
    """The expected value, note, goal or comparison that a problem's key is in; None where it is in none."""
    found = _ABOUT.match(key)
    if found is None:
        return None
    if found["list"]:
        return (found["list"], int(found["place"]) - 1)
    return ("expect", found["address"] or found["bare"])


def _fits(kind: str, name: str, option: str, value: object) -> bool:
    """Whether an option that is a word is one of the new name's words."""
    words = words_for((kind, option), name)
    return not isinstance(value, str) or not words or value in words
