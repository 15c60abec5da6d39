"""Data sets that are made: on their curves without noise, with the noise asked for, and the same every time."""

from __future__ import annotations

import math

import numpy as np
import pytest

from engine.datasets import DATASETS, XOR_CORNERS, xor_table


def draw(name: str, **options: float) -> tuple[np.ndarray, np.ndarray]:
    given = {"samples": 60, "noise": 0.0} | options
    return DATASETS[name].draw(7, int(given.pop("samples")), **given)


@pytest.mark.parametrize("name", DATASETS)
def test_same_seed_same_points(name: str) -> None:
    entry = DATASETS[name]
    points, labels = entry.draw(7, 50, 0.1)
    again, same = entry.draw(7, 50, 0.1)
    assert points.shape == (50, 2)
    assert (points == again).all()
    assert (labels == same).all()
    assert not (entry.draw(8, 50, 0.1)[0] == points).any()


@pytest.mark.parametrize("name", DATASETS)
def test_classes_are_as_equal_as_can_be(name: str) -> None:
    _, labels = draw(name, samples=40)
    assert np.bincount(labels).tolist() == [20, 20]


@pytest.mark.parametrize("name", ["spiral", "blobs"])
def test_more_classes(name: str) -> None:
    _, labels = draw(name, samples=11, classes=3)
    assert np.bincount(labels).tolist() == [4, 4, 3]


@pytest.mark.parametrize("name", DATASETS)
def test_noise_has_the_deviation_asked_for(name: str) -> None:
    clean, _ = DATASETS[name].draw(7, 20_000, 0.0)
    noisy, _ = DATASETS[name].draw(7, 20_000, 0.25)
    assert (noisy - clean).std() == pytest.approx(0.25, rel=0.02)


def test_xor() -> None:
    points, labels = xor_table()
    assert points.tolist() == [list(corner) for corner in XOR_CORNERS]
    assert labels.tolist() == [int(a != b) for a, b in XOR_CORNERS]
    many, classes = draw("xor", samples=9)
    assert many[:4].tolist() == points.tolist()
    assert classes.tolist() == [0, 1, 1, 0, 0, 1, 1, 0, 0]


def test_circles_lie_on_circles() -> None:
    points, labels = draw("circles")
    np.testing.assert_allclose(np.hypot(*points.T), np.where(labels == 0, 1.0, 0.5), atol=1e-12)


def test_moons_lie_on_half_circles() -> None:
    points, labels = draw("moons")
    upper, lower = points[labels == 0], points[labels == 1] - (1.0, 0.5)
    np.testing.assert_allclose(np.hypot(*upper.T), 1.0, atol=1e-12)
    np.testing.assert_allclose(np.hypot(*lower.T), 1.0, atol=1e-12)
    assert (upper[:, 1] >= 0).all()
    assert (lower[:, 1] <= 0).all()


def test_spiral_turns_with_the_radius() -> None:
    points, labels = draw("spiral", classes=3)
    radius = np.hypot(*points.T)
    angle = 2 * math.pi * labels / 3 + 1.5 * math.pi * radius
    np.testing.assert_allclose(points, radius[:, None] * np.column_stack([np.cos(angle), np.sin(angle)]), atol=1e-12)


def test_blobs_without_noise_are_their_centres() -> None:
    points, labels = draw("blobs", classes=4)
    assert len(np.unique(points.round(9), axis=0)) == 4
    np.testing.assert_allclose(points[labels == 1], [(0.0, 2.0)] * 15, atol=1e-12)
