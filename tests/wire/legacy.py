# SPDX-License-Identifier: Apache-2.0
"""The model's conditions and updates as the parameters that were there before expressions."""
import model

OPERATORS = {"=": "EQ", "<>": "NE", "<": "LT", "<=": "LE", ">": "GT", ">=": "GE", "BETWEEN": "BETWEEN", "IN": "IN",
             "attribute_exists": "NOT_NULL", "attribute_not_exists": "NULL", "begins_with": "BEGINS_WITH", "contains": "CONTAINS"}


def fits(node):
    """Whether a comparison has a legacy form: one whole attribute and values, none of them empty."""
    if node[0] not in OPERATORS or node[1][0] != "path" or len(node[1][1]) > 1:
        return False
    if any(child[0] != "value" or child[1][1] in ("", b"") for child in node[2:]):
        return False
    kinds = {child[1][0] for child in node[2:]}
    return kinds <= set(model.KEY_TYPES) or (node[0] in ("=", "<>") and kinds <= set(model.MEMBER))


def written(node):
    request = {"ComparisonOperator": OPERATORS[node[0]]}
    if len(node) > 2:
        request["AttributeValueList"] = [model.to_wire(child[1]) for child in node[2:]]
    return request


def key_conditions(nodes):
    return {node[1][1][0]: written(node) for node in nodes}


def conditions(make, names, types, expected=False):
    """Gives (condition, {name: ...}, ConditionalOperator); the names are distinct."""
    nodes = {}
    for _ in range(make.random.randint(1, 4)):
        node = make.comparison(names, types)
        if fits(node):
            nodes[node[1][1][0]] = node
    if not nodes:
        name = make.random.choice(names)
        nodes[name] = ("attribute_not_exists", ("path", (name,)))
    request = {name: written(node) for name, node in nodes.items()}
    for name, node in nodes.items():  # Expected has two older forms
        if expected and node[0] == "=" and make.chance(0.4):
            request[name] = {"Value": model.to_wire(node[2][1])}
        elif expected and node[0] == "attribute_not_exists" and make.chance(0.5):
            request[name] = {"Exists": False}
    word = make.random.choice(["AND", "OR"]) if len(nodes) > 1 and not make.peer else "AND"
    whole = None
    for node in nodes.values():
        whole = node if whole is None else (word, whole, node)
    return whole, request, word


def updates(make, attributes):
    """Gives (clauses, AttributeUpdates)."""
    clauses, request = [], {}
    for name in make.random.sample(sorted(attributes), make.random.randint(1, 4)):
        value, path = make.value(attributes[name]), (name,)
        action = make.random.choice(["PUT", "DELETE", "REMOVE", "ADD"])
        if action == "REMOVE":
            clauses.append(("REMOVE", path))
            request[name] = {"Action": "DELETE"}
        elif action == "DELETE" and attributes[name] in model.MEMBER:
            clauses.append(("DELETE", path, value))
            request[name] = {"Action": "DELETE", "Value": model.to_wire(value)}
        elif action == "ADD" and (attributes[name] == "N" or attributes[name] in model.MEMBER):
            clauses.append(("ADD", path, value))
            request[name] = {"Action": "ADD", "Value": model.to_wire(value)}
        else:
            clauses.append(("SET", path, ("value", value)))
            request[name] = {"Value": model.to_wire(value), **({"Action": "PUT"} if make.chance(0.7) else {})}
    return clauses, request
