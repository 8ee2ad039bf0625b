"""The assignment is the best there is: checked against every possible one on small graphs."""

from __future__ import annotations

from itertools import combinations, permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linear_sum_assignment

from composer.compare.assignment import Cost, pairs_at_least_cost

COSTS = st.builds(Cost, st.integers(0, 1), st.integers(0, 3), st.sampled_from([0.0, 0.25, 0.5, 1.0]))
GRAPHS = st.dictionaries(st.tuples(st.integers(0, 3), st.integers(0, 3)), COSTS, max_size=10)


def total(pairs: list[tuple[int, int]], costs: dict[tuple[int, int], Cost]) -> tuple[int, int, float]:
    """Edits, properties and distance of an assignment; each thing left alone is an edit."""
    olds, news = {old for old, _ in costs}, {new for _, new in costs}
    taken = [costs[pair] for pair in pairs]
    alone = len(olds) + len(news) - 2 * len(pairs)
    return alone + sum(c.edits for c in taken), sum(c.properties for c in taken), sum(c.distance for c in taken)


def every_assignment(costs: dict[tuple[int, int], Cost]) -> list[list[tuple[int, int]]]:
    olds, news = sorted({old for old, _ in costs}), sorted({new for _, new in costs})
    found = []
    for size in range(min(len(olds), len(news)) + 1):
        for some in combinations(olds, size):
            for order in permutations(news, size):
                pairs = list(zip(some, order, strict=True))
                if all(pair in costs for pair in pairs):
                    found.append(pairs)
    return found


@given(GRAPHS)
def test_no_assignment_is_better(costs: dict[tuple[int, int], Cost]) -> None:
    found = pairs_at_least_cost(costs)
    assert len({old for old, _ in found}) == len({new for _, new in found}) == len(found)
    assert total(found, costs) <= min(total(pairs, costs) for pairs in every_assignment(costs))


def test_a_single_pair_is_always_taken() -> None:
    assert pairs_at_least_cost({(3, 5): Cost(1, 3, 1.0)}) == [(3, 5)]
    assert pairs_at_least_cost({}) == []


@settings(max_examples=30)
@given(st.integers(0, 2**32 - 1), st.floats(0.1, 1.0))
def test_larger_graphs_are_solved_as_another_solver_does(seed: int, density: float) -> None:
    rng = np.random.default_rng(seed)
    size = int(rng.integers(2, 25))
    costs = {
        (i, j): Cost(int(rng.integers(0, 2)), int(rng.integers(0, 4)), float(rng.integers(0, 5)) / 4)
        for i in range(size)
        for j in range(size)
        if rng.random() < density
    }
    # Left alone, a thing costs one edit; the stand-ins of both sides are free for each other.
    unit = 1000.0
    square = np.full((2 * size, 2 * size), 1e9)
    for (i, j), cost in costs.items():
        square[i, j] = cost.edits * unit**2 + cost.properties * unit + cost.distance
    for i in range(size):
        square[i, size + i] = square[size + i, i] = unit**2
    square[size:, size:] = 0.0
    rows, columns = linear_sum_assignment(square)
    best = square[rows, columns].sum()
    pairs = pairs_at_least_cost(costs)
    alone = 2 * size - 2 * len(pairs)
    assert alone * unit**2 + sum(square[pair] for pair in pairs) == pytest.approx(best, abs=1e-6)
