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


def check(consumed, asked, table, own, arms):
    """Compares an answer's ConsumedCapacity with what the table itself and its indexes cost."""
    if asked == "NONE":
        assert consumed is None, consumed
        return
    expected = {"TableName": table.name, "CapacityUnits": own + sum(arms.values())}
    if asked == "INDEXES":
        expected["Table"] = {"CapacityUnits": own}
        for member, local in (("LocalSecondaryIndexes", True), ("GlobalSecondaryIndexes", False)):
            found = {index.name: {"CapacityUnits": arms[index.name]} for index in table.indexes
                     if index.name in arms and index.local == local}
            if found:
                expected[member] = found
    assert consumed == expected, f"\n  server: {consumed}\n  model:  {expected}"
