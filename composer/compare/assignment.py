"""Pairs of old and new things at the least total cost: the assignment problem on a sparse graph."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from heapq import heappop, heappush

_STEPS = 1_000_000  # in which distances are counted


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
    """The best pairs of one component."""
    things = len({old for old, _ in costs}) + len({new for _, new in costs})
    alone, weights = _weights(costs, things)
    assignment = _Assignment(2 * alone)
    for (old, new), weight in weights.items():
        assignment.choices[old].append((new, weight))
    for old in sorted(assignment.choices):
        assignment.add(old)
    return sorted((old, new) for new, old in assignment.taken_by.items())


class _Assignment:
    """Olds get a new each, or none at a fixed price, one after the other by shortest augmenting paths.

    The price of none is that of two things left alone, since a pair saves both. Prices are ints, so the result is
    exact; and as any old may always get none, a path seldom goes far.

    References: Jonker and Volgenant 1987; Crouse 2016, here with a heap on a sparse graph.
    """

    def __init__(self, price_of_none: int) -> None:
        self.price_of_none = price_of_none
        self.choices: dict[int, list[tuple[int, int]]] = defaultdict(list)
        self.taken_by: dict[int, int] = {}  # new -> old
        self.has: dict[int, int] = {}  # old -> new
        self._old_price: dict[int, int] = defaultdict(int)
        self._new_price: dict[int, int] = defaultdict(int)

    def add(self, first: int) -> None:
        """Give ``first`` its place; others move up where that is cheaper on the whole."""
        reached: dict[int, int] = {}  # new -> length of the shortest path to it
        came_from: dict[int, int] = {}  # new -> the old before it
        waiting: list[tuple[int, bool, int]] = []  # of equal ones a free new comes first: the path ends there
        closed: list[int] = []
        found, out = self.price_of_none - self._old_price[first], first  # the best way to end with an old without a new
        length, old, last = 0, first, None
        while True:
            for new, weight in self.choices[old]:
                way = length + weight - self._old_price[old] - self._new_price[new]
                if new not in reached or way < reached[new]:
                    reached[new], came_from[new] = way, old
                    heappush(waiting, (way, new in self.taken_by, new))
            while waiting and waiting[0][0] > reached[waiting[0][2]]:
                heappop(waiting)
            if not waiting or found <= waiting[0][0]:
                length = found
                break
            length, _, new = heappop(waiting)
            closed.append(new)
            if new not in self.taken_by:
                last = new
                break
            old = self.taken_by[new]
            if length + self.price_of_none - self._old_price[old] < found:
                found, out = length + self.price_of_none - self._old_price[old], old
        self._reprice(first, length, closed, reached)
        if last is None and out != first:
            last = self.has.pop(out)
        if last is not None:
            self._move_up(first, last, came_from)

    def _reprice(self, first: int, length: int, closed: list[int], reached: dict[int, int]) -> None:
        self._old_price[first] += length
        for new in closed:
            gap = length - reached[new]
            self._new_price[new] -= gap
            if new in self.taken_by:
                self._old_price[self.taken_by[new]] += gap

    def _move_up(self, first: int, last: int, came_from: dict[int, int]) -> None:
        """Along the path from ``last`` back to ``first``, each old takes the new after it."""
        new = last
        while True:
            old = came_from[new]
            before = self.has.get(old)
            self.has[old], self.taken_by[new] = new, old
            if old == first:
                return
            assert before is not None
            new = before


def _weights(costs: Mapping[tuple[int, int], Cost], things: int) -> tuple[int, dict[tuple[int, int], int]]:
    """The weight of a thing left alone and of each pair, as ints in which edits always outweigh properties, and
    properties distances."""
    property_weight = _STEPS * things + 1
    edit_weight = 3 * property_weight * things + 1
    return edit_weight, {
        edge: c.edits * edit_weight + c.properties * property_weight + round(c.distance * _STEPS)
        for edge, c in costs.items()
    }
