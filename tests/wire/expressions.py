# SPDX-License-Identifier: Apache-2.0
"""Writes the model's conditions, updates and projections as DynamoDB's expressions, with placeholders."""
import model


class Writer:
    """Collects names and values of one request."""

    def __init__(self, random):
        self.random, self.names, self.values = random, {}, {}

    def name(self, name):
        placeholder = "#" + name
        self.names[placeholder] = name
        return placeholder

    def value(self, value):
        placeholder = f":v{len(self.values)}"
        self.values[placeholder] = model.to_wire(value)
        return placeholder

    def path(self, path):
        text = self.name(path[0])
        for step in path[1:]:
            text += f".{self.name(step)}" if isinstance(step, str) else f"[{step}]"
        return text

    def operand(self, node):
        kind = node[0]
        if kind == "path":
            return self.path(node[1])
        if kind == "value":
            return self.value(node[1])
        if kind == "size":
            return f"size({self.path(node[1])})"
        if kind in ("+", "-"):
            return f"{self.operand(node[1])} {kind} {self.operand(node[2])}"
        return f"{kind}({self.operand(node[1])}, {self.operand(node[2])})"

    def condition(self, node):
        kind, children = node[0], node[1:]
        if kind == "NOT":
            return f"NOT ({self.condition(children[0])})"
        if kind in ("AND", "OR"):
            return f" {kind} ".join(self.part(child) for child in children)
        texts = [self.operand(child) for child in children]
        if kind == "BETWEEN":
            return f"{texts[0]} BETWEEN {texts[1]} AND {texts[2]}"
        if kind == "IN":
            return f"{texts[0]} IN ({', '.join(texts[1:])})"
        if kind in ("=", "<>", "<", "<=", ">", ">="):
            return f"{texts[0]} {kind} {texts[1]}"
        return f"{kind}({', '.join(texts)})"

    def part(self, node):
        """A child of AND and OR, in parentheses where it needs them or now and then."""
        text = self.condition(node)
        return f"({text})" if node[0] in ("AND", "OR") or self.random.random() < 0.2 else text

    def update(self, clauses):
        sections = {}
        for clause in clauses:
            text = self.path(clause[1])
            if clause[0] == "SET":
                text += " = " + self.operand(clause[2])
            elif clause[0] != "REMOVE":
                text += " " + self.value(clause[2])
            sections.setdefault(clause[0], []).append(text)
        return " ".join(f"{word} {', '.join(texts)}" for word, texts in sections.items())

    def projection(self, paths):
        return ", ".join(self.path(path) for path in paths)

    def add_to(self, request):
        if self.names:
            request["ExpressionAttributeNames"] = self.names
        if self.values:
            request["ExpressionAttributeValues"] = self.values
        return request
