# SPDX-License-Identifier: Apache-2.0
"""Whether a recorded history is strictly serialisable: as if its transactions had been done one after the other, each at
some moment between its request and its answer.

Items are lists, and a transaction appends its own number to some of them and reads others whole. What is there in the
end tells the order of all writes to an item, and a list that was read tells which writes came before the read. So who
must come before whom is known of every pair that touches an item, and the history is serialisable exactly if these
constraints, with those of time, have no cycle.
"""
import bisect
import dataclasses


@dataclasses.dataclass
class Transaction:
    number: int
    start: int                                    # when its request was sent, and
    end: int                                      # when its answer was there
    reads: dict = dataclasses.field(default_factory=dict)   # item -> the list it had before
    appends: list = dataclasses.field(default_factory=list)  # items


class Violation(Exception):
    """The history cannot be."""


def check_writes(history, final):
    """Each append that was acknowledged is there once, and nothing else."""
    for item, order in final.items():
        written = sorted(transaction.number for transaction in history if item in transaction.appends)
        if sorted(order) != written:
            lost, foreign = set(written) - set(order), [number for number in order if number not in written]
            twice = {number for number in order if order.count(number) > 1}
            raise Violation(f"{item}: lost {lost}, never acknowledged {foreign}, twice {twice}")


def constraints(history, final):
    """Pairs of numbers, the first of which comes before the second."""
    for item, order in final.items():
        yield from zip(order, order[1:])
    for transaction in history:
        for item, seen in transaction.reads.items():
            order = final[item]
            if seen != order[:len(seen)]:
                raise Violation(f"transaction {transaction.number} saw {seen} of {item}, which was never there: {order}")
            if seen:
                yield order[len(seen) - 1], transaction.number
            if len(seen) < len(order):
                yield transaction.number, order[len(seen)]


def times(history):
    """Who was answered before another was asked comes before it. A moment after each answer stands for all answers so
    far, so that there are a few pairs for each transaction and not one for each pair of them."""
    answered = sorted(history, key=lambda transaction: transaction.end)
    ends = [transaction.end for transaction in answered]
    for place, transaction in enumerate(answered):
        yield transaction.number, ("moment", place)
        if place > 0:
            yield ("moment", place - 1), ("moment", place)
    for transaction in history:
        before = bisect.bisect_left(ends, transaction.start)
        if before > 0:
            yield ("moment", before - 1), transaction.number


def cycle_in(pairs):
    """Nodes that come before each other in a circle, or None."""
    after, waiting = {}, {}
    for first, second in pairs:
        if first != second:
            after.setdefault(first, []).append(second)
            waiting[second] = waiting.get(second, 0) + 1
            waiting.setdefault(first, 0)
    ready = [node for node, count in waiting.items() if count == 0]
    while ready:
        node = ready.pop()
        del waiting[node]
        for later in after.get(node, []):
            waiting[later] -= 1
            if waiting[later] == 0:
                ready.append(later)
    if not waiting:
        return None
    before = {later: node for node in waiting for later in after.get(node, []) if later in waiting}
    node, seen = next(iter(waiting)), []
    while node not in seen:  # each of those left has one before it
        seen.append(node)
        node = before[node]
    return list(reversed(seen[seen.index(node):]))


def check(history, final):
    """Raises Violation unless the history is strictly serialisable. final: item -> its list at the end."""
    check_writes(history, final)
    circle = cycle_in([*constraints(history, final), *times(history)])
    if circle is not None:
        known = {transaction.number: transaction for transaction in history}
        raise Violation("each of these comes before the next, and the last before the first:\n" +
                        "\n".join(str(known.get(node, node)) for node in circle))
