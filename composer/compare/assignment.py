"""Pairs of old and new things at the least total cost: the assignment problem on a sparse graph."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

# Integers up to here are exact in the solver's floats.
_EXACT_MAX = 2**53
_FINEST_STEPS = 1_000_000  # of nearness, in small components


@dataclass(frozen=True, slots=True)
class Cost:
    """What it costs to take two things for one: ``edits`` 0 (alike) or 1, ``properties`` that differ (up to 3), and
    ``distance`` 0..1 to choose between the rest. Leaving a thing alone costs one edit."""

    edits: int
    properties: int
    distance: float


def pairs_at_least_cost(costs: Mapping[tuple[int, int], Cost]) -> list[tuple[int, int]]:
    """The pairs (old, new) that make the number of edits least; among those, the fewest properties, then the
    shortest distances. Every pair in ``costs`` may be taken, each old and each new thing at most once."""
    found: list[tuple[int, int]] = []
    for edges in _components(costs):
        if len(edges) == 1:
            found += edges
        else:
            found += _solved({edge: costs[edge] for edge in edges})
    return sorted(found)


def _components(edges: Mapping[tuple[int, int], Cost]) -> list[list[tuple[int, int]]]:
    """The edges in groups that share no thing."""
    parent: dict[tuple[int, int], tuple[int, int]] = {}

    def root(node: tuple[int, int]) -> tuple[int, int]:
        while parent.setdefault(node, node) != node:
            parent[node] = parent[parent[node]]
            node = parent[node]
        return node

    for old, new in edges:
        parent[root((0, old))] = root((1, new))
    groups: dict[tuple[int, int], list[tuple[int, int]]] = defaultdict(list)
    for edge in sorted(edges):
        groups[root((0, edge[0]))].append(edge)
    return list(groups.values())


def _solved(costs: Mapping[tuple[int, int], Cost]) -> list[tuple[int, int]]:
    """One component, as a square problem: each thing has a stand-in that it is paired with when it is left alone."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import min_weight_full_bipartite_matching

    olds, news = sorted({old for old, _ in costs}), sorted({new for _, new in costs})
    row, column = ({thing: i for i, thing in enumerate(things)} for things in (olds, news))
    alone, weights = _weights(costs, len(olds) + len(news))
    entries = [(row[old], column[new], weight) for (old, new), weight in weights.items()]
    entries += [(i, len(news) + i, alone) for i in range(len(olds))]
    entries += [(len(olds) + j, j, alone) for j in range(len(news))]
    entries += [(len(olds) + column[new], len(news) + row[old], 0) for old, new in costs]
    rows, columns, values = zip(*entries, strict=True)
    # One more for each: a zero would be no entry, and every full matching has as many entries.
    matrix = coo_array(([float(v + 1) for v in values], (rows, columns)), shape=(len(olds) + len(news),) * 2)
    taken = zip(*min_weight_full_bipartite_matching(matrix.tocsr()), strict=True)
    return [(olds[i], news[j]) for i, j in taken if i < len(olds) and j < len(news)]


def _weights(costs: Mapping[tuple[int, int], Cost], things: int) -> tuple[int, dict[tuple[int, int], int]]:
    """The weight of a thing left alone and of each pair, as ints in which edits always outweigh properties, and
    properties distances."""
    steps = max(1, min(_FINEST_STEPS, _EXACT_MAX // (8 * things**3)))
    property_weight = steps * things + 1
    edit_weight = 3 * property_weight * things + 1
    return edit_weight, {
        edge: c.edits * edit_weight + c.properties * property_weight + round(c.distance * steps)
        for edge, c in costs.items()
    }
