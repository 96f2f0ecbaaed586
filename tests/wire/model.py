# SPDX-License-Identifier: Apache-2.0
"""A table with its indexes as plain Python: what DynamoDB should answer, without pages, capacity or messages.

A value is (type, content): ("S", str) ("N", Decimal) ("B", bytes) ("BOOL", bool) ("NULL", True) ("SS", frozenset) ("NS", ..)
("BS", ..) ("L", tuple of values) ("M", dict of values). An item is a dict of values. A path is a tuple of names and
list indexes. Conditions and update clauses are tuples, as CONDITIONS and apply_update read them; expressions.py writes
them as text.
"""
import base64
import dataclasses
import decimal
import json
from decimal import Decimal

decimal.getcontext().prec = 300  # the model never rounds

KEY_TYPES = ("S", "N", "B")
MEMBER = {"SS": "S", "NS": "N", "BS": "B"}


class Refused(Exception):
    """The operation fails; the text is the type of the error."""


# --- Values and the wire ---------------------------------------------------------------------------------------------

def number_text(number):
    """The canonical text of a number."""
    text = format(number.normalize(), "f")
    return "0" if text == "-0" else text


def to_wire(value):
    kind, content = value
    if kind in ("S", "BOOL", "NULL"):
        return {kind: content}
    if kind == "N":
        return {"N": number_text(content)}
    if kind == "B":
        return {"B": base64.b64encode(content).decode()}
    if kind in MEMBER:
        return {kind: [next(iter(to_wire((MEMBER[kind], member)).values())) for member in sorted(content)]}
    if kind == "L":
        return {"L": [to_wire(member) for member in content]}
    return {"M": item_to_wire(content)}


def item_to_wire(item):
    return {name: to_wire(value) for name, value in item.items()}


def from_wire(value):
    """Strict: one type, canonical numbers, no member of a set twice."""
    [(kind, content)] = value.items()
    if kind in ("S", "BOOL", "NULL"):
        return kind, content
    if kind == "N":
        assert number_text(Decimal(content)) == content, f"{content} is not canonical"
        return "N", Decimal(content)
    if kind == "B":
        return "B", base64.b64decode(content, validate=True)
    if kind in MEMBER:
        members = frozenset(from_wire({MEMBER[kind]: member})[1] for member in content)
        assert len(members) == len(content) > 0, f"{value} is no set"
        return kind, members
    if kind == "L":
        return "L", tuple(from_wire(member) for member in content)
    assert kind == "M", kind
    return "M", item_from_wire(content)


def item_from_wire(item):
    return {name: from_wire(value) for name, value in item.items()}


def order(value):
    """What sort keys of one type are sorted by."""
    return value[1].encode() if value[0] == "S" else value[1]


def frozen(value):
    """A text that is equal exactly for equal values."""
    return json.dumps(to_wire(value), sort_keys=True, ensure_ascii=False)


def frozen_item(item):
    return frozen(("M", item))


# --- Paths -----------------------------------------------------------------------------------------------------------

def look_up(item, path):
    """The value at a path, or None."""
    value = ("M", item)
    for step in path:
        if isinstance(step, str):
            value = value[1].get(step) if value[0] == "M" else None
        else:
            value = value[1][step] if value[0] == "L" and step < len(value[1]) else None
        if value is None:
            return None
    return value


def project(item, paths):
    """What a projection expression leaves of an item; paths do not overlap. Members of lists close ranks."""
    def pick(value, wanted):
        if () in wanted:
            return value
        parts = [(step, pick(value[1][step], [path[1:] for path in wanted if path[0] == step]))
                 for step in sorted({path[0] for path in wanted})]
        return ("M", dict(parts)) if value[0] == "M" else ("L", tuple(part for _, part in parts))

    present = [path for path in paths if look_up(item, path) is not None]
    return pick(("M", item), present)[1]


# --- Conditions ------------------------------------------------------------------------------------------------------

def operand(item, node):
    """("path", p), ("value", v) or ("size", p)."""
    if node[0] == "value":
        return node[1]
    value = look_up(item, node[1])
    if node[0] == "path" or value is None:
        return value
    return ("N", Decimal(len(value[1]))) if value[0] not in ("N", "BOOL", "NULL") else None


def compared(a, b, test):
    return a is not None and b is not None and a[0] == b[0] and a[0] in KEY_TYPES and test(order(a), order(b))


def contains(value, part):
    if value is None or part is None:
        return False
    if value[0] in ("S", "B"):
        return value[0] == part[0] and part[1] in value[1]
    if value[0] in MEMBER:
        return part[0] == MEMBER[value[0]] and part[1] in value[1]
    return value[0] == "L" and any(frozen(member) == frozen(part) for member in value[1])


def equal(a, b):
    return a is not None and b is not None and frozen(a) == frozen(b)


CONDITIONS = {
    "=": equal,
    "<>": lambda a, b: not equal(a, b),
    "<": lambda a, b: compared(a, b, lambda x, y: x < y),
    "<=": lambda a, b: compared(a, b, lambda x, y: x <= y),
    ">": lambda a, b: compared(a, b, lambda x, y: x > y),
    ">=": lambda a, b: compared(a, b, lambda x, y: x >= y),
    "BETWEEN": lambda a, low, high: compared(low, a, lambda x, y: x <= y) and compared(a, high, lambda x, y: x <= y),
    "IN": lambda a, *members: any(equal(a, member) for member in members),
    "attribute_exists": lambda a: a is not None,
    "attribute_not_exists": lambda a: a is None,
    "attribute_type": lambda a, kind: a is not None and a[0] == kind[1],
    "begins_with": lambda a, part: a is not None and a[0] == part[0] and a[0] in "SB" and a[1].startswith(part[1]),
    "contains": contains,
}


def holds(item, node):
    if node is None:
        return True
    if node[0] == "NOT":
        return not holds(item, node[1])
    if node[0] == "AND":
        return holds(item, node[1]) and holds(item, node[2])
    if node[0] == "OR":
        return holds(item, node[1]) or holds(item, node[2])
    return CONDITIONS[node[0]](*(operand(item, child) for child in node[1:]))


def attributes_of(node):
    """The names of the attributes that a condition looks at."""
    if node is None or node[0] == "value":
        return set()
    if node[0] in ("path", "size"):
        return {node[1][0]}
    return set().union(*map(attributes_of, node[1:]))


# --- Updates ---------------------------------------------------------------------------------------------------------

def need(condition):
    if not condition:
        raise Refused("ValidationException")


def computed(item, node):
    """The operand of a SET: value, path, +, -, if_not_exists or list_append."""
    if node[0] == "if_not_exists":
        present = look_up(item, node[1][1])
        return present if present is not None else computed(item, node[2])
    if node[0] in ("value", "path"):
        value = operand(item, node)
        need(value is not None)
        return value
    left, right = computed(item, node[1]), computed(item, node[2])
    if node[0] == "list_append":
        need(left[0] == right[0] == "L")
        return "L", left[1] + right[1]
    need(left[0] == right[0] == "N")
    return "N", left[1] + right[1] if node[0] == "+" else left[1] - right[1]


def replaced(value, path, new):
    """The value with what is at path set to new, or removed when new is None."""
    if not path:
        return new
    step, rest = path[0], path[1:]
    need(value is not None and value[0] == ("M" if isinstance(step, str) else "L"))
    if value[0] == "M":
        content = dict(value[1])
        old = content.get(step)
        content[step] = replaced(old, rest, new) if rest or new is not None else None
        if content[step] is None:
            del content[step]
        return "M", content
    content = list(value[1])
    old = content[step] if step < len(content) else None
    member = replaced(old, rest, new)
    if step < len(content):
        content[step:step + 1] = [member] if member is not None else []
    elif member is not None:
        content.append(member)
    return "L", tuple(content)


def added(old, value):
    if value[0] == "N":
        need(old is None or old[0] == "N")
        return "N", (old[1] if old else 0) + value[1]
    need(old is None or old[0] == value[0])
    return value[0], (old[1] if old else frozenset()) | value[1]


def deleted(old, value):
    need(old is None or old[0] == value[0])
    left = (old[1] if old else frozenset()) - value[1]
    return (value[0], left) if left else None


def sure_type(node):
    """The type of an operand whatever the item is, or None."""
    if node[0] == "if_not_exists":
        return sure_type(node[2])
    return {"value": lambda: node[1][0], "path": lambda: None, "list_append": lambda: "L"}.get(node[0], lambda: "N")()


def apply_update(item, clauses, absent=False):
    """The item after ("SET", path, operand), ("REMOVE", path), ("ADD" or "DELETE", path, value). Operands are those of
    the item before; indexes of lists too, so members are removed from the end. Where there was no item there is nothing
    to remove inside it."""
    clauses = [clause for clause in clauses if not (absent and clause[0] == "REMOVE" and len(clause[1]) > 1)]
    values = [computed(item, clause[2]) if clause[0] == "SET" else clause[-1] for clause in clauses]
    ranked = sorted(zip(clauses, values), reverse=True,
                    key=lambda pair: (pair[0][0] != "REMOVE", [-1 if isinstance(s, str) else s for s in pair[0][1]]))
    whole = ("M", item)
    for clause, value in ranked:
        path, old = clause[1], look_up(item, clause[1])
        if clause[0] == "REMOVE":
            value = None
        elif clause[0] in ("ADD", "DELETE"):
            value = (added if clause[0] == "ADD" else deleted)(old, value)
            if value is None and old is None:
                continue
        whole = replaced(whole, path, value)
    return whole[1]


# --- Tables ----------------------------------------------------------------------------------------------------------

@dataclasses.dataclass
class Index:
    name: str
    hashes: list          # names of attributes
    ranges: list
    types: dict           # of all of them
    projection: object    # None: all attributes; else the set of names beyond the keys
    local: bool = False

    @property
    def keys(self):
        return self.hashes + self.ranges


class Table:
    """`base` is an Index too: that of the primary key."""

    def __init__(self, name, base, indexes):
        self.name, self.base, self.indexes = name, base, indexes
        self.items = {}  # by frozen key

    def key_of(self, item):
        return {name: item[name] for name in self.base.keys}

    def at(self, key):
        return tuple(frozen(key[name]) for name in self.base.keys)

    def get(self, key):
        return self.items.get(self.at(key))

    def check_keys(self, item, written=None):
        """Of an item, or of the attributes of it that an update has written."""
        for index in [self.base, *self.indexes]:
            for name in index.keys:
                if written is not None and name not in written:
                    continue
                if name in item:
                    need(item[name][0] == index.types[name] and item[name][1] not in ("", b""))
                else:
                    need(index is not self.base)

    def put(self, item, condition):
        self.check_keys(item)
        old = self.get(item)
        if not holds(old or {}, condition):
            raise Refused("ConditionalCheckFailedException")
        self.items[self.at(item)] = item
        return old

    def delete(self, key, condition):
        old = self.get(key)
        if not holds(old or {}, condition):
            raise Refused("ConditionalCheckFailedException")
        self.items.pop(self.at(key), None)
        return old

    def check(self, key, condition):
        if not holds(self.get(key) or {}, condition):
            raise Refused("ConditionalCheckFailedException")

    def update(self, key, clauses, condition):
        old = self.get(key)
        for clause in clauses:
            kind = sure_type(clause[2]) if clause[0] == "SET" else clause[2][0] if len(clause) > 2 else None
            for index in self.indexes if kind is not None else []:
                need(clause[1][0] not in index.keys or len(clause[1]) > 1 or index.types[clause[1][0]] == kind)
        if not holds(old or {}, condition):
            raise Refused("ConditionalCheckFailedException")
        new = apply_update(old or dict(key), clauses, absent=old is None)
        if old is None and clauses and all(clause[0] in ("REMOVE", "DELETE") for clause in clauses):
            return None, None  # where nothing is, what only removes makes nothing
        self.check_keys(new, [clause[1][0] for clause in clauses])
        self.items[self.at(key)] = new
        return old, new

    def entry(self, index, item):
        """An item's entry in an index, projected, or None."""
        if item is None or not all(name in item for name in index.keys):
            return None
        if index.projection is None:
            return item
        kept = self.kept(index)
        return {name: value for name, value in item.items() if name in kept}

    def kept(self, index):
        """The attributes that an index which does not keep all of them keeps."""
        return {*index.keys, *self.base.keys, *index.projection}

    def fetches(self, index, condition, paths, whole, query):
        """Whether a read of an index takes each item from the table, since it asks for what the index does not keep: a
        local one does, a global one refuses. A filter alone fetches nothing: a Query's is refused, a Scan's finds no such
        attribute."""
        if index.projection is None:
            return False
        kept = self.kept(index)
        beyond = whole or not {path[0] for path in paths or ()} <= kept
        need(index.local or not beyond)
        need(beyond or not query or attributes_of(condition) <= kept)
        return beyond

    def entries(self, index):
        found = (self.entry(index, item) for item in self.items.values())
        return (entry for entry in found if entry is not None)

    def place(self, index, item):
        """What entries of one hash key are sorted by; entries with one place are in any order."""
        return tuple(order(item[name]) for name in index.ranges + (self.base.ranges if index.local else []))

    def query(self, index, hashes, condition, forward):
        """Entries in order, as [(place, item)]."""
        found = [(self.place(index, item), item) for item in self.entries(index)
                 if all(equal(item[name], hashes[name]) for name in index.hashes) and holds(item, condition)]
        return sorted(found, key=lambda entry: entry[0], reverse=not forward)
