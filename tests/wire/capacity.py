# SPDX-License-Identifier: Apache-2.0
"""Item sizes and capacity units by DynamoDB's rules, for the model's items."""
import model


def number_size(number):
    """1, a byte for two digits on each side of the point without the zeros at the ends, 1 for a minus."""
    text = model.number_text(abs(number))
    whole, _, fraction = text.partition(".")
    whole = whole.lstrip("0")
    if not fraction:
        whole = whole.rstrip("0")
    if not whole:
        fraction = fraction.lstrip("0")
    return 1 + (len(whole) + 1) // 2 + (len(fraction) + 1) // 2 + (number < 0)


def size(value):
    kind, content = value
    if kind == "S":
        return len(content.encode())
    if kind == "N":
        return number_size(content)
    if kind == "B":
        return len(content)
    if kind in ("BOOL", "NULL"):
        return 1
    if kind in model.MEMBER:
        return sum(size((model.MEMBER[kind], member)) for member in content)
    if kind == "L":
        return 3 + sum(1 + size(member) for member in content)
    return 3 + sum(1 + len(name.encode()) + size(member) for name, member in content.items())


def item_size(item):
    return sum(len(name.encode()) + size(value) for name, value in item.items()) if item else 0


def units(size_bytes, unit_bytes):
    return max(-(-size_bytes // unit_bytes), 1)


def read_units(items, consistent):
    """The sizes are added first, then rounded up."""
    return units(sum(map(item_size, items)), 4096) * (1 if consistent else 0.5)


def write_units(table, old, new):
    """(units of the table, {index name: units}); an index is charged only when its entry changes, twice when it moves."""
    arms = {}
    for index in table.indexes:
        before, after = table.entry(index, old), table.entry(index, new)
        if before == after:
            continue
        if before is None or after is None:
            arms[index.name] = units(item_size(before or after), 1024)
        elif all(model.equal(before[name], after[name]) for name in index.keys):
            arms[index.name] = units(max(item_size(before), item_size(after)), 1024)
        else:
            arms[index.name] = units(item_size(before), 1024) + units(item_size(after), 1024)
    return units(max(item_size(old), item_size(new)), 1024), arms


def added(cost, more):
    """(table, own, arms) and what another write of the table costs, (own, arms)."""
    table, own, arms = cost
    return table, own + more[0], {name: arms.get(name, 0) + more[1].get(name, 0) for name in {**arms, **more[1]}}


def told(asked, table, own, arms, kind=None):
    """ConsumedCapacity of one table; kind: the member that a transaction tells its units in too."""
    def units_of(count):
        return {"CapacityUnits": count, **({kind: count} if kind else {})}

    entry = {"TableName": table.name, **units_of(own + sum(arms.values()))}
    if asked == "INDEXES":
        entry["Table"] = units_of(own)
        for member, local in (("LocalSecondaryIndexes", True), ("GlobalSecondaryIndexes", False)):
            found = {index.name: units_of(arms[index.name]) for index in table.indexes
                     if index.name in arms and index.local == local}
            if found:
                entry[member] = found
    return entry


def check(consumed, asked, table, own, arms):
    """Compares an answer's ConsumedCapacity with what the table itself and its indexes cost."""
    expected = None if asked == "NONE" else told(asked, table, own, arms)
    assert consumed == expected, f"\n  server: {consumed}\n  model:  {expected}"


def check_tables(consumed, asked, costs, kind=None):
    """The same of an answer that tells of several tables; costs: (table, own, arms) of each, in the request's order."""
    expected = None if asked == "NONE" else [told(asked, *cost, kind) for cost in costs]
    assert consumed == expected, f"\n  server: {consumed}\n  model:  {expected}"
