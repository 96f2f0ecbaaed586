#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""import and export: there and back in each format, bad input, going on after a kill, memory."""
import base64
import json
import os
import signal
import subprocess
import time
import unittest

from cli import Case, SECONDS, program

BIG = "9" * 38
TINY = "0." + "0" * 90 + "12345678901234567890123456789012345678"  # 1.2...E-91 with all 38 digits
ALL = {
    "id": {"S": "all"}, "s": {"S": "a,\"b\"\r\nc\té日本🎉"}, "empty": {"S": ""}, "n": {"N": BIG}, "tiny": {"N": TINY}, "neg": {"N": "-1.5"},
    "b": {"B": base64.b64encode(bytes(range(256))).decode()}, "eb": {"B": ""}, "t": {"BOOL": True}, "f": {"BOOL": False},
    "z": {"NULL": True}, "ss": {"SS": ["", "a,b", "é\"\n"]}, "ns": {"NS": ["-" + BIG, "0", BIG]}, "bs": {"BS": ["", "AA==", "//79"]},
    "l": {"L": [{"S": "x"}, {"L": []}, {"M": {}}, {"BS": ["AQ=="]}, {"NULL": True}]},
    "m": {"M": {"$B": {"S": "no tag"}, "k": {"M": {"ns": {"NS": ["1"]}, "b": {"B": "AQ=="}}}}},
    "name:with:N": {"S": "colons"}, "a,b": {"S": "comma"}, "日": {"N": "1"},
}
SAME_NAME = {"id": {"S": "other"}, "n": {"S": "a string here"}, "s": {"N": "5"}, "l": {"NULL": True}}


def sorted_sets(value):
    """Sets have no order."""
    if isinstance(value, dict):
        return {key: sorted(each) if key in ("SS", "NS", "BS") and isinstance(each, list) else sorted_sets(each)
                for key, each in value.items()}
    return [sorted_sets(each) for each in value] if isinstance(value, list) else value


class RoundTrips(Case):
    def setUp(self):
        super().setUp()
        self.table()
        self.everything = [ALL, SAME_NAME] + [{"id": {"S": f"many-{number:04}"}, "n": {"N": str(number)}, "é": {"S": "x" * number}}
                                              for number in range(300)]
        for item in self.everything:
            self.client.call("PutItem", {"TableName": "users", "Item": item})
        self.table("back")

    def there_and_back(self, name, *options):
        path = self.folder / name
        self.run_cli("export", "users", "--to-file", path, *options)
        self.run_cli("import", path, "--table", "back", *options)
        self.assertEqual(sorted_sets(self.items("back")), sorted_sets(self.items("users")))
        return path.read_bytes().decode()

    def test_dynamodb(self):
        lines = self.there_and_back("items.jsonl").splitlines()
        ours = [item for item in map(json.loads, lines) if item["id"] == ALL["id"]]
        self.assertEqual(sorted_sets(ours), sorted_sets([ALL]))

    def test_json(self):
        self.there_and_back("items.json", "--format", "json")

    def test_csv(self):
        text = self.there_and_back("items.csv")
        self.assertTrue(text.startswith("id:S,"), text[:200])
        self.assertIn("name:with:N:S", text.split("\r\n")[0])

    def test_tab_and_semicolon(self):
        self.there_and_back("items.tsv")
        self.there_and_back("items.csv", "--delimiter", ";")

    def test_pipe(self):
        out = self.run_cli("export", "users", "--quiet")
        code, _, error = self.attempt("import", "-", "--table", "back", "--quiet", stdin=out.encode())
        self.assertEqual((code, error), (0, ""))
        self.assertEqual(len(self.items("back")), len(self.everything))

    def test_parts(self):
        out = self.run_cli("export", "users", "--format", "csv", "--columns", "id,n:N", "--filter", "n < 2", "--segments", "1")
        self.assertEqual(sorted(out.split("\r\n")), ["", "id,n:N", "many-0000,0", "many-0001,1"])
        out = self.run_cli("export", "--table", "users", "--attributes", "n", "--filter", "id = 'all'", "--segments", "64")
        self.assertEqual(json.loads(out), {"n": {"N": BIG}})



class Records(Case):
    """What one file may hold."""

    def setUp(self):
        super().setUp()
        self.table()

    def load(self, name, text, *options):
        path = self.folder / name
        path.write_bytes(text.encode())
        return ("import", path, "--table", "users", *options)

    def test_items_whose_json_is_long(self):
        long = json.dumps({"L": [{"N": "1"}] * 60000})
        text = "".join(f'{{"id":{{"S":"{number}"}},"v":{long}}}\n' for number in range(30))
        self.run_cli(*self.load("long.jsonl", text))
        self.assertEqual(len(self.items("users")), 30)

    def test_a_key_of_blanks(self):
        for item in " ", "x", "\ty ":
            self.client.call("PutItem", {"TableName": "users", "Item": {"id": {"S": item}}})
        self.table("back")
        self.run_cli("export", "users", "--to-file", self.folder / "blanks.csv")
        self.run_cli("import", self.folder / "blanks.csv", "--table", "back")
        self.assertEqual(self.items("back"), self.items("users"))
        self.table("again")
        (self.folder / "bare.csv").write_bytes(b"id:S\r\n \r\nx\r\n")
        self.run_cli("import", self.folder / "bare.csv", "--table", "again")
        self.assertEqual(len(self.items("again")), 2)

    def test_a_name_with_a_nul(self):
        self.refused(6, "NUL", *self.load("nul.jsonl", '{"id":5,"a\\u0000b":"v"}\n', "--format", "json"))
        self.assertEqual(self.items("users"), [])

    def test_what_a_message_quotes_is_harmless(self):
        code, _, error = self.attempt(*self.load("bad.csv", "id:S,v:N\nx,1\033[31mBAD\n"))
        self.assertNotEqual(code, 0)
        self.assertNotIn("\033", error)
        self.assertIn("1?[31mBAD", error)


class Foreign(Case):
    """What other programs write."""

    def setUp(self):
        super().setUp()
        self.table()

    def test_service_export(self):
        path = self.file("data.json", '{"Item":{"id":{"S":"a"},"n":{"N":"1"}}}\n{"id":{"S":"b"},"Item":{"S":"x"}}\n\n')
        self.run_cli("import", path, "--table", "users")
        self.assertEqual(self.items("users"), [{"id": {"S": "a"}, "n": {"N": "1"}}, {"id": {"S": "b"}, "Item": {"S": "x"}}])

    def test_plain_json(self):
        path = self.file("data.json", '\ufeff{"id": 7, "tags": ["a", "b"], "nums": [1], "raw": "aGk=", "l": [1]}')
        self.run_cli("import", path, "--table", "users", "--format", "json", "--types", "tags:SS,nums:NS,raw:B")
        self.assertEqual(self.items("users"), [{"id": {"S": "7"}, "tags": {"SS": ["a", "b"]}, "nums": {"NS": ["1"]},
                                                "raw": {"B": "aGk="}, "l": {"L": [{"N": "1"}]}}])

    def test_csv_without_types(self):
        path = self.file("people.csv", "\ufeffid,name,age,note\r\n1,\"Doe, \"\"J\"\"\",42,\r\n2,x,,\"two\nlines\"")
        self.run_cli("import", path, "--create", "id:N", "--table", "people", "--types", "age:N")
        self.assertEqual(self.items("people"), [
            {"id": {"N": "1"}, "name": {"S": 'Doe, "J"'}, "age": {"N": "42"}},
            {"id": {"N": "2"}, "name": {"S": "x"}, "note": {"S": "two\nlines"}}])

    def test_same_key_twice(self):
        path = self.file("twice.jsonl", "".join(f'{{"id":{{"S":"a"}},"n":{{"N":"{n}"}}}}\n' for n in range(25)))
        self.run_cli("import", path, "--table", "users", "--threads", "1")
        self.assertEqual(self.items("users"), [{"id": {"S": "a"}, "n": {"N": "24"}}])


class Bad(Case):
    """Errors name file and line; nothing crashes."""

    def setUp(self):
        super().setUp()
        self.table()

    def bad(self, name, content, text, *options):
        path = self.file(name, content)
        code, out, error = self.attempt("import", path, "--table", "users", *options)
        self.assertEqual((out, text.replace("FILE", str(path)) in error), ("", True), error)
        return code

    def test_lines(self):
        good = '{"id":{"S":"a"}}\n'
        for line, text in (("{", ""), ("[]", ""), ("null", ""), ('{"id":"x"}', ""), ('{"id":{"S":"\xff"}}'.encode("latin-1"), ""),
                           ("{}", "key"), ('{"n":{"N":"1"}}', "key"), ('{"id":{"N":"1"}}', ""), ("\0", "")):
            line = line if isinstance(line, bytes) else line.encode()
            self.assertEqual(self.bad("bad.jsonl", good.encode() * 3 + line + b"\n" + good.encode(), "FILE:4: "), 6)

    def test_names_given_twice(self):
        for form, line in (("dynamodb", '{"id":{"S":"b"},"id":{"S":"c"}}'), ("dynamodb", '{"Item":{"id":{"S":"b"},"id":{"S":"c"}}}'),
                           ("dynamodb", '{"id":{"S":"b"},"m":{"M":{"x":{"S":"1"},"x":{"S":"1"}}}}'), ("json", '{"id":"b","id":"c"}'),
                           ("json", '{"id":"b","m":{"x":1,"x":1}}')):
            good = '{"id":{"S":"a"}}\n' if form == "dynamodb" else '{"id":"a"}\n'
            self.assertEqual(self.bad("twice.jsonl", good + line + "\n", "FILE:2: ", "--format", form), 6, line)
            self.assertIn("is given twice", self.attempt("import", self.folder / "twice.jsonl", "--table", "users", "--format", form)[2])

    def test_too_large(self):
        self.assertEqual(self.bad("large.jsonl", json.dumps({"id": {"S": "a"}, "x": {"S": "x" * 410000}}), "FILE:1: "), 6)
        self.assertEqual(self.bad("huge.csv", "id\n\"" + "x" * (18 << 20), "FILE:2: a record longer than 16 MiB; is a quote"), 6)

    def test_csv(self):
        for content, text in (("id,n:N\na,x\n", "FILE:2: "), ("id,n:N\na,1\nb\n", "FILE:3: 1 fields, but 2 columns"),
                              ("id,s\na,\"x\ny\"\nb,c\"d\n", "FILE:4: a quote within"), ("id,s\na,\"x", "FILE:2: a quote that is not"),
                              ("id,b:B\na,*\n", "FILE:2: b: '*' is no base64"), ("id,t:BOOL\na,1\n", "FILE:2: t:"),
                              ("id,l:L\na,{}\n", "FILE:2: l:"), ("id,s:NS\na,[]\n", "FILE:2: "),
                              ("id,x\n,y\n", "FILE:2: "), ("id,id\na,b\n", "FILE:2: ")):
            self.assertEqual(self.bad("bad.csv", content, text), 6, content)
        self.assertEqual(self.bad("empty.csv", "", "FILE: has no header"), 1)
        self.assertEqual(self.bad("bad.csv", "id,,x\n", "FILE:1: the header: a column without"), 1)

    def test_going_on(self):
        lines = ['{"id":{"S":"%d"}}' % number for number in range(100)]
        lines[20] = "{}"
        lines[50] = "oops"
        path = self.file("some.jsonl", "\n".join(lines))
        code, _, error = self.attempt("import", path, "--table", "users", "--max-errors", "2")
        self.assertEqual(code, 6)
        self.assertIn(f"{path}:21: ", error)
        self.assertIn(f"{path}:51: ", error)
        self.assertIn("98 items", error)
        self.assertIn("2 bad records", error)
        self.assertEqual(len(self.items("users")), 98)

    def test_usage(self):
        path = self.file("a.jsonl", '{"id":{"S":"a"}}')
        self.refused(2, "--table says it", "import", path)
        self.refused(1, "No such file", "import", self.folder / "none", "--table", "users")
        self.refused(6, "directory", "import", self.folder, "--table", "users")
        self.refused(3, "ResourceNotFoundException", "import", path, "--table", "nowhere")
        self.refused(2, "has no type", "import", path, "--table", "users", "--types", "a")
        self.refused(2, "not one character", "import", path, "--table", "users", "--delimiter", "ab")
        self.refused(2, "from 1 to 64", "import", path, "--table", "users", "--threads", "0")
        self.refused(2, "which table", "export")
        self.refused(2, "--to-file", "export", "users", "--resume", "x")
        self.refused(3, "ResourceNotFoundException", "export", "nowhere")
        self.refused(2, "is no resume file", "import", path, "--table", "users", "--resume", path)
        self.refused(1, "directory", "export", "users", "--to-file", self.folder)


class GoingOn(Case):
    """A rate so low that it would take a day: killed once the resume file is there, then it goes on at full speed."""

    def setUp(self):
        super().setUp()
        self.table()
        self.resume = self.folder / "resume"

    def start(self, *arguments, stdin=None):
        return subprocess.Popen([program(), *map(str, arguments), "--resume", str(self.resume)], env=self.environment(),
                                stdin=stdin or subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    def end_when_saved(self, process, number):
        end = time.monotonic() + SECONDS
        while not self.resume.exists():
            self.assertIsNone(process.poll(), "it ended by itself")
            self.assertLess(time.monotonic(), end)
            time.sleep(0.01)
        process.send_signal(number)
        _, error = process.communicate(timeout=SECONDS)
        return process.returncode, error.decode()

    def lines(self, count=2000):
        return "".join(f'{{"id":{{"S":"{number:05}"}}}}\n' for number in range(count))

    def goes_on(self, path, *options, stdin=None):
        code, _, error = self.attempt("import", path, "--table", "users", "--resume", self.resume, *options, stdin=stdin)
        self.assertEqual(code, 0, error)
        again = int(error.split()[1])
        self.assertTrue(0 < again < 2000, error)
        self.assertEqual(len(self.items("users")), 2000)
        self.assertFalse(self.resume.exists())

    def test_import_killed(self):
        path = self.file("items.jsonl", self.lines())
        self.end_when_saved(self.start("import", path, "--table", "users", "--rate", "50"), signal.SIGKILL)
        self.assertTrue(25 <= len(self.items("users")) < 2000)
        self.goes_on(path)

    def test_import_csv_interrupted(self):
        path = self.file("items.csv", "id,n:N\n" + "".join(f'"{number:05}",1\n' for number in range(2000)))
        code, error = self.end_when_saved(self.start("import", path, "--table", "users", "--rate", "50"), signal.SIGINT)
        self.assertEqual((code, "to be resumed" in error), (130, True), error)
        self.refused(1, "another import", "import", path, "--table", "users", "--resume", self.resume, "--format", "json")
        self.goes_on(path)

    def test_import_pipe(self):
        text = self.lines().encode()
        with open(self.file("items.jsonl", text), "rb") as file:
            reader = subprocess.Popen(["cat"], stdin=file, stdout=subprocess.PIPE)
        self.end_when_saved(self.start("import", "-", "--table", "users", "--rate", "50", stdin=reader.stdout), signal.SIGKILL)
        reader.stdout.close()
        reader.wait()
        self.goes_on("-", stdin=text)

    def test_bad_record_then_mended(self):
        lines = self.lines().splitlines()
        broken = lines[:1500] + ["oops"] + lines[1500:]
        path = self.file("items.jsonl", "\n".join(broken) + "\n")
        self.refused(6, f"{path}:1501: ", "import", path, "--table", "users", "--resume", self.resume, "--threads", "1")
        self.file("items.jsonl", "\n".join(broken).replace("oops", " " * 4) + "\n")
        self.goes_on(path)

    def fill(self):
        for number in range(120):
            self.client.call("PutItem", {"TableName": "users", "Item": {"id": {"S": str(number)}, "x": {"S": "x" * 40000}}})

    def export_killed(self, name, *options):
        self.fill()
        path = self.folder / name
        self.end_when_saved(self.start("export", "users", "--to-file", path, "--rate", "1", "--segments", "2", *options), signal.SIGKILL)
        with open(path, "ab") as file:
            file.write(b"half a record, as a kill may leave it")
        self.run_cli("export", "users", "--to-file", path, "--resume", self.resume, "--segments", "2", *options)
        self.assertFalse(self.resume.exists())
        self.table("back")
        self.run_cli("import", path, "--table", "back")
        self.assertEqual(self.items("back"), self.items("users"))
        return path.read_bytes().decode()

    def test_export_killed(self):
        self.assertEqual(len(self.export_killed("items.jsonl").splitlines()), 120)

    def test_export_csv_killed(self):
        self.assertEqual(len(self.export_killed("items.csv").split("\r\n")), 122)

    def test_export_of_another(self):
        self.fill()
        path = self.folder / "items.jsonl"
        self.end_when_saved(self.start("export", "users", "--to-file", path, "--rate", "1"), signal.SIGINT)
        self.table("other")
        self.refused(1, "another export", "export", "other", "--to-file", path, "--resume", self.resume)
        self.refused(1, "another export", "export", "users", "--to-file", path, "--resume", self.resume, "--segments", "9")


class Memory(Case):
    """100,000 items go through in memory that does not depend on how many there are."""

    MORE = 48 << 10  # KiB

    def peak(self, *arguments):
        """Runs it and gives its largest resident size in KiB."""
        options = "quarantine_size_mb=1:thread_local_quarantine_size_kb=64:detect_leaks=0"
        process = subprocess.Popen([program(), *map(str, arguments)], env={**self.environment(), "ASAN_OPTIONS": options},
                                   stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        error = process.stderr.read().decode()
        process.stderr.close()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        self.assertEqual(process.returncode, 0, error)
        return usage.ru_maxrss

    def test_many(self):
        self.table()
        few, many = self.folder / "few.csv", self.folder / "many.csv"
        for path, count in ((few, 1000), (many, 100_000)):
            with open(path, "w", encoding="ascii") as file:
                file.write("id,n:N,text\n")
                for number in range(count):
                    file.write(f"{number},{number},{'x' * 600}\n")
        before = self.peak("import", few, "--table", "users")
        self.assertLess(self.peak("import", many, "--table", "users"), before + self.MORE)
        self.assertEqual(self.run_cli("scan", "users", "--count"), "100000\n")
        self.table("small")
        self.run_cli("import", few, "--table", "small")
        before = self.peak("export", "small", "--format", "csv")
        self.assertLess(self.peak("export", "users", "--format", "csv"), before + self.MORE)


if __name__ == "__main__":
    unittest.main()
