# SPDX-License-Identifier: Apache-2.0
"""PartiQL: ExecuteStatement, BatchExecuteStatement and ExecuteTransaction: what statements do, what they give back and
cost, which are refused and in which words. The words are those that the public conformance suite and others have
recorded on the service."""
import base64
import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))

from dynamo import Client, DynamoError
from server import Server

FORM = "Statement wasn't well formed, can't be processed: "
LEFTOVER = FORM + "Unexpected token after expression"
TERM = FORM + "Unexpected term"
OPERATOR = FORM + "Unexpected operator"
RIGHT_SIDE = FORM + "Missing right-hand side expression of infix operator"
TARGET = FORM + "Expected identifier for simple path"
ALIAS = "Aliasing is not supported"
OVERFLOW = "Number overflow. Attempting to store a number with magnitude larger than supported range"
UNDERFLOW = "Number underflow. Attempting to store a number with magnitude smaller than supported range"
DIGITS = "Attempting to store more than 38 significant digits in a Number"
NUMBER = "The parameter cannot be converted to a numeric value"
INVALID = "One or more parameter values were invalid: "
DOT = FORM + "Invalid path dot component"
MANDATORY = "Where clause does not contain a mandatory equality on all key attributes"
OVERLAP = "Overlapping conditions with range keys are not supported in where clause"
MANY_READS = "Too many decomposed read operations for a given query."
OPERANDS = "Incorrect number of operands for operator or function; operator or function: "
OPERAND_TYPE = "Incorrect operand type for operator or function; operator or function: "
PATH_NEEDED = "Operator or function requires a document path; operator or function: "
WRONG_TYPE = "An operand in the update expression has an incorrect data type"
SCHEMA = "The provided key element does not match the schema"
CONDITION = "The conditional request failed"
DUPLICATE = "Duplicate primary key exists in table"
KEY_TYPE = "Key attribute's data type should match its data type in table's schema: Key "
BATCH_KEY = "Select statements within BatchExecuteStatement must specify the primary key in the where clause."
TRANSACTION_KEY = "Select statements within ExecuteTransaction must specify the primary key in the where clause."
TOKEN = "NextToken does not match request"
MULTIPART = ("PartiQL statements cannot be executed on tables with multi-attribute HASH keys or multi-attribute RANGE "
             "keys.")
FILTERS = INVALID + "Secondary index %s does not project one or more filter attributes: %s"
NESTING = "Nesting Levels have exceeded supported limits"
CANCELLED = "Transaction cancelled, please refer cancellation reasons for specific reasons ["


def text(value):
    return {"S": value}


def keys(*names, kind="HASH"):
    return [{"AttributeName": name, "KeyType": kind} for name in names]


def definitions(names, kind="S"):
    return [{"AttributeName": name, "AttributeType": kind} for name in names]


def index(name, hashes, ranges=(), projection=None):
    return {"IndexName": name, "KeySchema": keys(*hashes) + keys(*ranges, kind="RANGE"),
            "Projection": projection or {"ProjectionType": "ALL"}}


def make_tables(client):
    billing = {"BillingMode": "PAY_PER_REQUEST"}
    client.create_table({"TableName": "plain", **billing, "AttributeDefinitions": definitions(["pk"]),
                         "KeySchema": keys("pk")})
    client.create_table({"TableName": "number", **billing, "AttributeDefinitions": definitions(["pk"], "N"),
                         "KeySchema": keys("pk")})
    client.create_table({"TableName": "range", **billing, "AttributeDefinitions": definitions(["pk", "sk"]),
                         "KeySchema": keys("pk") + keys("sk", kind="RANGE")})
    include = {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["kept"]}
    client.create_table({
        "TableName": "indexed", **billing, "AttributeDefinitions": definitions(["pk", "sk", "g", "h", "l"]),
        "KeySchema": keys("pk") + keys("sk", kind="RANGE"),
        "GlobalSecondaryIndexes": [
            index("all", ["g"]), index("some", ["g"], projection=include),
            index("only", ["g"], projection={"ProjectionType": "KEYS_ONLY"}), index("many", ["g", "h"])],
        "LocalSecondaryIndexes": [
            index("local", ["pk"], ["l"], {"ProjectionType": "KEYS_ONLY"}), index("whole", ["pk"], ["l"])]})


class Case(unittest.TestCase):
    """A server of the class's own."""
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        cls.server = Server(in_memory=True)
        cls.server.start()
        cls.client = Client(cls.server.url)
        make_tables(cls.client)

    @classmethod
    def tearDownClass(cls):
        cls.client.close()
        cls.server.stop()
        cls.server.remove()

    def run_(self, statement, *parameters, **more):
        request = {"Statement": statement, **more}
        if parameters:
            request["Parameters"] = list(parameters)
        return self.client.call("ExecuteStatement", request)

    def items(self, statement, *parameters, **more):
        """All pages."""
        answer = self.run_(statement, *parameters, **more)
        items = answer["Items"]
        while "NextToken" in answer:
            answer = self.run_(statement, *parameters, **{**more, "NextToken": answer["NextToken"]})
            items += answer["Items"]
        return items

    def put(self, table, **item):
        self.client.call("PutItem", {"TableName": table, "Item": item})

    def item(self, table, **key):
        return self.client.call("GetItem", {"TableName": table, "Key": key, "ConsistentRead": True}).get("Item")

    def refused(self, statement, message, *parameters, kind="ValidationException", **more):
        with self.subTest(statement=statement[:300], parameters=str(parameters)[:200]):
            with self.assertRaises(DynamoError) as caught:
                self.run_(statement, *parameters, **more)
            self.assertEqual((caught.exception.type, caught.exception.message), (kind, message))
            self.assertEqual(caught.exception.status, 400)

    def batch(self, *members, **more):
        statements = [{"Statement": member} if isinstance(member, str) else member for member in members]
        return self.client.call("BatchExecuteStatement", {"Statements": statements, **more})

    def transact(self, *members, **more):
        statements = [{"Statement": member} if isinstance(member, str) else member for member in members]
        return self.client.call("ExecuteTransaction", {"TransactStatements": statements, **more})

    def transaction_refused(self, message, *members, kind="ValidationException"):
        with self.subTest(members=str(members)[:300]):
            with self.assertRaises(DynamoError) as caught:
                self.transact(*members)
            self.assertEqual((caught.exception.type, caught.exception.message), (kind, message))

    def cancelled(self, reasons, *members):
        """reasons: (Code, Message) of each; None: nothing against it."""
        with self.subTest(members=str(members)[:300]):
            with self.assertRaises(DynamoError) as caught:
                self.transact(*members)
            error = caught.exception
            self.assertEqual(error.type, "TransactionCanceledException", error.message)
            expected = [{"Code": "None"} if reason is None else dict(zip(("Code", "Message", "Item"), reason))
                        for reason in reasons]
            self.assertEqual(error.body["CancellationReasons"], expected)
            self.assertEqual(error.message, CANCELLED + ", ".join(one["Code"] for one in expected) + "]")


class Grammar(Case):
    """Statements that are refused before any table is looked at."""

    def test_malformed(self):
        for statement, message in [
                ('SELECT * FROM "number" WHERE pk = 1 foo', LEFTOVER),
                ('SELECT * FROM "number" WHERE pk = 1 e5', LEFTOVER),
                ("INSERT INTO \"number\" VALUE {'pk': 970001} foo", LEFTOVER),
                ('UPDATE "number" SET a = 9 WHERE pk = 970002 foo', LEFTOVER),
                ('DELETE FROM "number" WHERE pk = 970003 foo', LEFTOVER),
                ('SELECT * FROM "number" WHERE pk = 1)', LEFTOVER),
                ('DELETE FROM "number" WHERE pk = 970004 ORDER BY pk', LEFTOVER),
                ('SELECT * FROM "number" ORDER BY pk WHERE pk = 1', LEFTOVER),
                ("INSERT INTO \"plain\" t VALUE {'pk': 'x'}", LEFTOVER),
                ('SELECTT * FROMM "plain"', LEFTOVER),
                ("FROM \"plain\" SET c = 1 WHERE pk = 'a'", LEFTOVER),
                ("FROM \"plain\" SET c = 1 WHERE pk = 'a' SET d = 2", LEFTOVER),
                ('SELECT * FROM "number" WHERE pk = 1e2147483648', FORM),
                ('SELECT * FROM "number" WHERE pk = 1e99999999999', FORM),
                ('SELECT * FROM "number" WHERE pk = 1.5e-2147483647', FORM),
                ('SELECT * FROM "number" WHERE pk = 1 # note', FORM),
                ('SELECT * FROM "number" WHERE pk = 1 /* note', FORM),
                ('SELECT * FROM "number', FORM),
                ("SELECT * FROM number WHERE pk = 'a", FORM),
                ('SELECT * FROM "plain" WHERE', TERM),
                ('SELECT * FROM "plain" WHERE;', TERM),
                ('SELECT * FROM "plain" WHERE   ', TERM),
                ('UPDATE "plain" SET a = 1 WHERE', TERM),
                ('DELETE FROM "plain" WHERE', TERM),
                ('SELECT * FROM "plain" WHERE NOT', TERM),
                ('SELECT * FROM "plain" WHERE (', TERM),
                ('SELECT * FROM "never-created" WHERE', TERM),
                ('SELECT * FROM', TERM),
                ("SELECT * FROM \"plain\" WHERE pk = 'p1' AND", RIGHT_SIDE),
                ("SELECT * FROM \"plain\" WHERE pk = 'p1' OR", RIGHT_SIDE),
                ('SELECT * FROM "plain" WHERE ORDER BY pk', FORM + "Unexpected keyword"),
                ("SELECT * FROM \"plain\" WHERE pk = 'a' AND x IS FOO", FORM + "Expected type name"),
                ('SELECT * FROM "plain" WHERE IS NULL', OPERATOR),
                ('SELECT * FROM "plain" WHERE pk = LIKE', OPERATOR),
                ("DELETE FROM", TARGET), ("DELETE FROM   ", TARGET), ("DELETE FROM;", TARGET),
                ("DELETE FROM WHERE pk = 'a'", TARGET),
                ("SLECT * FROM \"plain\" WHERE pk = 'a'", FORM + "Expected data manipulation"),
                ("UPDATE Payment-x SET a = 1 WHERE pk = 'a'", FORM + "Expected data manipulation"),
                ("SELECT * FROM \"plain\" WHERE attribute_exists(m.inner)", DOT),
                ("UPDATE \"plain\" SET m.inner = set_add(m.inner, <<'y'>>) WHERE pk = 'a'", DOT),
                ("UPDATE \"plain\" SET WHERE", TARGET)]:
            self.refused(statement, message)

    def test_type_tests_are_no_statements(self):
        for kind in ("INT4", "INT8", "DOUBLE PRECISION", "CHARACTER VARYING"):
            self.refused(f"x IS {kind}", "Unsupported operation: IsType")

    def test_targets(self):
        single = "FROM clause may only contain a single table name"
        on_index = "This operation is not supported on an index"
        empty = "Path component cannot be an empty string"
        for statement, message in [
                ("SELECT * FROM \"plain\" t WHERE pk = 'x'", ALIAS), ("SELECT * FROM \"plain\" AS t WHERE pk = 'x'", ALIAS),
                ("UPDATE \"plain\" t SET a = 3 WHERE pk = 'x'", ALIAS), ("DELETE FROM \"plain\" t WHERE pk = 'x'", ALIAS),
                ("SELECT pk AS p FROM \"plain\" WHERE pk = 'x'", ALIAS),
                ("SELECT * FROM my-songs", "Only select from a single table or index is supported."),
                ('SELECT * FROM "plain", "number"', "Only select from a single table or index is supported."),
                ("SELECT * FROM \"\" WHERE pk = 'x'", empty), ("SELECT * FROM \"plain\".\"\" WHERE pk = 'x'", empty),
                ("SELECT * FROM \"indexed\".\"all\".\"extra\" WHERE pk = 'p'",
                 "A path may contain at most 2 components in the FROM clause"),
                ("INSERT INTO \"indexed\".\"all\" VALUE {'pk': 'w', 'sk': 'w'}", single),
                ("INSERT INTO \"indexed\".\"none\" VALUE {'pk': 'w', 'sk': 'w'}", single),
                ("UPDATE \"indexed\".\"all\" SET a = 'z' WHERE pk = 'p' AND sk = 's'", on_index),
                ("DELETE FROM \"indexed\".\"all\" WHERE pk = 'p' AND sk = 's'", on_index),
                ("SELECT id FROM plain LIMIT 5", "Unsupported clause: LIMIT at 1:28:1"),
                ("SELECT COUNT(*) FROM \"no-such-table\"", "Unexpected path component at 1:8:5"),
                ("SELECT s, s FROM plain WHERE pk = 'x'", "Duplicate identifiers in select clause: s"),
                ("EXISTS(SELECT * FROM plain WHERE pk = 'x' AND a IS MISSING)",
                 "EXISTS can only be used in ExecuteTransaction write requests.")]:
            self.refused(statement, message)

    def test_literals(self):
        for statement, message in [
                ('SELECT * FROM "number" WHERE pk = 1e126', OVERFLOW + " under root"),
                ('SELECT * FROM "number" WHERE pk = 1e-131', UNDERFLOW + " under root"),
                ('SELECT * FROM "number" WHERE pk = 123456789012345678901234567890123456789', DIGITS + " under root"),
                ("INSERT INTO \"number\" VALUE {'pk': 1e126}", OVERFLOW + " under root"),
                ('UPDATE "number" SET a = 1e-131 WHERE pk = 970005', UNDERFLOW + " under root"),
                ("INSERT INTO \"number\" VALUE {'pk': 970006, 'm': {'x': 1e126}}", OVERFLOW + " under root.x"),
                ("INSERT INTO \"number\" VALUE {'pk': 970007, 'l': [1, 1e126]}", OVERFLOW + " under root[1]"),
                ("INSERT INTO \"plain\" VALUE {'pk': 'b', 's': <<>>}", "Empty bags are not supported"),
                ("INSERT INTO \"plain\" VALUE {'pk': 'b', 's': <<1, 'a'>>}",
                 "Unsupported data type in Bag. DynamoDB only supports either numbers or strings in bags"),
                ("INSERT INTO \"plain\" VALUE {'pk': 'b', 's': <<'a', 'a'>>}",
                 INVALID + "Input collection [a, a] contains duplicates."),
                ("UPDATE \"plain\" SET n = set_add(n, <<2, 2.0>>) WHERE pk = 'b'",
                 INVALID + "Input collection [2, 2.0] contains duplicates! under root"),
                ("UPDATE \"plain\" SET d = " + "{'a':" * 32 + "1" + "}" * 32 + " WHERE pk = 'b'",
                 NESTING + " under root" + ".a" * 32),
                ("UPDATE \"plain\" SET d = {'a':" + "[" * 31 + "1" + "]" * 31 + "} WHERE pk = 'b'",
                 NESTING + " under root.a" + "[0]" * 31)]:
            self.refused(statement, message)
        set_x = 'UPDATE "plain" SET x = '
        self.refused(set_x + "[?] WHERE pk = 'a'",
                     f"Unsupported data type: Parameter under key root[0] at 1:{len(set_x) + 2}:1", text("v"))
        insert = "INSERT INTO \"plain\" VALUE {'pk': 'a', 'm': {'k': ?}}"
        self.refused(insert, f"Unsupported data type: Parameter under key root.k at 1:{insert.index('?') + 1}:1", text("v"))
        insert = "INSERT INTO \"plain\" VALUE {'pk': 'a', 'ss': set_add(<<'a'>>, <<'b'>>)}"
        self.refused(insert, f"Unsupported data type: set_add under key root at 1:{insert.index('set_add') + 1}:7")
        name = "n" * 3000  # more than a message takes
        with self.assertRaises(DynamoError) as caught:
            self.run_("INSERT INTO \"plain\" VALUE {'pk': {'" + name + "': missing}}")
        self.assertRegex(caught.exception.message, "^Unsupported data type: Missing under key root[.]n+$")

    def test_names_of_functions_are_told_whole(self):
        for name in ["\u00e9" * 40, "x" + "\u00e9" * 40, "N" * 100]:
            at = f"at 1:%d:{len(name) + 2}"
            message = f"Unrecognized function: {name.replace('N', 'n')} "
            self.refused(f'SELECT * FROM plain WHERE "{name}"(a)', message + at % 27)
            self.refused(f'UPDATE plain SET a = "{name}"(a)', message + at % 22)

    def test_functions(self):
        def where(condition):
            return f"SELECT * FROM \"plain\" WHERE pk = 'a' AND {condition}"

        def at(statement, token):
            return f"1:{statement.index(token) + 1}:{len(token)}"

        for condition, message in [
                ("attribute_exists('ss')", PATH_NEEDED + "attribute_exists"),
                ("attribute_exists()", OPERANDS + "attribute_exists, number of operands: 0"),
                ("attribute_exists(ss, ns)", OPERANDS + "attribute_exists, number of operands: 2"),
                ("attribute_type(l, 1)", OPERAND_TYPE + "attribute_type, operand type: N"),
                ("attribute_type(l, true)", OPERAND_TYPE + "attribute_type, operand type: BOOL"),
                ("attribute_type(l, 'X')",
                 "Invalid attribute type name found; type: X, valid types: {N,BS,L,B,NULL,M,S,SS,NS,BOOL}"),
                ("attribute_exists(n) > false", OPERAND_TYPE + ">, operand type: BOOL"),
                ("val < [1]", OPERAND_TYPE + "<, operand type: L"),
                ("flag IN [" + ",".join(f"'{i}'" for i in range(101)) + "]",
                 "The IN operator is provided with too many operands; number of operands: 101")]:
            self.refused(where(condition), message)
        for operator in ("<", "<=", ">", ">="):
            self.refused(where(f"val {operator} ?"), OPERAND_TYPE + operator + ", operand type: BOOL", {"BOOL": True})
        self.refused(where("val BETWEEN ? AND ?"), OPERAND_TYPE + "BETWEEN, operand type: BOOL", {"BOOL": True},
                     {"BOOL": False})
        self.refused(where("attribute_exists(?)"), PATH_NEEDED + "attribute_exists", text("ss"))
        for condition, token, name in [("EXISTS(ss)", "EXISTS", "exists"), ("set_add(ss, <<'x'>>) = ss", "set_add", "set_add")]:
            self.refused(where(condition), f"Unrecognized function: {name} at " + at(where(condition), token))
        select = "SELECT attribute_exists(ss) FROM \"plain\" WHERE pk = 'a'"
        self.refused(select, "Unexpected path component at " + at(select, "attribute_exists"))
        index_ = "List index is not within the allowable range; index: [%s] at 1:%d:%d"
        self.refused("SELECT l[-1] FROM plain WHERE pk = 'a'", index_ % ("-1", 11, 1))
        self.refused("SELECT l[2147483648] FROM plain WHERE pk = 'a'", index_ % ("2147483648", 10, 10))

    def test_update_functions(self):
        def update(change):
            return f"UPDATE \"plain\" SET {change} WHERE pk = 'a'"

        def at(change, token, behind=""):
            statement = update(change)
            return f"1:{statement.index(token, statement.index(behind)) + 1}:{len(token)}"

        first = "The first argument to %s must equal the assignment value at "
        second = "The second argument to %s must be a value with type SET at "
        for change, message in [
                ("t = set_add(ss, <<'x'>>)", first % "SET_ADD" + at("t = set_add(ss, <<'x'>>)", "set_add")),
                ("ss = set_add(<<'a'>>, <<'b'>>)", first % "SET_ADD" + at("ss = set_add(<<'a'>>, <<'b'>>)", "set_add")),
                ("ss = set_add(ss, 'x')", second % "SET_ADD" + at("ss = set_add(ss, 'x')", "ss", "set_add(")),
                ("ss = set_add(ss, ['x'])", second % "SET_ADD" + at("ss = set_add(ss, ['x'])", "ss", "set_add(")),
                ("ss = set_add(ss)", "SET_ADD must have exactly two arguments at " + at("ss = set_add(ss)", "set_add")),
                ("ss = set_delete(ss, 'a')", second % "SET_DELETE" + at("ss = set_delete(ss, 'a')", "ss", "set_delete(")),
                ("n = 'a' + 1", OPERAND_TYPE + "+, operand type: S"), ("n = n - null", OPERAND_TYPE + "-, operand type: NULL"),
                ("n = n + [1]", OPERAND_TYPE + "+, operand type: L")]:
            self.refused(update(change), message)
        self.refused("UPDATE plain\nSET Members = set_add(Members, 'x')\nWHERE pk = 'a'", second % "SET_ADD" + "2:23:7")
        self.refused("UPDATE plain SET \"a\" = set_add(\"a\", 'x') WHERE pk = 'a'", second % "SET_ADD" + "1:32:3")

    def test_returning(self):
        for variant in ("MODIFIED OLD", "ALL NEW", "MODIFIED NEW"):
            self.refused(f"DELETE FROM \"plain\" WHERE pk = 'x' RETURNING {variant} *",
                         f"Invalid returning clause: RETURNING {variant} *. Only RETURNING ALL OLD * is allowed in DELETE "
                         "statements.")

    def test_parameters(self):
        select = 'SELECT * FROM "plain" WHERE pk = ? AND x = ?'
        self.refused(select, "Number of parameters in request and statement don't match.", text("a"))
        for value, message in [
                ({"N": "1e99999999999"}, NUMBER + ": 1e99999999999"), ({"N": "1e2147483648"}, NUMBER + ": 1e2147483648"),
                ({"N": "1e2147483647"}, UNDERFLOW), ({"N": ""}, NUMBER), ({"L": [{"N": "1"}, {"N": "abc"}]}, NUMBER + ": abc"),
                ({"NS": ["1", "x"]}, NUMBER + ": x"),
                ({"SS": ["a", "a"]}, INVALID + "Input collection [a, a] contains duplicates."),
                ({"NULL": False}, INVALID + "Null attribute value types must have the value of true")]:
            self.refused("UPDATE \"plain\" SET WHERE", message, value)
        deep = {"S": "leaf"}
        for _ in range(40):
            deep = {"M": {"n": deep}}
        self.refused(select, NESTING + ": Attributes in the item have nested levels beyond supported limit", deep, {"N": "abc"})
        self.refused(select, NUMBER + ": abc", {"N": "abc"}, deep)

    def test_bounded(self):
        """Deep and long statements are refused, not crashed on."""
        for statement in ["(" * 4000, "NOT " * 2000, "[" * 8000, "- " * 4000 + "1", "a.b" * 2000, "SELECT * FROM t WHERE " + "(" * 3000,
                          "a" + "[1]" * 2000 + "=", "SELECT * FROM t WHERE " + "NOT " * 1000 + "a = 1",
                          "1" + "+1" * 4000, "x IS INT4 " + "AND a = 1 " * 700]:
            with self.assertRaises(DynamoError) as caught:
                self.run_(statement)
            self.assertEqual(caught.exception.type, "ValidationException")
        self.refused("SELECT * FROM plain WHERE " + " OR ".join(["a = 1"] * 400),
                     "The expression contains too many operators; operator count: 301")


class Statements(Case):
    """What ExecuteStatement does."""

    def test_insert_select_update_delete(self):
        insert = "INSERT INTO \"plain\" VALUE {'pk': 'life', 'n': 1, 'l': [1, 'a', null, true], 'm': {'k': 'v'}, 'ss': <<'x', 'y'>>, 'ns': <<1, 4.5>>}"
        self.assertEqual(self.run_(insert), {"Items": []})
        stored = {"pk": text("life"), "n": {"N": "1"}, "l": {"L": [{"N": "1"}, text("a"), {"NULL": True}, {"BOOL": True}]},
                  "m": {"M": {"k": text("v")}}, "ss": {"SS": ["x", "y"]}, "ns": {"NS": ["1", "4.5"]}}
        self.assertEqual(self.run_("SELECT * FROM plain WHERE pk = 'life'"), {"Items": [stored]})
        self.refused(insert, DUPLICATE, kind="DuplicateItemException")
        self.assertEqual(self.run_("UPDATE plain SET n = n + 1 SET m.k = 'w' REMOVE ns WHERE pk = 'life'"), {"Items": []})
        self.assertEqual(self.items("SELECT n, m.k, ns FROM plain WHERE pk = 'life'"), [{"n": {"N": "2"}, "k": text("w")}])
        self.assertEqual(self.run_("DELETE FROM plain WHERE pk = 'life'"), {"Items": []})
        self.assertEqual(self.run_("DELETE FROM plain WHERE pk = 'life'"), {"Items": []})
        self.assertEqual(self.run_("SELECT * FROM plain WHERE pk = 'life'"), {"Items": []})
        self.run_(insert)

    def test_columns(self):
        self.put("range", pk=text("columns"), sk=text("1"), m={"M": {"k": {"L": [text("c")]}}}, l={"L": [text("a"), text("b")]})
        where = "FROM range WHERE pk = 'columns' AND sk = '1'"
        for columns, expected in [("m.k[0]", {"k[0]": text("c")}), ("l[-0], l[1]", {"l[0]": text("a"), "l[1]": text("b")}),
                                  ("m.k", {"k": {"L": [text("c")]}}), ('"sk", nope, l[9]', {"sk": text("1")}), ("nope", {})]:
            with self.subTest(columns=columns):
                self.assertEqual(self.items(f"SELECT {columns} {where}"), [expected])

    def test_numbers_and_comments(self):
        self.put("number", pk={"N": "7310000"})
        self.put("number", pk={"N": "-7.3"})
        for literal in ("7.31e6", "7.31E6", "7.31e+6", "731e4", "73100000e-1", "- - 7310000", "+7310000"):
            self.assertEqual(len(self.items(f"SELECT * FROM number WHERE pk = {literal}")), 1, literal)
        self.assertEqual(self.items("SELECT * FROM number WHERE pk = -.73e1"), [{"pk": {"N": "-7.3"}}])
        self.put("plain", pk=text("note"), note=text("a--b /*c*/ it's"))
        for statement in ["SELECT/**/* FROM plain -- the table\nWHERE pk/* key */='note' --",
                          "-- first\nselect * from \"plain\" where pk = 'note' /* last */;",
                          "SELECT * FROM plain WHERE pk = 'note' AND note = 'a--b /*c*/ it''s'; -- done"]:
            self.assertEqual(len(self.items(statement)), 1, statement)
        self.refused("UPDATE plain SET n=n--1 WHERE pk='note'", MANDATORY)

    def test_conditions(self):
        self.put("plain", pk=text("c"), n={"N": "1"}, s=text("hello"), ss={"SS": ["a", "b"]}, m={"M": {"x": text("y")}},
                 l={"L": [text("a")]}, nul={"NULL": True}, yes={"BOOL": True}, b={"B": "AQID"})
        holds = ["n = 1", "n <> 2", "n != 2", "n BETWEEN 0 AND 5", "n NOT BETWEEN 2 AND 5", "n IN [1, 2]", "n IN (1)", "n NOT IN [3]",
                 "n >= 1 AND n <= 1", "NOT n = 2", "1 = n", "begins_with(s, 'he')", "NOT begins_with(s, 'x')", "contains(s, 'ell')",
                 "contains(ss, 'a')", "size(s) = 5", "attribute_type(ss, 'SS')", "ATTRIBUTE_EXISTS(m.x)", "attribute_not_exists(m.y)",
                 "attribute_exists(l[0])", "nope IS MISSING", "s IS NOT MISSING", "nul IS NULL", "s IS NOT NULL", "yes IS BOOL",
                 "s IS STRING", "n IS NUMERIC", "m IS STRUCT", "m IS TUPLE", "l IS LIST", "b IS BLOB", "ss = <<'b', 'a'>>",
                 "m = {'x': 'y'}", "l = ['a']", "attribute_exists(nope) = false", "true = attribute_exists(n)",
                 "attribute_exists(n) <> 1", "(n = 5 OR s = 'x') = false", "attribute_exists(nope) IN [true, false]",
                 "attribute_exists(n) = attribute_exists(s)", "attribute_exists(n) = yes", "(n = 2 OR (n = 1 AND s = 'hello'))",
                 "attribute_exists(pk)", "'z' > s"]
        for condition in holds:
            with self.subTest(condition=condition):
                self.assertEqual(len(self.items(f"SELECT pk FROM plain WHERE pk = 'c' AND {condition}")), 1)
                self.assertEqual(len(self.items(f"SELECT pk FROM plain WHERE pk = 'c' AND NOT ({condition})")), 0)
        fails = ["n = '1'", "nope = 1", "nope IS NULL", "s IS NULL", "s IS BOOL", "attribute_exists(n) = 1",
                 "(attribute_exists(n) = true) = false", "n < 's'", "nope < 1"]
        for condition in fails:
            with self.subTest(condition=condition):
                self.assertEqual(self.items(f"SELECT pk FROM plain WHERE pk = 'c' AND {condition}"), [])

    def test_conditional_writes(self):
        self.put("plain", pk=text("w"), a={"N": "1"}, name=text("alpha"))
        failed = {"kind": "ConditionalCheckFailedException"}
        self.refused("UPDATE plain SET z = 1 WHERE pk = 'w' AND \"name\" = 'beta'", CONDITION, **failed)
        self.refused("DELETE FROM plain WHERE pk = 'w' AND NOT begins_with(\"name\", 'al')", CONDITION, **failed)
        self.refused("UPDATE plain SET z = 1 WHERE pk = 'ghost'", CONDITION, **failed)
        self.refused("UPDATE plain SET z = 1 WHERE pk = 'ghost' AND attribute_not_exists(pk)", CONDITION, **failed)
        self.refused("FROM plain WHERE pk = 'w' AND a = 2 SET c = 5", CONDITION, **failed)
        self.assertIsNone(self.item("plain", pk=text("ghost")))
        self.assertEqual(self.run_("DELETE FROM plain WHERE pk = 'ghost' AND \"name\" = 'x'"), {"Items": []})
        with self.assertRaises(DynamoError) as caught:
            self.run_("UPDATE plain SET z = 1 WHERE pk = 'w' AND a = 2", ReturnValuesOnConditionCheckFailure="ALL_OLD")
        self.assertEqual(caught.exception.body["Item"], {"pk": text("w"), "a": {"N": "1"}, "name": text("alpha")})
        self.run_("FROM plain WHERE pk = 'w' AND a = 1 SET c = 5 REMOVE \"name\"")
        self.run_("UPDATE plain SET y = 1 WHERE (pk = 'w' AND attribute_not_exists(y)) AND pk = 'w'")
        self.assertEqual(self.item("plain", pk=text("w")), {"pk": text("w"), "a": {"N": "1"}, "c": {"N": "5"}, "y": {"N": "1"}})

    def test_write_keys(self):
        for statement in ["DELETE FROM plain WHERE \"name\" = 'a'", "UPDATE range SET a = 1 WHERE pk = 'a'", "DELETE FROM plain",
                          "FROM plain SET c = 1", "FROM plain REMOVE a", "FROM plain WHERE a = 1 SET c = 1",
                          "UPDATE plain SET a = 1 WHERE pk IN ['a']", "UPDATE plain SET a = 1 WHERE pk = 'a' OR pk = 'b'"]:
            self.refused(statement, MANDATORY)
        self.refused("UPDATE plain SET a = 1 WHERE pk = 'a' AND pk = 'b'",
                     "Multiple conditions on same key pk. Only single item Update/Insert/Delete are supported")
        self.refused("UPDATE plain SET a = 1 WHERE pk = 1", SCHEMA)
        self.refused("UPDATE plain SET pk = 'b' WHERE pk = 'a'", INVALID + "Cannot update attribute pk. This attribute is part of the key")
        self.refused("INSERT INTO range VALUE {'pk': 'a'}", INVALID + "Missing the key sk in the item")
        self.refused("INSERT INTO plain VALUE {'pk': 'a', 'x': ?}", "Item size has exceeded the maximum allowed size", text("x" * 409600))
        for statement in ["SELECT * FROM nowhere WHERE pk = 'x'", "FROM nowhere WHERE pk = 'x' SET c = 1", "DELETE FROM nowhere",
                          "INSERT INTO nowhere VALUE {'pk': 'x'}"]:
            self.refused(statement, "Requested resource not found", kind="ResourceNotFoundException")

    def test_returning(self):
        def fresh():
            self.put("plain", pk=text("r"), data=text("old"), keep=text("same"), tags={"L": [text("a"), text("b"), text("c")]},
                     m={"M": {"sub": text("old"), "sib": text("keep")}})

        for change, variant, expected in [
                ("SET data = 'new'", "MODIFIED OLD", [{"data": text("old")}]),
                ("SET data = 'new'", "MODIFIED NEW", [{"data": text("new")}]),
                ("SET m.sub = 'new'", "MODIFIED NEW", [{"m": {"M": {"sub": text("new")}}}]),
                ("REMOVE data", "MODIFIED OLD", [{"data": text("old")}]), ("REMOVE data", "MODIFIED NEW", []),
                ("SET fresh = 1", "MODIFIED OLD", []), ("SET fresh = 1", "MODIFIED NEW", [{"fresh": {"N": "1"}}]),
                ("SET tags[2] = 'y', tags[0] = 'x'", "MODIFIED NEW", [{"tags": {"L": [text("x"), text("y")]}}]),
                ("SET tags[9] = 'd'", "MODIFIED NEW", []), ("REMOVE tags[1]", "MODIFIED NEW", [{"tags": {"L": [text("c")]}}])]:
            with self.subTest(change=change, variant=variant):
                fresh()
                self.assertEqual(self.run_(f"UPDATE plain {change} WHERE pk = 'r' RETURNING {variant} *"), {"Items": expected})
        fresh()
        before = self.item("plain", pk=text("r"))
        self.assertEqual(self.run_("UPDATE plain SET data = 'new' WHERE pk = 'r' RETURNING ALL OLD *"), {"Items": [before]})
        self.assertEqual(self.run_("UPDATE plain SET data = 'newer' WHERE pk = 'r' RETURNING ALL NEW *"),
                         {"Items": [{**before, "data": text("newer")}]})
        self.assertEqual(self.run_("DELETE FROM plain WHERE pk = 'r' RETURNING ALL OLD *"), {"Items": [{**before, "data": text("newer")}]})
        self.assertEqual(self.run_("DELETE FROM plain WHERE pk = 'r' RETURNING ALL OLD *"), {"Items": []})

    def test_updates(self):
        def fresh(**more):
            self.put("plain", pk=text("u"), ss={"SS": ["a", "b"]}, ns={"NS": ["1", "2"]}, l={"L": [{"N": "1"}]}, n={"N": "5"}, s=text("str"), **more)

        for change, name, expected in [
                ("ss = set_add(ss, <<'0', 'z', 'a'>>)", "ss", {"SS": ["0", "a", "b", "z"]}), ("ns = SET_ADD(ns, <<4, 1>>)", "ns", {"NS": ["1", "2", "4"]}),
                ("nss = set_add(nss, <<'x'>>)", "nss", {"SS": ["x"]}), ("ss = set_delete(ss, <<'a', 'q'>>)", "ss", {"SS": ["b"]}),
                ("ss = set_delete(ss, <<'a', 'b'>>)", "ss", None), ("none = set_delete(none, <<'a'>>)", "none", None),
                ("l = list_append(l, [2])", "l", {"L": [{"N": "1"}, {"N": "2"}]}), ("l = LIST_APPEND([0], l)", "l", {"L": [{"N": "0"}, {"N": "1"}]}),
                ("n = n - 2", "n", {"N": "3"}), ("n=n-1", "n", {"N": "4"}), ("n = n - - 2", "n", {"N": "7"}), ("copy = s", "copy", text("str")),
                ("l[0] = {'a': <<1>>}", "l", {"L": [{"M": {"a": {"NS": ["1"]}}}]})]:
            with self.subTest(change=change):
                fresh()
                self.run_(f"UPDATE plain SET {change} WHERE pk = 'u'")
                self.assertEqual(self.item("plain", pk=text("u")).get(name), expected)
        for change, message in [("ss = set_add(ss, <<1>>)", WRONG_TYPE), ("s = set_add(s, <<'x'>>)", WRONG_TYPE), ("n = s + 1", WRONG_TYPE),
                                ("absent = list_append(absent, [1])", "The provided expression refers to an attribute that does not exist in the item"),
                                ("new[0] = 'x'", "The document path provided in the update expression is invalid for update")]:
            self.refused(f"UPDATE plain SET {change} WHERE pk = 'u'", message)
        deep = text("x")
        for _ in range(31):
            deep = {"M": {"a": deep}}
        fresh(m={"M": {}})
        self.refused("UPDATE plain SET m.deep = ? WHERE pk = 'u'", NESTING, deep)
        self.run_("UPDATE plain SET deep = ? WHERE pk = 'u'", deep)


class Reads(Case):
    """Which keys a SELECT reads, in which order, and page by page."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        for pk in ("o", "p"):
            for sk in ("1", "2", "3"):
                cls.client.call("PutItem", {"TableName": "range", "Item": {"pk": text(pk), "sk": text(sk), "flag": text(pk + sk)}})
        for number, more in enumerate([{"g": text("x"), "l": text("l1"), "kept": text("k1")}, {"g": text("z"), "l": text("l2")}, {},
                                       {"g": text("x"), "l": text("l4"), "kept": text("k4")}]):
            cls.client.call("PutItem", {"TableName": "indexed", "Item": {"pk": text("p"), "sk": text(f"s{number}"),
                                                                         "other": text(f"o{number}"), "h": text("h"), **more}})

    def order(self, where, **more):
        return [item["pk"]["S"] + item["sk"]["S"] for item in self.items("SELECT pk, sk FROM range WHERE " + where, **more)]

    def test_ranges(self):
        for where, expected in [
                ("pk = 'o'", "o1 o2 o3"), ("pk = 'o' AND sk = '2'", "o2"), ("pk = 'o' AND '1' < sk", "o2 o3"),
                ("pk = 'o' AND sk BETWEEN '2' AND '9'", "o2 o3"), ("pk = 'o' AND begins_with(sk, '3')", "o3"),
                ("pk = 'o' AND sk > '1' AND sk < '3'", "o2"), ("sk = '1' AND pk = 'o' AND sk > '0'", "o1"), ("pk = 'o' AND sk > '5' AND sk < '2'", ""),
                ("pk IN ['p', 'o']", "o1 o2 o3 p1 p2 p3"), ("pk IN ('o') AND sk IN ('3', '1')", "o1 o3"), ("pk = 'p' OR pk = 'o' AND sk = '2'", "o2 p1 p2 p3"),
                ("pk = 'o' AND (sk = '3' OR sk = '1')", "o1 o3"), ("pk = 'o' AND (sk < '2' OR sk > '2' OR sk = '2')", "o1 o2 o3"),
                ("pk = 'o' AND (flag = 'o1' OR flag = 'o3')", "o1 o3"), ("pk = 'o' AND NOT sk = '1'", "o2 o3"), ("pk = 'o' AND sk <> '1'", "o2 o3"),
                ("pk = 'o' AND sk > '0' AND sk <> '1'", "o2 o3"), ("pk = 'o' OR pk = 'o' AND NOT sk = '1'", "o1 o2 o3"),
                ("pk = 'o' AND NOT sk = '1' OR pk = 'o' AND sk = '2'", "o2 o3"), ("pk = 'o' AND NOT sk IN ['1', '3'] OR pk = 'o' AND sk = '2'", "o2"),
                ("pk IN [] OR pk = 'o'", "o1 o2 o3"), ("pk = 'o' AND sk IN []", ""),
                ("pk = 'o' AND attribute_exists(pk)", "o1 o2 o3"), ("pk IN ['o', 'p'] AND flag IN ['p2', 'o1']", "o1 p2")]:
            with self.subTest(where=where):
                self.assertEqual(self.order(where), expected.split())
                self.assertEqual(self.order(where, Limit=1), expected.split())
        for where, expected in [("pk = 'o' OR sk = '1'", "o1 o2 o3 p1"), ("pk > 'o'", "p1 p2 p3"), ("flag = 'p2'", "p2"), ("pk > 1", ""),
                                ("pk = 'o' AND pk = 'p'", ""), ("pk = 'o' OR flag = 'p3'", "o1 o2 o3 p3"), ("NOT pk = 'o'", "p1 p2 p3")]:
            with self.subTest(where=where):
                self.assertEqual(sorted(self.order(where)), expected.split())
                self.assertEqual(sorted(self.order(where, Limit=2)), expected.split())
        self.assertEqual(len(self.items("SELECT * FROM range", Limit=4)), 6)

    def test_refused_ranges(self):
        select = "SELECT sk FROM range WHERE "
        for where in ["pk IN ['o', 'o']", "pk = 'o' OR pk = 'o'", "pk = 'o' AND (sk > '0' OR sk < '5')", "pk = 'o' AND (sk = '1' OR flag = 'x')",
                      "(pk = 'o' AND flag = 'one') OR (pk = 'o' AND flag = 'two')", "pk = 'a' AND x <> '1' OR pk = 'a' AND sk = '2'"]:
            self.refused(select + where, OVERLAP)
        self.refused(select + "pk = 1 OR pk = 'o'", KEY_TYPE + "pk")
        self.refused(select + "pk = 'o' AND sk IN ['1', 2]", KEY_TYPE + "sk")

        def many(count):
            return ",".join(f"'v{i}'" for i in range(count))

        for where in [f"pk IN [{many(51)}]", f"pk = 'o' AND sk IN [{many(51)}]", f"pk IN [{many(26)}] AND sk IN ['1', '2']"]:
            self.refused(select + where, MANY_READS)
        for where in [f"pk IN [{many(50)}] AND flag IN [{many(100)}]", f"pk IN [{many(51)}] OR flag = 'one'"]:
            self.assertEqual(self.items(select + where), [])

    def test_order(self):
        for where, expected in [("pk = 'o' ORDER BY sk DESC", "o3 o2 o1"), ("pk = 'o' ORDER BY sk", "o1 o2 o3"), ("pk = 'o' ORDER BY pk ASC", "o3 o2 o1"),
                                ("pk IN ['o', 'p'] ORDER BY pk DESC, sk ASC", "p1 p2 p3 o1 o2 o3"), ("pk IN ['o', 'p'] ORDER BY pk DESC", "p3 p2 p1 o3 o2 o1"),
                                ("pk IN ['o', 'p'] AND sk IN ['1', '3'] ORDER BY pk, sk DESC", "o3 o1 p3 p1")]:
            with self.subTest(where=where):
                self.assertEqual(self.order(where), expected.split())
                self.assertEqual(self.order(where, Limit=2), expected.split())
        select = "SELECT sk FROM range "
        self.refused(select + "ORDER BY sk", "Must have WHERE clause in the statement when using ORDER BY clause.")
        self.refused(select + "WHERE pk = 'o' ORDER BY Total DESC", "Attribute Total in ORDER BY clause must be part of the primary key")
        self.refused(select + "WHERE pk > 'a' ORDER BY sk",
                     "Must have at least one non-optional hash key condition in WHERE clause when using ORDER BY clause.")
        self.refused(select + "WHERE pk IN ['o', 'p'] ORDER BY sk DESC",
                     "Must have hash key in ORDER BY clause when more than one hash key condition specified in WHERE clause.")

    def test_tokens(self):
        first = self.run_("SELECT sk FROM range WHERE pk = ?", text("o"), Limit=1)
        self.assertEqual(first["LastEvaluatedKey"], {"pk": text("o"), "sk": text("1")})
        token = {"NextToken": first["NextToken"]}
        self.assertEqual(self.run_("SELECT sk FROM range WHERE pk = ?", text("o"), Limit=2, **token)["Items"], [{"sk": text("2")}, {"sk": text("3")}])
        self.refused("SELECT sk FROM range WHERE pk = ?", TOKEN, text("p"), **token)
        self.refused("SELECT * FROM range WHERE pk = ?", TOKEN, text("o"), **token)
        self.refused("SELECT sk FROM range", TOKEN, **token)
        for bad in ("garbage", "AQID", "////////////////////////", first["NextToken"][:-4]):
            with self.assertRaises(DynamoError) as caught:
                self.run_("SELECT sk FROM range WHERE pk = ?", text("o"), NextToken=bad)
            self.assertEqual(caught.exception.type, "ValidationException", bad)

    def test_tokens_of_the_longest_keys(self):
        key = {name: text("\x01" * length) for name, length in (("pk", 2048), ("sk", 1023), ("g", 2048), ("l", 1024))}
        others = [{**key, "sk": text("\x01" * 1022 + last)} for last in "xy"]
        for item in others:
            self.put("indexed", **item)
            self.addCleanup(self.run_, "DELETE FROM indexed WHERE pk = ? AND sk = ?", item["pk"], item["sk"])
        for table in ("indexed", '"indexed"."local"', '"indexed"."all"'):
            statement = f"SELECT sk FROM {table} WHERE {'g' if 'all' in table else 'pk'} = ?"
            found = self.items(statement, text("\x01" * 2048), Limit=1)
            self.assertEqual(found, [{"sk": item["sk"]} for item in others], table)

    def test_tokens_that_are_changed(self):
        statement, number = "SELECT * FROM \"number\"", "SELECT pk FROM \"number\""
        for value in ("1", "-2.5", "3"):
            self.put("number", pk={"N": value})
        token = base64.b64decode(self.run_(number, Limit=1)["NextToken"])
        for raw in [*(token[:length] for length in range(14, len(token))), token + b"\0", token + token[13:], token[:13] + b"\xff" * 9000,
                    token[:-1] + b"x", token[:-2] + b"\x02" + b"01", token.replace(b"pk", b"\xff\xff")]:
            with self.subTest(raw=raw), self.assertRaises(DynamoError) as caught:
                self.run_(number, NextToken=base64.b64encode(raw).decode())
            self.assertEqual(caught.exception.type, "ValidationException")
        self.refused(statement, TOKEN, NextToken=base64.b64encode(token).decode())

    def test_indexes(self):
        def names(statement, **more):
            return sorted("".join(sorted(item)) for item in self.items(statement, **more))

        self.assertEqual(sorted(item["sk"]["S"] for item in self.items("SELECT sk FROM indexed.\"all\" WHERE g = 'x'")), ["s0", "s3"])
        self.assertEqual(sorted(item["sk"]["S"] for item in self.items("SELECT * FROM indexed.\"all\" WHERE pk = 'p'")), ["s0", "s1", "s3"])
        self.assertEqual(names("SELECT * FROM indexed.\"only\" WHERE g = 'x'"), ["gpksk"] * 2)
        self.assertEqual(names("SELECT * FROM indexed.\"some\" WHERE g = 'x'"), ["gkeptpksk"] * 2)
        self.assertEqual(names("SELECT * FROM indexed.\"local\" WHERE pk = 'p'"), ["lpksk"] * 3)
        self.assertEqual(self.items("SELECT other FROM indexed.\"local\" WHERE pk = 'p' AND l = 'l2'"), [{"other": text("o1")}])
        self.assertEqual(self.items("SELECT pk FROM indexed.\"some\" WHERE other = 'o1'"), [])
        self.assertEqual(len(self.items("SELECT sk FROM indexed.\"only\" WHERE NOT other = 'o1'")), 3)
        self.assertEqual([item["sk"]["S"] for item in self.items("SELECT sk FROM indexed.\"some\" WHERE (g = 'x' AND other = 'a') OR (g = 'z')")], ["s1"])
        self.assertEqual(len(self.items("SELECT * FROM indexed.\"whole\" WHERE pk = 'p'", ConsistentRead=True)), 3)
        unprojected = INVALID + "Global secondary index some does not project [%s]"
        for statement, message in [
                ("SELECT other, mymap FROM indexed.\"some\" WHERE g = 'x'", unprojected % "other, mymap"),
                ("SELECT other FROM indexed.\"some\"", unprojected % "other"),
                ("SELECT pk FROM indexed.\"some\" WHERE g = 'x' AND other = 'a'", FILTERS % ("some", "[other]")),
                ("SELECT pk FROM indexed.\"some\" WHERE g IN ['x', 'z'] AND other IS MISSING", FILTERS % ("some", "[other]")),
                ("SELECT pk FROM indexed.\"local\" WHERE pk = 'p' AND other = 'a'", FILTERS % ("local", "[other]")),
                ("SELECT pk FROM indexed.\"some\" WHERE g = 'x' AND b = '1' AND (a = '2' OR kept = '3')", FILTERS % ("some", "[a, b]")),
                ("SELECT pk FROM indexed.\"some\" WHERE g = 'x' AND (zz = '1' OR aa = '2' OR mm = '3')", FILTERS % ("some", "[zz, aa, mm]")),
                ("SELECT pk FROM indexed.\"some\" WHERE (g = 'q' AND u1 = '1') OR (g = 'b' AND u2 = '1')", FILTERS % ("some", "[u1]")),
                ("SELECT * FROM indexed.\"none\" WHERE pk = 'p'", "The table does not have the specified index"),
                ("SELECT * FROM indexed.\"indexed\" WHERE pk = 'p'", "The table does not have the specified index"),
                ("SELECT * FROM indexed.\"many\" WHERE g = 'x'", MULTIPART), ("SELECT * FROM indexed.\"many\"", MULTIPART),
                ("SELECT COUNT(*) FROM indexed.\"many\"", MULTIPART), ("SELECT * FROM indexed.\"many\" WHERE g = 5", MULTIPART)]:
            self.refused(statement, message)
        self.refused("SELECT * FROM indexed.\"all\" WHERE g = 'x'", "Strongly consistent read is not supported on Global Secondary Indexes",
                     ConsistentRead=True)

    def test_capacity(self):
        def consumed(statement, **more):
            return self.run_(statement, ReturnConsumedCapacity="INDEXES", **more)["ConsumedCapacity"]

        self.assertEqual(consumed("SELECT * FROM range WHERE pk = 'o'"),
                         {"TableName": "range", "CapacityUnits": 0.5, "Table": {"CapacityUnits": 0.5}})
        self.assertEqual(consumed("SELECT * FROM range WHERE pk = 'o'", ConsistentRead=True)["CapacityUnits"], 1.0)
        answer = consumed("SELECT pk FROM indexed.\"all\" WHERE g = 'x'")
        self.assertEqual((answer["Table"]["CapacityUnits"], answer["GlobalSecondaryIndexes"]), (0.0, {"all": {"CapacityUnits": 0.5}}))
        answer = consumed("SELECT other FROM indexed.\"local\" WHERE pk = 'p'", ConsistentRead=True)
        self.assertEqual((answer["Table"]["CapacityUnits"], answer["LocalSecondaryIndexes"]), (3.0, {"local": {"CapacityUnits": 1.0}}))
        self.assertEqual(self.run_("INSERT INTO plain VALUE {'pk': 'capacity'}", ReturnConsumedCapacity="TOTAL")["ConsumedCapacity"],
                         {"TableName": "plain", "CapacityUnits": 1.0})

    def test_long_pages(self):
        """More than a page holds, over two partitions: read on workers, ended by the size of a page."""
        for pk in ("big1", "big2"):
            for sk in range(30):
                self.put("indexed", pk=text(pk), sk=text(f"{sk:03}"), x=text("x" * 40000))
        statement = "SELECT sk FROM indexed WHERE pk IN ['big1', 'big2']"
        first = self.run_(statement)
        self.assertIn("NextToken", first)
        self.assertLess(len(first["Items"]), 60)
        self.assertEqual([item["sk"]["S"] for item in self.items(statement)], [f"{sk:03}" for sk in range(30)] * 2)


class Batches(Case):
    def test_reads(self):
        for name in ("a", "b"):
            self.put("plain", pk=text(name), m={"M": {"x": text(name)}})
        answer = self.batch("SELECT * FROM plain WHERE pk = 'a'", {"Statement": "SELECT m.x FROM plain WHERE pk = ?", "Parameters": [text("b")]},
                            "SELECT * FROM plain WHERE pk = 'none'", "SELECT * FROM nowhere WHERE pk = 'x'", "SELECT * FROM plain WHERE val = 'a'",
                            "SELECT * FROM indexed.\"all\" WHERE pk = 'p' AND sk = 's' AND g = 'x'", "SELECT * FROM indexed.\"many\" WHERE g = 'x'",
                            "SLECT * FROM plain WHERE pk = 'a'", "SELECT * FROM plain WHERE")

        def invalid(message):
            return {"Error": {"Code": "ValidationError", "Message": message}}

        self.assertEqual(answer, {"Responses": [
            {"TableName": "plain", "Item": {"pk": text("a"), "m": {"M": {"x": text("a")}}}}, {"TableName": "plain", "Item": {"x": text("b")}},
            {"TableName": "plain"}, {"Error": {"Code": "ResourceNotFound", "Message": "Requested resource not found"}},
            invalid(BATCH_KEY), invalid(BATCH_KEY), invalid(MULTIPART), invalid(FORM + "Expected data manipulation"), invalid(TERM)]})
        many = ",".join(f"'{i}'" for i in range(51))
        answer = self.batch("SELECT pk FROM plain WHERE pk IN ['a']", "SELECT * FROM range WHERE pk = 'a'", "SELECT * FROM plain WHERE pk = 'a' AND x = 1",
                            "SELECT * FROM plain WHERE pk = 'a' AND pk = 'b'", f"SELECT * FROM plain WHERE pk IN [{many}]", "SELECT * FROM plain WHERE pk = 1",
                            {"Statement": "SELECT * FROM plain WHERE pk = ?", "Parameters": [{"N": "1e99999999999"}]})
        self.assertEqual(answer["Responses"], [{"TableName": "plain", "Item": {"pk": text("a")}}, invalid(BATCH_KEY), invalid(BATCH_KEY),
                                               invalid(BATCH_KEY), invalid(MANY_READS), invalid(SCHEMA), invalid(NUMBER + ": 1e99999999999")])

    def test_writes(self):
        self.put("plain", pk=text("u"), a={"N": "1"})
        self.put("plain", pk=text("d"), a={"N": "1"})
        answer = self.batch(
            "INSERT INTO plain VALUE {'pk': 'new'}", "UPDATE plain SET a = 2 WHERE pk = 'u' RETURNING ALL NEW *", "DELETE FROM plain WHERE pk = 'd' RETURNING ALL OLD *",
            "INSERT INTO plain VALUE {'pk': 'new'}", "UPDATE plain SET a = 3 WHERE pk = 'u' AND a = 9", "UPDATE plain REMOVE a WHERE pk = 'u' RETURNING MODIFIED NEW *",
            "DELETE FROM plain WHERE pk = 'u' RETURNING ALL NEW *", "EXISTS(SELECT * FROM plain WHERE pk = 'u' AND a = 1)", "UPDATE plain SET a.b = 1 WHERE pk = 'u'",
            {"Statement": "UPDATE plain SET a = 3 WHERE pk = 'u' AND a = 9", "ReturnValuesOnConditionCheckFailure": "ALL_OLD"})
        condition = {"Code": "ConditionalCheckFailed", "Message": CONDITION}
        bad_path = "The document path provided in the update expression is invalid for update"
        self.assertEqual(answer["Responses"], [
            {"TableName": "plain"}, {"TableName": "plain", "Item": {"pk": text("u"), "a": {"N": "2"}}}, {"TableName": "plain", "Item": {"pk": text("d"), "a": {"N": "1"}}},
            {"TableName": "plain", "Error": {"Code": "DuplicateItem", "Message": DUPLICATE}}, {"TableName": "plain", "Error": condition}, {"TableName": "plain"},
            {"Error": {"Code": "ValidationError", "Message": "Invalid returning clause: RETURNING ALL NEW *. Only RETURNING ALL OLD * is allowed in DELETE statements."}},
            {"Error": {"Code": "ValidationError", "Message": "EXISTS can only be used in ExecuteTransaction write requests."}},
            {"TableName": "plain", "Error": {"Code": "ValidationError", "Message": bad_path}},
            {"TableName": "plain", "Error": {**condition, "Item": {"pk": text("u")}}}])

    def test_capacity(self):
        self.put("plain", pk=text("cost"))
        select = "SELECT * FROM plain WHERE pk = 'cost'"
        answer = self.batch({"Statement": select, "ConsistentRead": True}, select, "SELECT * FROM number WHERE pk = 1", ReturnConsumedCapacity="TOTAL")
        self.assertEqual(answer["ConsumedCapacity"], [{"TableName": "plain", "CapacityUnits": 1.5}, {"TableName": "number", "CapacityUnits": 0.5}])
        answer = self.batch("UPDATE plain SET a = 1 WHERE pk = 'cost'", "UPDATE plain SET a = 1 WHERE pk = 'no'", "INSERT INTO indexed VALUE {'pk': 'c', 'sk': 'c', 'g': 'c'}",
                            ReturnConsumedCapacity="INDEXES")
        self.assertEqual(answer["ConsumedCapacity"][0], {"TableName": "plain", "CapacityUnits": 2.0, "Table": {"CapacityUnits": 2.0}})
        self.assertEqual(answer["ConsumedCapacity"][1]["CapacityUnits"], 4.0)

    def test_many_and_mixed(self):
        answer = self.batch(*[f"INSERT INTO plain VALUE {{'pk': 'many{i}'}}" for i in range(25)])
        self.assertEqual(answer["Responses"], [{"TableName": "plain"}] * 25)
        answer = self.batch(*[f"SELECT * FROM plain WHERE pk = 'many{i}'" for i in range(25)])
        self.assertEqual([one["Item"]["pk"]["S"] for one in answer["Responses"]], [f"many{i}" for i in range(25)])
        for members in ([], ["SELECT * FROM plain WHERE pk = 'a'"] * 26, ["SELECT * FROM plain WHERE pk = 'a'", "DELETE FROM plain WHERE pk = 'b'"]):
            with self.assertRaises(DynamoError) as caught:
                self.batch(*members)
            self.assertEqual(caught.exception.type, "ValidationException")


class Transactions(Case):
    def test_a_hundred_of_the_longest_statements(self):
        def statement(number):
            start = f"INSERT INTO plain VALUE {{'pk': 'long {number}', 'l': ["
            return start + ",".join(["''"] * ((8190 - len(start)) // 3)) + "]}"

        self.assertEqual(self.transact(*map(statement, range(100)), ClientRequestToken="long"), {"Responses": []})
        self.assertEqual(len(self.item("plain", pk=text("long 99"))["l"]["L"]), statement(99).count("''"))

    def test_writes(self):
        self.put("plain", pk=text("t1"), a={"N": "1"})
        self.put("plain", pk=text("t2"))
        self.put("plain", pk=text("t3"), a={"N": "1"})
        answer = self.transact("INSERT INTO plain VALUE {'pk': 'tn'}", "UPDATE plain SET a = a + 1 WHERE pk = 't1' AND a = 1",
                               "DELETE FROM plain WHERE pk = 't2'", "EXISTS(SELECT * FROM plain WHERE (pk = 't3') AND b IS MISSING)")
        self.assertEqual(answer, {"Responses": []})
        self.assertEqual([self.item("plain", pk=text(name)) for name in ("tn", "t1", "t2")], [{"pk": text("tn")}, {"pk": text("t1"), "a": {"N": "2"}}, None])

    def test_cancelled(self):
        self.put("plain", pk=text("c1"), a={"N": "1"})
        failed = ("ConditionalCheckFailed", CONDITION)
        self.cancelled([("DuplicateItem", DUPLICATE), None], "INSERT INTO plain VALUE {'pk': 'c1'}", "INSERT INTO plain VALUE {'pk': 'c2'}")
        self.cancelled([failed, None], "EXISTS(SELECT * FROM plain WHERE pk = 'c1' AND a IS MISSING)", "INSERT INTO plain VALUE {'pk': 'c2'}")
        self.cancelled([failed], "UPDATE plain SET a = 1 WHERE pk = 'c2'")
        self.cancelled([failed, None], "EXISTS(SELECT * FROM plain WHERE pk = 'c1' AND pk = 'other' AND a = 1)", "INSERT INTO plain VALUE {'pk': 'c2'}")
        self.cancelled([(*failed, {"pk": text("c1"), "a": {"N": "1"}})],
                       {"Statement": "UPDATE plain SET a = 1 WHERE pk = 'c1' AND a = 2", "ReturnValuesOnConditionCheckFailure": "ALL_OLD"})
        wrong = ("ValidationError", SCHEMA)
        update = "UPDATE range SET a = 1 WHERE "
        self.cancelled([wrong, wrong, wrong, wrong, None], update + "pk = 'k'", update + "pk IN ['k'] AND sk = '1'",
                       update + "pk = 'k' AND sk = '1' AND pk = 'other'", update + "pk = 'k' AND sk = 1", update + "pk = 'k' AND sk = '1'")
        self.cancelled([("ValidationError", INVALID + "Missing the key sk in the item"), wrong], "INSERT INTO range VALUE {'pk': 'k'}", "DELETE FROM range WHERE sk = '1'")
        self.cancelled([wrong], "SELECT * FROM range WHERE pk = 'k' AND sk = 1")
        missing = ("ResourceNotFound", "Requested resource not found")
        self.cancelled([missing, missing], "UPDATE nowhere SET a = 1 WHERE pk = 'x' RETURNING ALL NEW *", "DELETE FROM nowhere WHERE pk = 'x'")
        self.cancelled([None, missing], "SELECT * FROM plain WHERE pk = 'c1'", "SELECT * FROM nowhere.\"idx\" WHERE pk = 'x'")
        self.assertIsNone(self.item("plain", pk=text("c2")))

    def test_refused(self):
        select = "SELECT * FROM plain WHERE pk = 'a'"
        member = "Validation failed in TransactStatements[%d]: "
        refused = self.transaction_refused
        refused(member % 0 + TERM, "SELECT * FROM plain WHERE")
        refused(member % 1 + "RETURNING clause is not supported in ExecuteTransaction.", "UPDATE nowhere SET a = 1 WHERE pk = 'x'",
                "UPDATE plain SET a = 1 WHERE pk = 'x' RETURNING ALL NEW *")
        refused(member % 1 + "Reads on indices are not supported within transactions.", "SELECT * FROM nowhere WHERE pk = 'x'",
                "SELECT * FROM indexed.\"all\" WHERE pk = 'x' AND sk = '1'")
        refused(member % 0 + "This operation is not supported on an index", "UPDATE plain.\"an-index\" SET a = 1 WHERE pk = 'x'")
        for where in ["pk = 'k' AND sk = '1' AND flag = 'x'", "pk = 'k' AND sk = '1' AND pk = 'o'", "pk = 'k'", "attribute_exists(pk)"]:
            refused(member % 0 + TRANSACTION_KEY, "SELECT * FROM range WHERE " + where)
        refused(member % 0 + OVERLAP, "SELECT * FROM range WHERE pk IN ['k', 'k'] AND sk = '1'")
        exists = "EXISTS() must contain a single item read with additional condition"
        for where in ["pk = 'a'", "a = 1", "pk IN ['a'] AND a = 1"]:
            refused(member % 0 + exists, f"EXISTS(SELECT * FROM plain WHERE {where})", "INSERT INTO plain VALUE {'pk': 'no'}")
        refused("ExecuteTransaction API does not support both read and write operations in the same request.", select, "DELETE FROM plain WHERE pk = 'b'")
        refused("Transaction request cannot include multiple operations on one item", select, select)
        refused(member % 0 + OPERAND_TYPE + "+, operand type: L", "UPDATE plain SET n = n + [1] WHERE pk = 'a'")
        refused(NUMBER + ": x", "UPDATE plain SET n = 1 WHERE pk = 'a'", {"Statement": "UPDATE plain SET n = ? WHERE pk = 'b'", "Parameters": [{"N": "x"}]})

    def test_reads(self):
        self.put("range", pk=text("r"), sk=text("1"), m={"M": {"x": text("y")}})
        answer = self.transact("SELECT m.x FROM range WHERE pk IN ['r'] AND (sk = '1')", "SELECT * FROM range WHERE pk = 'r' AND sk = '2'", ReturnConsumedCapacity="TOTAL")
        self.assertEqual(answer, {"Responses": [{"Item": {"x": text("y")}}, {}],
                                  "ConsumedCapacity": [{"TableName": "range", "CapacityUnits": 4.0, "ReadCapacityUnits": 4.0}]})

    def test_token(self):
        self.put("plain", pk=text("idem"), n={"N": "0"})
        request = {"ClientRequestToken": "token", "ReturnConsumedCapacity": "TOTAL"}
        update = "UPDATE plain SET n = n + 1 WHERE pk = 'idem'"
        first, again = self.transact(update, **request), self.transact(update, **request)
        self.assertEqual(self.item("plain", pk=text("idem"))["n"], {"N": "1"})
        self.assertEqual(first["ConsumedCapacity"], [{"TableName": "plain", "CapacityUnits": 2.0, "WriteCapacityUnits": 2.0}])
        self.assertEqual(again["ConsumedCapacity"], [{"TableName": "plain", "CapacityUnits": 2.0, "ReadCapacityUnits": 2.0}])
        with self.assertRaises(DynamoError) as caught:
            self.transact("UPDATE plain SET n = n + 2 WHERE pk = 'idem'", **request)
        self.assertEqual(caught.exception.type, "IdempotentParameterMismatchException")


if __name__ == "__main__":
    unittest.main()
