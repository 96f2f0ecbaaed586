# SPDX-License-Identifier: Apache-2.0
"""The model test's operations on many items: batches and transactions, over several tables."""
import capacity
import dynamo
import expressions
import model

ACTIONS_MOST = 6


class Groups:
    """Part of model_test.Run: `make`, `random`, `tables`, `call` and `same` are there."""

    def some_keys(self, most=ACTIONS_MOST):
        """(table, key) of different items."""
        found = {}
        for _ in range(self.random.randint(1, most)):
            table = self.random.choice(self.tables)
            key = self.make.key(table)
            found[table.name, table.at(key)] = table, key
        return list(found.values())

    def new_item(self, table, key):
        """An item with that key, and whether one of its attributes cannot be an index's key."""
        item = {**self.make.item(table), **key}
        indexed = sorted(({name for index in table.indexes for name in index.keys} & set(item)) - set(key))
        spoiled = bool(indexed) and self.make.chance(0.03)
        if spoiled:
            item[self.random.choice(indexed)] = self.make.value("BOOL")
        return item, spoiled

    # --- batches

    def batch_get(self, _):
        requests, consistent, shown, asked = {}, {}, {}, self.asked_capacity()
        for table, key in self.some_keys():
            requests.setdefault(table, []).append(key)
        for table, keys in requests.items():
            writer, paths = expressions.Writer(self.random), None
            consistent[table] = self.make.chance(0.5)
            request = {"Keys": [model.item_to_wire(key) for key in keys], "ConsistentRead": consistent[table]}
            if self.make.chance(0.3):
                paths = self.add_projection(request, writer, sorted({"s0", "n0", "m0", "l0", "ss0", *table.base.keys}))
            shown[table] = writer.add_to(request), paths
        answer = self.call("BatchGetItem", {"RequestItems": {table.name: shown[table][0] for table in requests},
                                            "ReturnConsumedCapacity": asked})
        assert answer["UnprocessedKeys"] == {}, answer
        assert set(answer["Responses"]) == {table.name for table in requests}, answer
        costs = []
        for table, keys in requests.items():
            paths, found = shown[table][1], [table.get(key) for key in keys]
            expected = [item if paths is None else model.project(item, paths) for item in found if item is not None]
            actual = map(model.item_from_wire, answer["Responses"][table.name])
            assert sorted(map(model.frozen_item, actual)) == sorted(map(model.frozen_item, expected)), (answer, expected)
            costs.append((table, sum(capacity.read_units([item] if item else [], consistent[table]) for item in found), {}))
        capacity.check_tables(answer.get("ConsumedCapacity"), asked, costs)

    def batch_write(self, _):
        """Its writes have nothing to do with each other, but one that cannot be written refuses them all."""
        requests, items, asked, refused = {}, [], self.asked_capacity(), False
        for table, key in self.some_keys():
            item = None
            if self.make.chance(0.7):
                item, spoiled = self.new_item(table, key)
                refused |= spoiled
                request = {"PutRequest": {"Item": model.item_to_wire(item)}}
            else:
                request = {"DeleteRequest": {"Key": model.item_to_wire(key)}}
            requests.setdefault(table, []).append(request)
            items.append((table, key, item))
        try:
            answer = self.call("BatchWriteItem", {"RequestItems": {table.name: requests[table] for table in requests},
                                                  "ReturnConsumedCapacity": asked})
        except dynamo.DynamoError as error:
            assert refused and error.type == "ValidationException", error
            return
        assert not refused, answer
        assert answer["UnprocessedItems"] == {}, answer
        costs = {table: (table, 0, {}) for table in requests}
        for table, key, item in items:
            old = table.put(item, None) if item is not None else table.delete(key, None)
            costs[table] = capacity.added(costs[table], capacity.write_units(table, old, item))
        capacity.check_tables(answer.get("ConsumedCapacity"), asked, costs.values())

    # --- transactions

    def transact_get(self, _):
        actions, expected, costs, asked = [], [], {}, self.asked_capacity()
        for table, key in self.some_keys():
            writer, request = expressions.Writer(self.random), {"TableName": table.name, "Key": model.item_to_wire(key)}
            item = shown = table.get(key)
            if self.make.chance(0.3):
                paths = self.make.paths(["s0", "n0", "m0", "l0", *table.base.keys])
                request["ProjectionExpression"] = writer.projection(paths)
                shown = item if item is None else model.project(item, paths) or None
            actions.append({"Get": writer.add_to(request)})
            expected.append(shown)
            cost = 2 * capacity.read_units([item] if item else [], True)
            costs[table] = capacity.added(costs.get(table, (table, 0, {})), (cost, {}))
        answer = self.call("TransactGetItems", {"TransactItems": actions, "ReturnConsumedCapacity": asked})
        assert len(answer["Responses"]) == len(expected), answer
        for response, item in zip(answer["Responses"], expected):
            self.same(response.get("Item"), item)
        capacity.check_tables(answer.get("ConsumedCapacity"), asked, costs.values(), "ReadCapacityUnits")

    def transact_action(self, table, key):
        """(the action, what the model does for it, whether it is refused before anything is looked at)."""
        writer, condition, spoiled = expressions.Writer(self.random), None, False
        request = {"TableName": table.name, "Key": model.item_to_wire(key)}
        kind = self.random.choice(["Put", "Put", "Update", "Update", "Delete", "ConditionCheck"])
        if kind == "Put":
            item, spoiled = self.new_item(table, key)
            del request["Key"]
            request["Item"] = model.item_to_wire(item)
        elif kind == "Update":
            clauses = self.make.update(table)
            request["UpdateExpression"] = writer.update(clauses)
        if kind == "ConditionCheck" or self.make.chance(0.3):
            condition = self.make.condition(["s0", "n0", "b0", "ss0", *table.base.keys], table.base.types)
            if self.make.chance(0.6):  # or few transactions would be done
                condition = ("OR", condition, ("attribute_not_exists", ("path", ("nothing",))))
            request["ConditionExpression"] = writer.condition(condition)
            if self.make.chance(0.5):
                request["ReturnValuesOnConditionCheckFailure"] = "ALL_OLD"
        do = {"Put": lambda: table.put(item, condition), "Update": lambda: table.update(key, clauses, condition),
              "Delete": lambda: table.delete(key, condition), "ConditionCheck": lambda: table.check(key, condition)}[kind]
        return {kind: writer.add_to(request)}, do, spoiled

    def reason(self, action, old, do):
        """What speaks against it: (Code, Item or None); None: nothing, and the model has done it."""
        try:
            do()
        except model.Refused as error:
            [request] = action.values()
            failed = str(error) == "ConditionalCheckFailedException"
            shown = failed and "ReturnValuesOnConditionCheckFailure" in request
            return "ConditionalCheckFailed" if failed else "ValidationError", old if shown else None
        return None

    def transact_write(self, _):
        places = self.some_keys()
        planned = [self.transact_action(table, key) for table, key in places]
        before = {table: dict(table.items) for table in self.tables}
        olds = [table.get(key) for table, key in places]
        misfits = [spoiled for _, _, spoiled in planned]
        if any(misfits):  # what the schema forbids is told before any item is looked at, and the first only
            reasons = [("ValidationError", None) if at == misfits.index(True) else None for at in range(len(misfits))]
        else:
            reasons = [self.reason(action, old, do) for (action, do, _), old in zip(planned, olds)]
        request = {"TransactItems": [action for action, _, _ in planned], "ReturnConsumedCapacity": self.asked_capacity()}
        if self.make.chance(0.3):
            request["ClientRequestToken"] = f"token{self.random.getrandbits(64)}"
        try:
            answer = self.call("TransactWriteItems", request)
        except dynamo.DynamoError as error:
            assert error.type == "TransactionCanceledException", error
            self.same_reasons(error.body["CancellationReasons"], reasons)
            for table in self.tables:
                table.items = before[table]
            return
        assert not any(reasons), f"the model refuses with {reasons}, the server answers {answer}"
        self.check_cost(answer, request, places, olds)
        if "ClientRequestToken" in request and self.make.chance(0.5):
            self.repeat(request, places)

    def same_reasons(self, actual, expected):
        assert len(actual) == len(expected), (actual, expected)
        for told, reason in zip(actual, expected):
            assert told["Code"] == (reason[0] if reason else "None"), f"\n  server: {actual}\n  model:  {expected}"
            self.same(told.get("Item"), reason[1] if reason else None)

    @staticmethod
    def check_cost(answer, request, places, olds):
        costs = {}
        for (table, key), old in zip(places, olds):
            own, arms = capacity.write_units(table, old, table.get(key))
            costs[table] = capacity.added(costs.get(table, (table, 0, {})), (2 * own, arms))
        capacity.check_tables(answer.get("ConsumedCapacity"), request["ReturnConsumedCapacity"], costs.values(),
                              "WriteCapacityUnits")

    def repeat(self, request, places):
        """The same request again changes nothing and is charged as reads; another one with its token is refused."""
        answer, costs = self.call("TransactWriteItems", request), {}
        for table, key in places:
            item = table.get(key)
            cost = 2 * capacity.read_units([item] if item else [], True)
            costs[table] = capacity.added(costs.get(table, (table, 0, {})), (cost, {}))
        capacity.check_tables(answer.get("ConsumedCapacity"), request["ReturnConsumedCapacity"], costs.values(),
                              "ReadCapacityUnits")
        table, key = places[0]
        other = {"Put": {"TableName": table.name, "Item": model.item_to_wire({**key, "other": ("BOOL", True)})}}
        try:
            self.call("TransactWriteItems", {**request, "TransactItems": [other, *request["TransactItems"][1:]]})
        except dynamo.DynamoError as error:
            assert error.type == "IdempotentParameterMismatchException", error
        else:
            assert False, "a token was taken for another request"
