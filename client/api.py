#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes the typed part of the public API from proto/message/api.def, so that nothing of it is written twice:

    include/stator/items.h, tables.h, streams.h    structures and functions, for programs
    client/api.def                                 the same as data: operations, structures, members by both names

A public structure is its twin of proto/message/api.h under other names, byte for byte (client/layout.c asserts it), so
the client hands it to message_encode and gets it from message_decode as it is.

    client/api.py           write the files
    client/api.py --check   exit with 1 if they are not what this would write
"""
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[1]
MODEL = ROOT / "proto/message/api.def"

# Header: its subject, and its operations with a line each. What is not here is reached by stator_call_json.
HEADERS = {
    "items": ("reading and writing items: one at a time, by key and by scan, in batches, in transactions, in PartiQL", {
        "GetItem": "Reads an item by its key. out->item is not set when there is none.",
        "PutItem": "Writes an item, in place of one with the same key.",
        "UpdateItem": "Changes attributes of an item, or makes it.",
        "DeleteItem": "Deletes an item by its key; without one there it does well all the same.",
        "Query": "Reads items of one partition in the order of their sort key, a page at a time: stator/page.h goes on.",
        "Scan": "Reads a whole table or index, a page at a time: stator/page.h goes on.",
        "BatchGetItem": "Reads up to 100 items. What was not read is in out->unprocessed_keys: stator/batch.h goes on.",
        "BatchWriteItem": "Puts or deletes up to 25 items, each on its own. What was not written is in "
                          "out->unprocessed_items: stator/batch.h goes on.",
        "TransactGetItems": "Reads up to 100 items as of one moment.",
        "TransactWriteItems": "Up to 100 writes and checks, all or none. Without a client_request_token the library makes "
                              "one, so that a repeated attempt is not a second transaction. Refused, the reasons are in "
                              "the failure.",
        "ExecuteStatement": "One PartiQL statement.",
        "BatchExecuteStatement": "Up to 25 PartiQL statements, each on its own.",
        "ExecuteTransaction": "Up to 100 PartiQL statements, all or none. The token is as with stator_transact_write_items.",
    }),
    "tables": ("tables and their settings: keys, indexes, throughput, time to live, tags", {
        "CreateTable": "Makes a table. It is ready when stator_describe_table says ACTIVE: stator/wait.h waits for that.",
        "DescribeTable": "What is known of a table.",
        "UpdateTable": "Changes throughput, indexes, the stream and other settings.",
        "DeleteTable": "Deletes a table and all its items.",
        "ListTables": "Names of tables, a page at a time: stator/page.h goes on.",
        "DescribeTimeToLive": "Whether items expire, and by which attribute.",
        "UpdateTimeToLive": "Lets items expire, or no longer.",
        "TagResource": "Adds tags to a table.",
        "UntagResource": "Takes tags from a table.",
        "ListTagsOfResource": "The tags of a table.",
        "DescribeLimits": "The account's limits.",
        "DescribeEndpoints": "The endpoint to use; an answer to clients that ask.",
        "DescribeContinuousBackups": "Whether point-in-time recovery is on.",
        "UpdateContinuousBackups": "Turns point-in-time recovery on or off.",
    }),
    "streams": ("streams: what changed in a table, in order. stator/tail.h follows all shards of one", {
        "ListStreams": "Streams of a table or of the account.",
        "DescribeStream": "A stream and its shards.",
        "GetShardIterator": "A place in a shard to read from.",
        "GetRecords": "Records from a place on, and the next place.",
    }),
}

# A word of C or C++ as a member's name gets an underscore after it.
RESERVED = {"delete", "default", "new", "class", "public", "private", "operator", "template", "register", "export"}

NUMBERS = {"INTEGER": "stator_integer", "LONG": "stator_integer", "DOUBLE": "stator_number", "TIMESTAMP": "stator_number"}


def snake(name):
    """TableName -> table_name, SSESpecification -> sse_specification, KMSMasterKeyId -> kms_master_key_id."""
    name = name.replace("PartiQL", "Partiql")
    name = re.sub(r"([A-Z]+)([A-Z][a-z])", r"\1_\2", name)
    name = re.sub(r"([a-z0-9])([A-Z])", r"\1_\2", name)
    return name.lower()


def member_name(name):
    name = snake(name)
    return name + "_" if name in RESERVED else name


def struct(name):
    return f"struct stator_{snake(name)}"


class Model:
    """api.def, read."""

    def __init__(self, text):
        text = re.sub(r"/\*.*?\*/", "", text, flags=re.S)
        self.order, self.structures, self.enums, self.lists, self.maps = [], {}, {}, {}, {}
        self.operations, self.throws, self.limits = {}, {}, {}
        for macro, body in re.findall(r"^(\w+)\(((?:[^()\"]|\"[^\"]*\")*)\)", text, flags=re.M):
            args = [a.strip() for a in body.split(",")]
            self.line(macro, args)

    def line(self, macro, args):
        if macro == "ENUM_BEGIN":
            self.enums[args[0]] = []
            self.order.append(args[0])
        elif macro == "ENUM_VALUE":
            self.enums[args[0]].append(args[1])
        elif macro == "STRUCTURE_BEGIN":
            self.structures[args[0]] = []
            self.order.append(args[0])
        elif macro in ("MEMBER", "MEMBER_LIMITED"):
            self.structures[args[0]].append(args[1:])
        elif macro == "LIST_SHAPE":
            self.lists[args[0]] = (args[1], args[2], args[3:5])
            self.order.append(args[0])
        elif macro == "MAP_SHAPE":
            self.maps[args[0]] = (args[1], args[2], args[3], args[4:6])
            self.order.append(args[0])
        elif macro == "OPERATION":
            self.operations[args[0]] = args[1:]
        elif macro == "THROWS":
            self.throws.setdefault(args[0], []).append(args[1])
        elif macro.endswith("_SHAPE") and len(args) >= 3:
            self.limits[args[0]] = args[1:3]

    def uses(self, name):
        """The shapes that one names directly."""
        if name in self.structures:
            return [(m[1], m[2]) for m in self.structures[name]]
        if name in self.lists:
            return [self.lists[name][:2]]
        if name in self.maps:
            return [self.maps[name][1:3]]
        return []

    def closure(self, names):
        found, work = set(), list(names)
        while work:
            name = work.pop()
            if name in found:
                continue
            found.add(name)
            work += [shape for kind, shape in self.uses(name) if kind in ("STRUCTURE", "LIST", "MAP", "ENUM")]
        return found


def c_type(kind, shape, in_list):
    if kind == "STRING":
        return "struct stator_bytes "
    if kind in NUMBERS:
        return f"struct {NUMBERS[kind]} "
    if kind == "BOOLEAN":
        return "enum stator_flag "
    if kind == "ENUM":
        return "struct stator_enum "
    if kind == "VALUE":
        return "struct stator_value "
    if kind == "ITEM":
        return "struct stator_item "
    if kind == "STRUCTURE" and not in_list:
        return f"const {struct(shape)} *"
    return f"{struct(shape)} "


def limit_text(low, high, unit):
    if high == "NO_MAX":
        return f"at least {low}{unit}" if low not in ("NO_MIN", "0") else ""
    return f"{low} to {high}{unit}" if low != "NO_MIN" else f"up to {high}{unit}"


def note(model, member, is_input):
    """What the comment beside a member says."""
    _, kind, shape, need = member[:4]
    said = []
    if is_input and need != "OPTIONAL":
        said.append("required")
    if kind == "ENUM":
        said.append(f"enum stator_{snake(shape)}")
    elif kind == "TIMESTAMP":
        said.append("seconds since 1970")
    elif is_input:
        low, high = member[4:6] if len(member) > 4 else model.limits.get(shape, ("NO_MIN", "NO_MAX"))
        unit = {"STRING": " characters", "INTEGER": "", "LONG": ""}.get(kind)
        if kind == "LIST" and len(member) <= 4:
            low, high = model.lists[shape][2]
        if kind == "MAP" and len(member) <= 4:
            low, high = model.maps[shape][3]
        text = limit_text(low, high, " elements" if unit is None else unit)
        if text and kind not in ("BOOLEAN", "DOUBLE", "VALUE", "ITEM", "STRUCTURE"):
            said.append(text)
    return f" /* {'; '.join(said)} */" if said else ""


def declare_enum(model, name):
    prefix = f"STATOR_{snake(name).upper()}"
    values = [f"    {prefix}_{snake(value).upper()}{' = 1' if i == 0 else ''},\n"
              for i, value in enumerate(model.enums[name])]
    return f"enum stator_{snake(name)} {{\n{''.join(values)}}};\n"


def declare_structure(model, name, inputs):
    members = [f"    {c_type(m[1], m[2], False)}{member_name(m[0])};{note(model, m, name in inputs)}\n"
               for m in model.structures[name]]
    return f"{struct(name)} {{\n{''.join(members) or '    char nothing; /* it has no members */' + chr(10)}}};\n"


def declare_list(model, name):
    kind, element, _ = model.lists[name]
    return (f"{struct(name)} {{\n    const {c_type(kind, element, True)}*at;\n    size_t count;\n    bool set;\n"
            "    struct stator_bytes json;\n};\n")


def declare_map(model, name):
    _, kind, value, _ = model.maps[name]
    return (f"{struct(name)}_entry {{\n    struct stator_bytes key;\n    {c_type(kind, value, True)}value;\n}};\n"
            f"{struct(name)} {{\n    const {struct(name)}_entry *at;\n    size_t count;\n    bool set;\n"
            "    struct stator_bytes json;\n};\n")


def needs_before(model, name):
    """What C must know whole before it: elements of maps (an entry holds its value) and members that are no pointers."""
    if name in model.structures:
        return [shape for kind, shape in model.uses(name) if kind in ("LIST", "MAP")]
    if name in model.maps:
        return [shape for kind, shape in model.uses(name) if kind in ("LIST", "MAP", "STRUCTURE")]
    return []


def ordered(model, names):
    done, out = set(), []

    def visit(name):
        if name in done or name not in names:
            return
        done.add(name)
        for before in needs_before(model, name):
            visit(before)
        out.append(name)

    for name in model.order:
        visit(name)
    return out


def wrap(text, width=116):
    lines, line = [], ""
    for word in text.split():
        if len(line) + len(word) + 1 > width:
            lines.append(line)
            line = word
        else:
            line = f"{line} {word}".strip()
    return lines + [line]


def declare_function(model, name, text):
    _, inputs, outputs = model.operations[name]
    name_c = snake(name)
    errors = ", ".join(model.throws.get(name, []))
    text += f" The service's own errors: {errors}." if errors else ""
    lines = wrap(text)
    comment = "/* " + "\n * ".join(lines) + " */\n"
    out = f",\n    const {struct(outputs)} **out" if outputs != "NO_SHAPE" else ""
    answer = (f"const {struct(outputs)} *stator_{name_c}_answer(const struct stator_call *call);\n"
              if outputs != "NO_SHAPE" else "")
    return (f"{comment}STATOR_MUST_CHECK enum stator_rc stator_{name_c}(struct stator_call *call,\n"
            f"    const {struct(inputs)} *in{out});\n"
            f"STATOR_MUST_CHECK enum stator_rc stator_{name_c}_start(struct stator_async *async,\n"
            f"    struct stator_call *call, const {struct(inputs)} *in, stator_done *done, void *user);\n{answer}")


HEAD = """/* SPDX-License-Identifier: Apache-2.0 */
/* {name}: {subject}.
 *
 * Made by client/api.py from proto/message/api.def; changes belong there.
 *
 * A function sends *in and waits for the answer. Members have the names of DynamoDB's API reference, in lower case, and
 * mean what it says; zero leaves one out. STATOR_OK: *out is the answer, a view into the call, good until its next use;
 * out may be NULL. Otherwise *out is NULL and stator_call_failure(call) says why. Beside its own errors any operation can
 * fail with STATOR_VALIDATION, with the errors of credentials and throttling, and with the client's own (stator/error.h).
 *
 * Its twin ..._start does not wait: stator/async.h. *in is read before it returns. done may be NULL. STATOR_OK: done will
 * be called, once; otherwise it will not, and stator_call_failure(call) says why, but for STATOR_MISUSE of a call that is
 * under way, which goes on undisturbed. ..._answer is what the last call's *out would be: NULL if it was not that
 * operation or did not do well.
 */
#ifndef STATOR_{guard}_H
#define STATOR_{guard}_H

#include "stator/call.h"
{include}
#pragma GCC visibility push(default)
#ifdef __cplusplus
extern "C" {{
#endif

"""
TAIL = """
#ifdef __cplusplus
}
#endif
#pragma GCC visibility pop

#endif
"""


def formatted(text, path):
    return subprocess.run(["clang-format-14", f"--assume-filename={path}"], input=text, capture_output=True, text=True,
                          check=True, cwd=ROOT).stdout


def generate(model):
    files, known, data = {}, set(), []
    includes = '#include "stator/member.h"\n'
    for header, (subject, operations) in HEADERS.items():
        inputs = {model.operations[op][1] for op in operations}
        outputs = {model.operations[op][2] for op in operations} - {"NO_SHAPE"}
        sent = model.closure(inputs)
        names = [n for n in ordered(model, model.closure(inputs | outputs)) if n not in known]
        known |= set(names)
        enums = [n for n in names if n in model.enums]
        shapes = [n for n in names if n not in model.enums]
        parts = [declare_enum(model, n) for n in enums]
        pointed = {shape for n in shapes for kind, shape in model.uses(n) if kind == "STRUCTURE"}
        parts.append("".join(f"{struct(n)};\n" for n in shapes if n in pointed))
        for n in shapes:
            parts.append(declare_structure(model, n, sent) if n in model.structures else
                         declare_list(model, n) if n in model.lists else declare_map(model, n))
            data += describe(model, n)
        data += [f"PUBLIC_ENUM({n}, {snake(n)}, STATOR_{snake(n).upper()}_{snake(model.enums[n][-1]).upper()}, "
                 f"{n}_{model.enums[n][-1]})" for n in enums]
        parts += [declare_function(model, op, text) for op, text in operations.items()]
        data += [describe_operation(model, op) for op in operations]
        head = HEAD.format(name=header, subject=subject, guard=header.upper(), include=includes)
        includes = f'#include "stator/{header}.h"\n'
        path = f"include/stator/{header}.h"
        files[path] = formatted(head + "\n".join(parts) + TAIL, path)
    files["client/api.def"] = DATA + "\n".join(data) + "\n" + DATA_END
    return files


DATA = """/* SPDX-License-Identifier: Apache-2.0 */
/* The public API as data. Made by client/api.py; changes belong there.
 *
 *   PUBLIC_STRUCTURE(shape of api.def, public name)     PUBLIC_MEMBER(shape, member, public structure, public member)
 *   PUBLIC_COLLECTION(shape, public name)               PUBLIC_ENTRY(map shape, public name)
 *   PUBLIC_ENUM(shape, public name, its last value, the last value of api.h)
 *   PUBLIC_OPERATION(operation, function, target, input shape, public input, output shape, public output)
 *   PUBLIC_OPERATION_SILENT(operation, function, target, input shape, public input): its answer has no body
 */
""" + "".join(f"#ifndef {m}\n#define {m}({a})\n#endif\n" for m, a in (
    ("PUBLIC_STRUCTURE", "shape, name"), ("PUBLIC_MEMBER", "shape, member, name, public_member"),
    ("PUBLIC_COLLECTION", "shape, name"), ("PUBLIC_ENTRY", "shape, name"), ("PUBLIC_ENUM", "shape, name, last, twin"),
    ("PUBLIC_OPERATION", "operation, name, target, in_shape, in, out_shape, out"),
    ("PUBLIC_OPERATION_SILENT", "operation, name, target, in_shape, in"))) + "\n"
DATA_END = "\n" + "".join(f"#undef PUBLIC_{m}\n" for m in (
    "STRUCTURE", "MEMBER", "COLLECTION", "ENTRY", "ENUM", "OPERATION", "OPERATION_SILENT"))


def describe_operation(model, name):
    service, inputs, outputs = model.operations[name]
    target = {"DYNAMODB": "DynamoDB_20120810.", "STREAMS": "DynamoDBStreams_20120810."}[service] + name
    if outputs == "NO_SHAPE":
        return f'PUBLIC_OPERATION_SILENT({name}, {snake(name)}, "{target}", {inputs}, {snake(inputs)})'
    return f'PUBLIC_OPERATION({name}, {snake(name)}, "{target}", {inputs}, {snake(inputs)}, {outputs}, {snake(outputs)})'


def describe(model, name):
    if model.structures.get(name) == []:
        return []  # C has no empty structure, GNU C has one of no bytes
    if name in model.structures:
        return [f"PUBLIC_STRUCTURE({name}, {snake(name)})"] + [
            f"PUBLIC_MEMBER({name}, {m[0]}, {snake(name)}, {member_name(m[0])})" for m in model.structures[name]]
    if name in model.maps:
        return [f"PUBLIC_COLLECTION({name}, {snake(name)})", f"PUBLIC_ENTRY({name}, {snake(name)})"]
    return [f"PUBLIC_COLLECTION({name}, {snake(name)})"]


def main():
    files = generate(Model(MODEL.read_text()))
    stale = [path for path, text in files.items()
             if not (ROOT / path).exists() or (ROOT / path).read_text() != text]
    if "--check" in sys.argv[1:]:
        for path in stale:
            print(f"{path} is not what client/api.py makes of api.def")
        return 1 if stale else 0
    for path in stale:
        (ROOT / path).write_text(files[path])
    return 0


if __name__ == "__main__":
    sys.exit(main())
