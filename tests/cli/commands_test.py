#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Every command against a server: what it does, and what it says of what it cannot do."""
import json
import unittest

from cli import Case, Server, subprocess, program

ANN = {"id": {"S": "ann"}, "age": {"N": "42"}}


class Items(Case):
    def setUp(self):
        super().setUp()
        self.table()

    def put_ann(self):
        self.client.call("PutItem", {"TableName": "users", "Item": ANN})

    def test_put_shorthand(self):
        self.run_cli("put", "users", """{id: "ann", 'age': 42, tags: <<"b", 'a'>>, nums: <<2, 1>>, raw: b"aGk=", raws: <<b"aGk=">>,
                                         "deep": {list: [1, -2.50, {no-thing: null}], yes: true}, quote: 'it\\'s "so"'}""")
        self.assertEqual(self.items("users"), [{
            "id": {"S": "ann"}, "age": {"N": "42"}, "tags": {"SS": ["a", "b"]}, "nums": {"NS": ["1", "2"]},
            "raw": {"B": "aGk="}, "raws": {"BS": ["aGk="]}, "quote": {"S": "it's \"so\""},
            "deep": {"M": {"list": {"L": [{"N": "1"}, {"N": "-2.5"}, {"M": {"no-thing": {"NULL": True}}}]},
                           "yes": {"BOOL": True}}}}])

    def test_put_attributes(self):
        self.run_cli("put", "users", "id=a=b", "n:N=1e2", "v:=[1]", "b:B=aGk=", "t:BOOL=true", "s:NS=[3]", "z:NULL=null",
                     "colon:x=1", 'm:M={"k":{"S":"v"}}', "empty=")
        self.assertEqual(self.items("users"), [{
            "id": {"S": "a=b"}, "n": {"N": "100"}, "v": {"L": [{"N": "1"}]}, "b": {"B": "aGk="}, "t": {"BOOL": True},
            "s": {"NS": ["3"]}, "z": {"NULL": True}, "colon:x": {"S": "1"}, "m": {"M": {"k": {"S": "v"}}}, "empty": {"S": ""}}])

    def test_put_bad(self):
        for item, text in (("{id: ", "not closed"), ("{id: 'x}", "quote"), ("id", "neither"), ("n:N=x", "n"), ("b:B=*", "base64"),
                           ("{id: 1}}", "after a value"), ("t:BOOL=yes", "neither true nor false"), ("{id: @}", "'@'"),
                           ("{id: <<>>}", "set"), ('{"$SS": ["abc", "b"]}', "is no item"), ("{t: <<'a', b'YQ=='>>}", "a set is of"),
                           ("{t: <<b'YQ==', 'test'>>}", "a set is of"), ("{a: " + "[" * 100, "levels")):
            self.refused(2, text, "put", "users", "id=x", item)
        self.refused(1, "ValidationException", "put", "users", "name=x")
        self.refused(3, "ResourceNotFoundException", "put", "nowhere", "id=x")
        self.assertEqual(self.items("users"), [])

    def test_conditions(self):
        self.run_cli("put", "users", "id=ann", "age:=1", "--if-not-exists")
        self.refused(4, "ConditionalCheckFailedException", "put", "users", "id=ann", "--if-not-exists")
        self.refused(4, "ConditionalCheckFailedException", "put", "users", "id=bob", "--if-exists")
        self.assertEqual(self.json("put", "users", "id=ann", "--if", "age between 1 and 2 or name = 'x'", "--return", "old"),
                         {"id": "ann", "age": 1})

    def test_get(self):
        self.put_ann()
        self.assertEqual(self.json("get", "users", "ann"), {"id": "ann", "age": 42})
        self.assertEqual(self.json("get", "users", "ann", "-o", "dynamodb", "--consistent"), ANN)
        self.assertEqual(self.json("get", "users", "ann", "--attributes", "age"), {"age": 42})
        self.assertEqual(self.refused(3, "no such item", "get", "users", "nobody"), "")
        self.refused(2, "the key of users is id (S)", "get", "users", "ann", "more")
        table = self.run_cli("get", "users", "ann", "--output", "table")
        self.assertEqual(table, "attribute  type  value\nage        N     42\nid         S     ann\n")

    def test_update(self):
        self.put_ann()
        self.assertEqual(self.json("update", "users", "ann", 'set age = age - 2, `set` = "A\\u00e9", l = [1, -1], n = -5',
                                   "--return", "new", "--if", "attribute_exists(id) and size(id) >= 3"),
                         {"id": "ann", "age": 40, "set": "Aé", "l": [1, -1], "n": -5})
        self.assertEqual(self.json("update", "users", "ann", "set l[1] = if_not_exists(none, 7) remove n add tags <<'x'>>",
                                   "--return", "changed-new"), {"l": [7], "tags": ["x"]})
        self.refused(4, "Conditional", "update", "users", "ann", "set a = 1", "--if", "not (age in (40, 41))")
        self.refused(4, "Conditional", "update", "users", "bob", "set a = 1", "--if-exists")
        self.refused(2, "as they are", "update", "users", "ann", "set a = :v")
        self.refused(2, "not closed", "update", "users", "ann", "set `a = 1")
        self.refused(1, "ValidationException", "update", "users", "ann", "sot a = 1")

    def test_delete(self):
        self.put_ann()
        self.refused(4, "Conditional", "delete", "users", "ann", "--if", "age < 10")
        self.assertEqual(self.json("delete", "users", "ann", "--return", "old"), {"id": "ann", "age": 42})
        self.run_cli("delete", "users", "ann")
        self.refused(4, "Conditional", "delete", "users", "ann", "--if-exists")

    def test_key_types(self):
        self.run_cli("tables", "create", "typed", "n:N", "b:B")
        self.run_cli("put", "typed", "{n: -5, b: b\"aGk=\"}")
        self.assertEqual(self.json("get", "typed", "--", "-5", "aGk="), {"n": -5, "b": "aGk="})
        self.refused(2, "the key", "get", "typed", "x", "aGk=")
        self.refused(2, "base64", "get", "typed", "1", "*")


class Reading(Case):
    def setUp(self):
        super().setUp()
        self.run_cli("tables", "create", "orders", "who", "day", "--index", "by-city=city,total:N;keys", "--local-index", "by-total=total:N")
        for day in range(1, 31):
            self.client.call("PutItem", {"TableName": "orders", "Item": {
                "who": {"S": "ann"}, "day": {"S": f"2024-05-{day:02}"}, "total": {"N": str(day * 1.5)}, "city": {"S": "York"}}})

    def days(self, *arguments):
        return [item["day"][-2:] for item in self.json("query", "orders", *arguments)]

    def test_sort_conditions(self):
        every = [f"{day:02}" for day in range(1, 31)]
        self.assertEqual(self.days("ann"), every)
        self.assertEqual(self.days("ann", "--descending"), every[::-1])
        self.assertEqual(self.days("ann", "2024-05-07"), ["07"])
        self.assertEqual(self.days("ann", "2024-05-2*"), every[19:29])
        self.assertEqual(self.days("ann", "= 2024-05-2*"), [])
        self.assertEqual(self.days("ann", "2024-05-29..2024-06"), ["29", "30"])
        for text, days in ((">= 2024-05-29", every[28:]), (">2024-05-29", every[29:]), ("<2024-05-02", every[:1]),
                           ("<= 2024-05-02", every[:2])):
            self.assertEqual(self.days("ann", text), days)
        self.assertEqual(self.days("York", "--index", "by-city", "43.5..45"), ["29", "30"])
        self.assertEqual(self.days("ann", "--index", "by-total", "<= 1.5"), ["01"])
        self.assertEqual(self.days("nobody"), [])

    def test_filter_limit_count(self):
        self.assertEqual(self.days("ann", "--filter", "total > 40 and city = 'York'", "-n", "2"), ["27", "28"])
        self.assertEqual(self.days("ann", "--limit", "3"), ["01", "02", "03"])
        self.assertEqual(self.run_cli("query", "orders", "ann", "--count"), "30\n")
        self.assertEqual(self.run_cli("scan", "orders", "--count", "--filter", "begins_with(day, '2024-05-1')"), "10\n")
        self.assertEqual(self.json("query", "orders", "ann", "2024-05-01", "--attributes", "city, total"),
                         [{"city": "York", "total": 1.5}])

    def test_refused(self):
        self.refused(2, "1 partition and 1 sort", "query", "orders", "a", "b", "c")
        self.refused(3, "no index x", "query", "orders", "a", "--index", "x")
        self.refused(3, "ResourceNotFoundException", "query", "nowhere", "a")
        self.refused(2, "the key", "query", "orders", "York", "> x", "--index", "by-city")
        self.refused(2, "--limit", "scan", "orders", "--limit", "0")
        self.refused(2, "--filter", "scan", "orders", "--filter", "a = 'x")
        self.assertEqual(self.refused(1, "ValidationException", "scan", "orders", "--filter", "a ="), "")

    def test_outputs(self):
        lines = self.run_cli("scan", "orders", "-o", "jsonl").splitlines()
        self.assertEqual(len([json.loads(line) for line in lines]), 30)
        typed = self.run_cli("query", "orders", "ann", "2024-05-02", "-o", "dynamodb")
        self.assertEqual(json.loads(typed)["total"], {"N": "3"})
        self.assertEqual(self.json("scan", "orders", "--filter", "city = 'Rome'"), [])
        table = self.run_cli("query", "orders", "ann", "2024-05-02..2024-05-03", "-o", "table")
        self.assertEqual(table, "who  day         city  total\nann  2024-05-02  York      3\nann  2024-05-03  York    4.5\n")

    def test_sql(self):
        self.assertEqual(len(self.json("sql", "SELECT * FROM orders")), 30)
        self.assertEqual(self.json("sql", "SELECT total FROM orders WHERE who = ? AND day = ? AND total > ?", "ann", "2024-05-04", 5),
                         [{"total": 6}])
        self.assertEqual(self.json("sql", "INSERT INTO orders VALUE {'who': 'bob', 'day': 'x'}"), [])
        self.assertEqual(self.json("get", "orders", "bob", "x"), {"who": "bob", "day": "x"})
        self.assertEqual(self.refused(1, "ValidationException", "sql", "SELEKT"), "")

    def test_call(self):
        self.assertEqual(self.json("call", "ListTables"), {"TableNames": ["orders"]})
        self.assertEqual(self.json("call", "ListTables", "-", stdin=b'{"ExclusiveStartTableName": "orders"}'), {"TableNames": []})
        self.refused(1, "UnknownOperationException", "call", "NoSuchThing")
        self.refused(1, "letters alone", "call", "No such thing")


class Tables(Case):
    def test_life(self):
        self.assertEqual(self.json("tables"), [])
        self.run_cli("tables", "create", "orders", "who", "day:N", "--throughput", "3,4", "--stream", "both", "--ttl", "ends",
                     "--index", "some=city;total,tax", "--index", "keys=city,day;keys", "--local-index", "all=total:N")
        self.run_cli("tables", "create", "other", "id:B", "--if-not-exists")
        self.run_cli("tables", "create", "other", "id:B", "--if-not-exists")
        self.refused(1, "ResourceInUseException", "tables", "create", "other", "id")
        self.assertEqual(self.json("tables", "list"), ["orders", "other"])
        self.assertEqual(self.run_cli("tables", "-o", "jsonl", "--limit", "1"), '"orders"\n')
        self.assertEqual(self.run_cli("tables", "-o", "table"), "table\norders\nother\n")
        about = self.json("tables", "describe", "orders")["Table"]
        self.assertEqual({each["AttributeName"]: each["AttributeType"] for each in about["AttributeDefinitions"]},
                         {"who": "S", "day": "N", "city": "S", "total": "N"})
        self.assertEqual([(key["AttributeName"], key["KeyType"]) for key in about["KeySchema"]], [("who", "HASH"), ("day", "RANGE")])
        self.assertEqual(about["ProvisionedThroughput"]["WriteCapacityUnits"], 4)
        self.assertEqual(about["StreamSpecification"], {"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"})
        indexes = {index["IndexName"]: index for index in about["GlobalSecondaryIndexes"] + about["LocalSecondaryIndexes"]}
        self.assertEqual({name: index["Projection"]["ProjectionType"] for name, index in indexes.items()},
                         {"some": "INCLUDE", "keys": "KEYS_ONLY", "all": "ALL"})
        self.assertEqual(sorted(indexes["some"]["Projection"]["NonKeyAttributes"]), ["tax", "total"])
        self.assertEqual(self.client.call("DescribeTimeToLive", {"TableName": "orders"})["TimeToLiveDescription"]["AttributeName"], "ends")
        shown = self.run_cli("tables", "describe", "orders", "-o", "table")
        for text in ("who:S, day:N (sort)", "3 read, 4 write units", "keys: city:S, day:N (sort); KEYS_ONLY", "NEW_AND_OLD_IMAGES"):
            self.assertIn(text, shown)
        self.run_cli("tables", "drop", "orders", "other")
        self.assertEqual(self.json("tables"), [])
        self.refused(3, "ResourceNotFoundException", "tables", "drop", "orders")
        self.run_cli("tables", "drop", "orders", "--if-exists")

    def test_refused(self):
        self.refused(2, "type S, N or B", "tables", "create", "abc", "id:M")
        self.refused(2, "has a name", "tables", "create", "abc", ":N")
        self.refused(2, "two types", "tables", "create", "abc", "id", "--index", "i=id:N")
        self.refused(2, "READ,WRITE", "tables", "create", "abc", "id", "--throughput", "5")
        self.refused(2, "NAME=KEY", "tables", "create", "abc", "id", "--index", "x")
        self.refused(2, "not one of", "tables", "create", "abc", "id", "--stream", "everything")
        self.refused(3, "ResourceNotFoundException", "tables", "describe", "nowhere")
        self.refused(1, "ValidationException", "tables", "create", "a", "id")


class Tail(Case):
    def test_follows(self):
        self.table(StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"})
        for text in ("id=a", "n:=1"), ("id=a", "n:=2"):
            self.run_cli("put", "users", *text)
        self.run_cli("delete", "users", "a")
        lines = [json.loads(line) for line in self.run_cli("tail", "users", "--since", "start", "--limit", "3").splitlines()]
        self.assertEqual([line["event"] for line in lines], ["INSERT", "MODIFY", "REMOVE"])
        self.assertEqual((lines[1]["keys"], lines[1]["old"], lines[1]["new"]), ({"id": "a"}, {"id": "a", "n": 1}, {"id": "a", "n": 2}))
        typed = self.run_cli("tail", "users", "--since", "start", "-n", "1", "-o", "dynamodb")
        self.assertEqual(json.loads(typed)["new"]["n"], {"N": "1"})
        shown = self.run_cli("tail", "users", "--since", "start", "-n", "1", "-o", "table")
        self.assertIn('INSERT  {"id":"a"}  {"id":"a","n":1}', shown)

    def test_from_now_on(self):
        self.table(StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"})
        self.run_cli("put", "users", "id=before")
        process = subprocess.Popen([program(), "tail", "users", "--limit", "1"], stdout=subprocess.PIPE, env=self.environment())
        number = 0
        while process.poll() is None:  # until it has begun to follow, it sees none of them
            number += 1
            self.run_cli("put", "users", f"id=after-{number}")
        line = json.loads(process.communicate()[0])
        self.assertEqual(process.returncode, 0)
        self.assertTrue(line["new"]["id"].startswith("after-"), line)

    def test_refused(self):
        self.table()
        self.assertEqual(self.attempt("tail", "users")[0], 3)
        self.assertEqual(self.attempt("tail", "nowhere")[0], 3)
        self.refused(2, "not one of", "tail", "users", "--since", "yesterday")


class Ends(Case):
    def test_usage(self):
        for text, arguments in (("which command", ()), ("'foo' is no command", ("foo",)), ("--what", ("scan", "t", "--what")),
                                ("-y", ("scan", "t", "-y")), ("needs a value", ("scan", "t", "--filter")),
                                ("--return is no option of 'scan'", ("scan", "t", "--return", "old")),
                                ("something is missing: stator get", ("get", "t")), ("'b' is too much", ("scan", "a", "b")),
                                ("--timeout", ("scan", "t", "--timeout", "soon")), ("not one of", ("scan", "t", "-o", "xml"))):
            code, out, error = self.attempt(*arguments)
            self.assertEqual((code, out, text in error), (2, "", True), error)

    def test_unreachable(self):
        gone = Server(in_memory=True)
        gone.start()
        url = gone.url
        gone.close()
        code, _, error = self.attempt("tables", "--endpoint", url, "--timeout", "100")
        self.assertEqual((code, "--endpoint says where" in error), (5, True), error)

    def test_closed_output(self):
        """A reader that goes away ends it, and a full disk is told."""
        self.table()
        self.run_cli("put", "users", "id=a")
        with open("/dev/full", "w", encoding="ascii") as full:
            done = subprocess.run([program(), "scan", "users"], stdout=full, stderr=subprocess.PIPE, env=self.environment(), check=False)
        self.assertEqual((done.returncode, done.stderr), (1, b"stator: standard output: cannot be written\n"))


if __name__ == "__main__":
    unittest.main()
