# SPDX-License-Identifier: Apache-2.0
"""Reads Prometheus' text format 0.0.4, and is strict: what `promtool check metrics` would complain of is a ValueError.

    metrics = scrape(server)                                  # Metrics
    metrics.value("stator_requests_total", operation="GetItem", table="music")   # 12.0; 0 when there is no such sample
    metrics.total("stator_requests_total", table="music")     # of all samples that have these labels
    metrics.families["stator_requests_total"].type            # "counter"
"""
import http.client
import math
import re

NAME = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*")
LABEL = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")
NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?([eE][+-]?\d+)?|Inf)")
UNITS = ("seconds", "bytes")
NOT_UNITS = ("ms", "milliseconds", "us", "ns", "kb", "mb", "kib", "mib", "minutes", "hours", "percent")
ESCAPES = {"\\": "\\", '"': '"', "n": "\n"}


class Family:
    def __init__(self, name, text):
        self.name, self.help, self.type = name, text, None
        self.samples = {}  # (name, sorted labels) -> value, in the order of the text


class Metrics:
    def __init__(self, families):
        self.families = families
        self.samples = {key: value for family in families.values() for key, value in family.samples.items()}

    def value(self, name, **labels):
        return self.samples.get((name, tuple(sorted(labels.items()))), 0)

    def has(self, name, **labels):
        return (name, tuple(sorted(labels.items()))) in self.samples

    def total(self, name, **labels):
        wanted = set(labels.items())
        return sum(value for (of, have), value in self.samples.items() if of == name and wanted <= set(have))

    def labels(self, name, label):
        """All values of a label."""
        return {dict(have)[label] for of, have in self.samples if of == name and label in dict(have)}


def complain(line, why):
    raise ValueError(f"{why}: {line!r}")


def read_labels(text, line):
    """Of what begins behind the brace: the labels, and what follows the closing brace."""
    labels = {}
    while not text.startswith("}"):
        found = LABEL.match(text)
        if not found or not text[found.end():].startswith('="'):
            complain(line, "no label")
        name, text, value = found.group(), text[found.end() + 2:], ""
        while not text.startswith('"'):
            if not text:
                complain(line, "a label's value has no end")
            if text[0] == "\\":
                if text[1:2] not in ESCAPES:
                    complain(line, "no escape")
                value, text = value + ESCAPES[text[1]], text[2:]
            else:
                value, text = value + text[0], text[1:]
        text = text[1:]
        if name in labels or name.startswith("__") or value == "":
            complain(line, "a label that is there twice, is reserved or is empty")
        labels[name] = value
        if text.startswith(","):
            text = text[1:]
            if text.startswith("}"):
                complain(line, "a comma too many")
        elif not text.startswith("}"):
            complain(line, "labels without a comma")
    return labels, text[1:]


def read_sample(line):
    found = NAME.match(line)
    if not found:
        complain(line, "no name")
    name, rest, labels = found.group(), line[found.end():], {}
    if rest.startswith("{"):
        labels, rest = read_labels(rest[1:], line)
    if not rest.startswith(" ") or not NUMBER.fullmatch(rest[1:]):
        complain(line, "no value")
    return name, labels, float(rest[1:])


def belongs(name, family):
    if family.type == "histogram":
        return name in (family.name + "_bucket", family.name + "_sum", family.name + "_count")
    return name == family.name


def check_name(family):
    words = family.name.split("_")
    if words[0] != "stator":
        complain(family.name, "not one of ours")
    if (words[-1] == "total") != (family.type == "counter"):
        complain(family.name, "_total is for counters, and for all of them")
    if words[-1] in ("count", "sum", "bucket") or any(word in NOT_UNITS or word in ("counter", "gauge", "histogram") for word in words):
        complain(family.name, "a suffix or a unit that is not to be used")
    for unit in UNITS:
        if unit in words and words.index(unit) < len(words) - 2 and "per" not in words:
            complain(family.name, "the unit belongs to the end")
    if not family.help or family.type is None:
        complain(family.name, "no help or no type")


def check_histogram(family):
    series = {}
    for (name, labels), value in family.samples.items():
        rest = dict(labels)
        bound = rest.pop("le", None)
        one = series.setdefault(tuple(sorted(rest.items())), {"buckets": [], "sum": None, "count": None})
        if (bound is not None) != name.endswith("_bucket"):
            complain(family.name, "a bound is for buckets alone")
        if bound is not None:
            one["buckets"].append((math.inf if bound == "+Inf" else float(bound), value))
        else:
            one[name.rsplit("_", 1)[1]] = value
    for labels, one in series.items():
        bounds, counts = [b for b, _ in one["buckets"]], [c for _, c in one["buckets"]]
        if bounds != sorted(set(bounds)) or counts != sorted(counts) or not bounds or bounds[-1] != math.inf:
            complain(f"{family.name}{labels}", "buckets are not in order")
        if one["count"] != counts[-1] or one["sum"] is None:
            complain(f"{family.name}{labels}", "the count is not the last bucket, or there is no sum")


def parse(text):
    if not text.endswith("\n"):
        complain(text[-80:], "the last line has no end")
    families, current = {}, None
    for line in text[:-1].split("\n"):
        if line.startswith("# HELP "):
            _, _, name, *words = line.split(" ")
            if not NAME.fullmatch(name) or name in families:
                complain(line, "no name, or there is such a family already")
            current = families[name] = Family(name, " ".join(words))
        elif line.startswith("# TYPE "):
            _, _, name, kind = line.split(" ")
            if current is None or name != current.name or current.type or current.samples:
                complain(line, "a type where it does not belong")
            if kind not in ("counter", "gauge", "histogram"):
                complain(line, "no type")
            current.type = kind
        else:
            name, labels, value = read_sample(line)
            key = name, tuple(sorted(labels.items()))
            if current is None or not belongs(name, current):
                complain(line, "a sample outside of its family")
            if key in current.samples:
                complain(line, "a sample that is there twice")
            if value < 0:
                complain(line, "less than nothing")
            current.samples[key] = value
    for family in families.values():
        check_name(family)
        if family.type == "histogram":
            check_histogram(family)
    return Metrics(families)


def get(server, path, method="GET", headers=None, timeout=60):
    """(status, headers, body) of what is under /_stator/, on a connection of its own."""
    connection = http.client.HTTPConnection(server.host, server.port, timeout=timeout)
    try:
        connection.request(method, path, headers=headers or {})
        response = connection.getresponse()
        return response.status, response.headers, response.read()
    finally:
        connection.close()


def scrape(server):
    status, headers, body = get(server, "/_stator/metrics")
    if status != 200 or headers["Content-Type"] != "text/plain; version=0.0.4; charset=utf-8":
        raise AssertionError(f"{status} {headers['Content-Type']}: {body[:200]!r}")
    return parse(body.decode())
