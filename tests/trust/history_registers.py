# SPDX-License-Identifier: Apache-2.0
"""Is a history of one register linearizable? By just-in-time linearization (Wing and Gong, with the memory of Lowe): the
history is gone through in time, with the set of all states that the register may have and which of the operations under way
have already had their effect in each. Its cost is that of the operations under way at once, not of the history's length.

An operation is (begin, end, need, new, sure): it is right if the value before it is as needed; then the value is `new`, or
stays. `need` is ANY, ("is", value) or ("not", value); `new` is KEEP or a value; None is absence. An operation whose client was
not told is not `sure`: it happened at some time up to `end`, its server's end, or never. Values are never used twice."""

ANY, KEEP = ("any", None), ("keep",)


def fits(need, value):
    kind, other = need
    return kind == "any" or (value == other if kind == "is" else value != other)


def violation(operations, first=None):
    """None, or the operation at which no order is left, with the values there may have been. `first` is the value before."""
    operations = [operation for operation in operations if operation[4] or operation[3] != KEEP]  # a lost read tells nothing
    events = sorted([(operation[0], 0, number) for number, operation in enumerate(operations)] +
                    [(operation[1], 1, number) for number, operation in enumerate(operations)])
    under_way, states = {}, {(first, frozenset())}
    for _, is_end, number in events:
        if not is_end:
            under_way[number] = operations[number]
            states = {with_reads(value, done, {number: operations[number]}) for value, done in states}
            continue
        after = having_done(states, under_way, number)
        if operations[number][4]:
            if not after:
                return operations[number], sorted({str(value) for value, _ in states}), sorted(under_way.values())
            states = after
        else:
            states = after | {state for state in states if number not in state[1]}
        del under_way[number]
    return None


def with_reads(value, done, under_way):
    """A read that fits is done at once: it changes nothing, so no order is lost."""
    return value, done.union(number for number, (_, _, need, new, _) in under_way.items() if new == KEEP and fits(need, value))


def having_done(states, under_way, number):
    """All states in which this operation has had its effect, at its end. Others under way may have come before it."""
    found, seen, todo = set(), set(states), list(states)
    while todo:
        value, done = todo.pop()
        if number in done:
            found.add((value, done - {number}))
            continue
        for other, (_, _, need, new, _) in under_way.items():
            if other in done or new == KEEP or not fits(need, value):
                continue
            state = with_reads(new, done | {other}, under_way)
            if state not in seen:
                seen.add(state)
                todo.append(state)
    return found
