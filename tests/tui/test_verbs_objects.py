"""Lines of JSON made of pieces are byte for byte the lines made from the objects."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from helpers import shipped

from engine.scenario.model import Optimizer, Scenario
from tui.session import Session
from tui.verbs.objects import Objects

NAMES = [
    "softplus", "adam_softplus", "batch_norm_two_samples", "dropout", "huber_outlier", "l1_proximal", "layer_norm",
    "logistic_unit", "schedule_cosine", "shared_weights", "softmax_ascent", "word2vec", "xor", "zero_init_relu",
]  # fmt: skip


def hold(scenario: Scenario, most: int = 400) -> int:
    session = Session(scenario)
    steps = range(min(most, len(session.trace)))
    for ascii in (False, True):
        encode = json.JSONEncoder(ensure_ascii=ascii, allow_nan=False).encode
        whole, pieces = Objects(session, ascii), Objects(session, ascii)
        # a step is cut where it is met for the second time
        for _ in range(2):
            for index in steps:
                assert pieces.line(index, encode) == encode(whole.step(index)), index
    return sum(form.cut for form in pieces._forms.values())


@pytest.mark.parametrize("name", NAMES)
def test_lines_are_the_objects(name: str) -> None:
    assert hold(shipped(name)) > 0


def test_partial_batches_have_words_and_pieces_of_their_own() -> None:
    xor = shipped("xor")
    hold(replace(xor, training=replace(xor.training, batch_size=3, iterations=5, shuffle=True)), 600)


def test_numbers_that_are_not_finite_are_put_in_as_words() -> None:
    softplus = shipped("softplus")
    hold(replace(softplus, training=replace(softplus.training, optimizer=Optimizer("sgd", 1e200))))
