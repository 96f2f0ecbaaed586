#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Compares proto/message/api.def with the DynamoDB models of the botocore that this Python has.

    python3 -m venv v && v/bin/pip install botocore && v/bin/python tests/structure/api_model.py

Every difference is printed and is a failure, unless DELIBERATE says why the service is otherwise than its model. An
entry there that no difference needs any more is a failure too. The order of members and of enumeration values is not
compared: here it is the order in which the service checks and lists them, which the models do not have.
"""
import pathlib
import re
import sys

API = pathlib.Path(__file__).resolve().parents[2] / "proto/message/api.def"

NAME = "the service still checks names of tables and indexes by this pattern, and table names up to 255 characters"
ITEM_TABLE = "operations on items: the model's length for an ARN, then the older limits of a name"
TABLE = "operations on tables: the older limits of a name, or an ARN"
OWN_WORDS = "the service has a hand-written check with its own words; so has the operation"
ANSWERS = "only in answers, which are not checked"
OLDER = "a limit that the model no longer carries and the service enforces"
DOCUMENTED = "a limit that is in the documentation alone and the service enforces"
REQUIRED = "the model calls it optional; the service says that it must not be null"

# Regular expression of a difference: why it is meant.
DELIBERATE = {
    r"shape (TableOfItems|TableNameOrArn|NamedTable|NamedIndex): only here": NAME,
    r"member (ConditionCheck|Delete|Get|Put|Update)\.TableName: shape TableOfItems, not TableArn": ITEM_TABLE,
    r"member (Get|Put|Update|Delete)ItemInput\.TableName: shape TableOfItems, not TableArn": ITEM_TABLE,
    r"member (Query|Scan|SearchVectors)Input\.TableName: shape TableOfItems, not TableArn": ITEM_TABLE,
    r"member \w+\.TableName: shape TableNameOrArn, not TableArn": TABLE,
    r"member (CreateTable|DeleteTable|DescribeTable|UpdateTable|DescribeTimeToLive|UpdateTimeToLive)Input\.TableName: "
    r"PARAMETER, not REQUIRED": "missing, it is 'The parameter 'TableName' is required but was not present'",
    r"shape Batch(Get|WriteItem)RequestMap: key TableNameOrArn, not TableArn": TABLE,
    r"member \w+\.(TargetTableName|GlobalTableName): shape NamedTable, not TableName": OWN_WORDS,
    r"member (Describe|Update)ContributorInsightsInput\.IndexName: shape NamedIndex, not IndexName": OWN_WORDS,
    r"member \w+\.BackupArn: shape String, not BackupArn": OWN_WORDS,
    r"member ExportTableToPointInTimeInput\.TableArn: shape String, not TableArn": OWN_WORDS,
    r"member (TagResource|UntagResource|ListTagsOfResource)Input\.ResourceArn: (shape String, not ResourceArnString|"
    r"OPTIONAL, not REQUIRED)": OWN_WORDS,
    r"member (TagResourceInput\.Tags|UntagResourceInput\.TagKeys): OPTIONAL, not REQUIRED": OWN_WORDS,
    r"member Tag\.(Key: shape String, not TagKeyString|Value: shape String, not TagValueString)": OWN_WORDS,
    r"member Tag\.(Key|Value): OPTIONAL, not REQUIRED": OWN_WORDS,
    r"shape TagKeyList: element String, not TagKeyString": OWN_WORDS,
    r"shape (TagKeyString|TagValueString): only in the model": OWN_WORDS,
    r"member (Create|Delete)ReplicationGroupMemberAction\.RegionName: OPTIONAL, not REQUIRED": OWN_WORDS,
    r"member CreateTableInput\.(KeySchema|AttributeDefinitions): REQUIRED, not OPTIONAL": REQUIRED,
    r"member (CreateTableInput|LocalSecondaryIndex|TableCreationParameters)\.KeySchema: limits 1 2, not 1 NO_MAX": OLDER,
    r"shape (RecordsLimit|StreamsLimit): only here": DOCUMENTED,
    r"member GetRecordsInput\.Limit: shape RecordsLimit, not PositiveIntegerObject": DOCUMENTED,
    r"member (DescribeStream|ListStreams)Input\.Limit: shape StreamsLimit, not PositiveIntegerObject": DOCUMENTED,
    r"shape KMSMasterKeyId: limits 1 NO_MAX, not NO_MIN NO_MAX": OLDER,
    r"shape (ContributorInsightsRule|TableId): pattern .*": ANSWERS,
}


def read_api(text):
    """What api.def says: {operation: ...}, {shape: ...}."""
    text = re.sub(r"/\*.*?\*/", "", text, flags=re.S)
    patterns, shapes, operations = {}, {}, {}
    for macro, arguments in re.findall(r'^(\w+)\((.*)\)$', text, flags=re.M):
        a = re.findall(r'"(?:[^"\\]|\\.)*"|\w+', arguments)
        if macro == "PATTERN":
            patterns[a[0]] = a[1][1:-1].replace("\\\\", "\\")
        elif macro == "STRING_SHAPE":
            shapes[a[0]] = {"kind": "STRING", "limits": (a[1], a[2]), "pattern": patterns.get(a[3])}
        elif macro == "NAME_SHAPE":
            shapes[a[0]] = {"kind": "STRING"}
        elif macro == "ITEM_SHAPE":
            shapes[a[0]] = {"kind": "ITEM"}
        elif macro == "VALUE_SHAPE":
            shapes[a[0]] = {"kind": "VALUE"}
        elif macro == "LIST_SHAPE":
            shapes[a[0]] = {"kind": "LIST", "element": a[2], "limits": (a[3], a[4])}
        elif macro == "MAP_SHAPE":
            shapes[a[0]] = {"kind": "MAP", "key": a[1], "element": a[3], "limits": (a[4], a[5])}
        elif macro == "ENUM_BEGIN":
            shapes[a[0]] = {"kind": "ENUM", "values": set()}
        elif macro == "ENUM_VALUE":
            shapes[a[0]]["values"].add(a[1])
        elif macro == "STRUCTURE_BEGIN":
            shapes[a[0]] = {"kind": "STRUCTURE", "members": {}}
        elif macro in ("MEMBER", "MEMBER_LIMITED"):
            member = {"kind": a[2], "shape": a[3], "need": a[4]}
            if macro == "MEMBER_LIMITED":
                member["limits"] = (a[5], a[6])
            shapes[a[0]]["members"][a[1]] = member
        elif macro == "OPERATION":
            operations[a[0]] = {"service": a[1], "input": a[2], "output": a[3], "throws": set()}
        elif macro == "THROWS":
            operations[a[0]]["throws"].add(a[1])
        elif macro.endswith("_SHAPE"):
            shapes[a[0]] = {"kind": macro[: -len("_SHAPE")], "limits": (a[1], a[2])}
    return operations, shapes


def limits_of(shape):
    return str(shape.get("min", "NO_MIN")), str(shape.get("max", "NO_MAX"))


def convert(name, shape, raw):
    """A shape of a model as read_api would give it."""
    kind = shape["type"]
    if name == "AttributeValue":
        return {"kind": "VALUE"}
    if kind == "map" and shape["value"]["shape"] == "AttributeValue":
        return {"kind": "ITEM"}
    if kind == "string" and "enum" in shape:
        return {"kind": "ENUM", "values": set(shape["enum"])}
    if kind == "string":
        return {"kind": "STRING", "limits": limits_of(shape), "pattern": shape.get("pattern")}
    if kind == "list":
        return {"kind": "LIST", "element": shape["member"]["shape"], "limits": limits_of(shape)}
    if kind == "map":
        return {"kind": "MAP", "key": shape["key"]["shape"], "element": shape["value"]["shape"],
                "limits": limits_of(shape)}
    if kind == "structure":
        need = shape.get("required", [])
        members = {m: {"kind": convert(s["shape"], raw[s["shape"]], raw)["kind"], "shape": s["shape"],
                       "need": "REQUIRED" if m in need else "OPTIONAL"} for m, s in shape["members"].items()}
        return {"kind": "STRUCTURE", "members": members}
    return {"kind": kind.upper(), "limits": limits_of(shape)}


def reach(raw, name, seen):
    """Adds the shapes that `name` needs; what is inside attribute values belongs to proto/value."""
    if name in seen:
        return
    seen.add(name)
    shape = raw[name]
    if name == "AttributeValue" or (shape["type"] == "map" and shape["value"]["shape"] == "AttributeValue"):
        return
    for part in ("member", "key", "value"):
        if part in shape:
            reach(raw, shape[part]["shape"], seen)
    for member in shape.get("members", {}).values():
        reach(raw, member["shape"], seen)


def read_models():
    import botocore
    import botocore.loaders

    loader = botocore.loaders.create_loader()
    operations, shapes, packages = {}, {}, {"dynamodb": "DYNAMODB", "dynamodbstreams": "STREAMS"}
    for package, service in packages.items():
        model = loader.load_service_model(package, "service-2")
        raw, seen = model["shapes"], set()
        for name, operation in model["operations"].items():
            io = [operation.get(side, {}).get("shape", "NO_SHAPE") for side in ("input", "output")]
            operations[name] = {"service": service, "input": io[0], "output": io[1],
                                "throws": {e["shape"] for e in operation.get("errors", [])}}
            for shape in io:
                if shape != "NO_SHAPE":
                    reach(raw, shape, seen)
        for name in seen:
            shapes.setdefault(name, convert(name, raw[name], raw))
    return botocore.__version__, operations, shapes


def compare_shape(name, ours, model):
    if ours["kind"] != model["kind"]:
        yield f"shape {name}: {ours['kind']}, not {model['kind']}"
        return
    for part in ("key", "element"):
        if ours.get(part) != model.get(part):
            yield f"shape {name}: {part} {ours.get(part)}, not {model.get(part)}"
    if ours.get("pattern") != model.get("pattern"):
        yield f"shape {name}: pattern {ours.get('pattern')}, not {model.get('pattern')}"
    if ours.get("limits") != model.get("limits"):
        yield f"shape {name}: limits {' '.join(ours['limits'])}, not {' '.join(model['limits'])}"
    for value in sorted(ours.get("values", set()) ^ model.get("values", set())):
        yield f"shape {name}: value {value} only {'here' if value in ours['values'] else 'in the model'}"
    yield from compare_members(name, ours.get("members", {}), model.get("members", {}))


def compare_members(owner, ours, model):
    for name in sorted(ours.keys() | model.keys()):
        where = f"member {owner}.{name}"
        if name not in ours or name not in model:
            yield f"{where}: only {'here' if name in ours else 'in the model'}"
            continue
        a, b = ours[name], model[name]
        if a["kind"] != b["kind"]:
            yield f"{where}: {a['kind']}, not {b['kind']}"
        if a["shape"] != b["shape"]:
            yield f"{where}: shape {a['shape']}, not {b['shape']}"
        if a["need"] != b["need"]:
            yield f"{where}: {a['need']}, not {b['need']}"
        if "limits" in a:
            yield f"{where}: limits {' '.join(a['limits'])}, not 1 NO_MAX"


def compare(ours, model):
    our_operations, our_shapes = ours
    model_operations, model_shapes = model
    for name in sorted(our_operations.keys() | model_operations.keys()):
        if name not in our_operations or name not in model_operations:
            yield f"operation {name}: only {'here' if name in our_operations else 'in the model'}"
            continue
        a, b = our_operations[name], model_operations[name]
        for part in ("service", "input", "output"):
            if a[part] != b[part]:
                yield f"operation {name}: {part} {a[part]}, not {b[part]}"
        for error in sorted(a["throws"] ^ b["throws"]):
            yield f"operation {name}: error {error} only {'here' if error in a['throws'] else 'in the model'}"
    for name in sorted(our_shapes.keys() | model_shapes.keys()):
        if name not in our_shapes or name not in model_shapes:
            yield f"shape {name}: only {'here' if name in our_shapes else 'in the model'}"
        else:
            yield from compare_shape(name, our_shapes[name], model_shapes[name])


def main():
    version, *model = read_models()
    used, failures, meant = set(), 0, 0
    for difference in compare(read_api(API.read_text()), model):
        reasons = [pattern for pattern in DELIBERATE if re.fullmatch(pattern, difference)]
        used.update(reasons)
        if reasons:
            meant += 1
        else:
            failures += 1
            print(difference)
    for pattern in DELIBERATE.keys() - used:
        failures += 1
        print(f"no difference needs this entry: {pattern}")
    print(f"botocore {version}: {meant} differences are meant, {failures} are not")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
