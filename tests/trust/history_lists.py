# SPDX-License-Identifier: Apache-2.0
"""Are transactions on lists that are only appended to strictly serializable? After Elle (Kingsbury and Alvaro): what a list holds
tells who appended before whom, so what depends on what is known, and any circle of dependencies is an anomaly.

A transaction is Txn(name, begin, end, done, appends {key: element}, reads {key: list}); done is True, False (refused) or None
(nobody was told; it happened up to `end`, its server's end, or never, and its reads count for nothing). A read is what was there before its own appends. No
element is appended twice by right. `anomalies` gives texts, none if all is well."""
import collections

Txn = collections.namedtuple("Txn", "name begin end done appends reads")

WW, WR, RW, TIME = "ww", "wr", "rw", "time"
# Which circle has which name: the first of these whose edges suffice.
KINDS = (("G0, a circle of writes", {WW}), ("G1c, a circle of information", {WW, WR}),
         ("G2, an anti-dependency circle", {WW, WR, RW}),
         ("G1c against time", {WW, WR, TIME}), ("stale read or other order than time's", {WW, WR, RW, TIME}))


def anomalies(txns):
    found = []
    orders = orders_of(txns, found)
    writers = {(key, element): txn for txn in txns for key, element in txn.appends.items()}
    happened = {txn.name for txn in txns if txn.done or any(
        element in orders.get(key, {}) for key, element in txn.appends.items())}
    for txn in txns:
        if txn.done is False and txn.name in happened:
            found.append(f"G1a, an aborted read: {txn.name} was refused, and {txn.appends} was read")
    for (key, order) in orders.items():
        for element in order:
            if (key, element) not in writers:
                found.append(f"{key} has {element}, which nobody appended")
    found += own_reads(txns)
    if found:
        return found
    graph = edges_of([txn for txn in txns if txn.name in happened or (txn.done and txn.reads)], orders, writers)
    return circles(graph)


def orders_of(txns, found):
    """key -> element -> place, from the longest read of each list, of which all others must be beginnings."""
    longest = {}
    reads = [(key, values, txn.name) for txn in txns if txn.done for key, values in txn.reads.items()]
    for key, values, _ in reads:
        if len(values) > len(longest.get(key, ())):
            longest[key] = values
    for key, values, name in reads:
        if list(values) != list(longest.get(key, ()))[:len(values)]:
            found.append(f"{name} read {key} in another order: {diverging(values, longest[key])}")
    orders = {}
    for key, values in longest.items():
        orders[key] = {element: place for place, element in enumerate(values)}
        if len(orders[key]) != len(values):
            found.append(f"{key} has elements twice: {[e for e, n in collections.Counter(values).items() if n > 1][:5]}")
    return orders


def own_reads(txns):
    """No edge leads from a transaction to itself, so no circle shows who saw what it was only about to append."""
    return [f"internal: {txn.name} read {key} with {txn.appends[key]}, which it appended later" for txn in txns if txn.done
            for key, values in txn.reads.items() if key in txn.appends and txn.appends[key] in values]


def diverging(values, longest):
    place = next((n for n, (a, b) in enumerate(zip(values, longest)) if a != b), 0)
    return f"at {place} {values[place:place + 2]} and {longest[place:place + 2]}"


def edges_of(txns, orders, writers):
    """name -> {other name: kinds of edges}"""
    graph = collections.defaultdict(lambda: collections.defaultdict(set))
    by_place = {key: list(order) for key, order in orders.items()}
    unread = collections.defaultdict(list)  # key -> those who appended what no read has: all behind every read

    def edge(a, b, kind):
        if a != b:
            graph[a][b].add(kind)

    for key, order in by_place.items():
        for before, after in zip(order, order[1:]):
            edge(writers[key, before].name, writers[key, after].name, WW)
    for txn in txns:
        for key, element in txn.appends.items():
            if element not in orders.get(key, {}):
                unread[key].append(txn.name)
    for key, names in unread.items():
        if by_place.get(key):
            for name in names:
                edge(writers[key, by_place[key][-1]].name, name, WW)
    for txn in txns:
        for key, values in txn.reads.items() if txn.done else ():  # who was not told of its end was not told what it read
            if values:
                edge(writers[key, values[-1]].name, txn.name, WR)
            order = by_place.get(key, [])
            if len(values) < len(order):
                edge(txn.name, writers[key, order[len(values)]].name, RW)
            else:
                for name in unread[key]:
                    edge(txn.name, name, RW)
    add_time(txns, edge)
    return graph


def add_time(txns, edge):
    """Who ended before another began comes before it: by a chain of all ends, each of which leads to the next."""
    events = sorted([(txn.begin, 0, txn.name) for txn in txns] + [(txn.end, 1, txn.name) for txn in txns])
    last = None
    for number, (_, is_end, name) in enumerate(events):
        if not is_end:
            if last is not None:
                edge(last, name, TIME)
        else:
            moment = ("end", number)
            edge(name, moment, TIME)
            if last is not None:
                edge(last, moment, TIME)
            last = moment


def circles(graph):
    found = []
    for title, kinds in KINDS:
        for component in components(graph, kinds):
            found.append(f"{title}: " + " -> ".join(shortest(graph, kinds, component)))
        if found:
            return found
    return found


def neighbours(graph, node, kinds):
    return [other for other, has in graph.get(node, {}).items() if has & kinds]


def components(graph, kinds):
    """Strongly connected components of more than one node (Tarjan, without recursion)."""
    index, low, on_stack, stack, found = {}, {}, set(), [], []
    for root in list(graph):
        if root in index:
            continue
        index[root] = low[root] = len(index)
        stack.append(root)
        on_stack.add(root)
        work = [(root, iter(neighbours(graph, root, kinds)))]
        while work:
            node, others = work[-1]
            for other in others:
                if other not in index:
                    index[other] = low[other] = len(index)
                    stack.append(other)
                    on_stack.add(other)
                    work.append((other, iter(neighbours(graph, other, kinds))))
                    break
                if other in on_stack:
                    low[node] = min(low[node], index[other])
            else:
                work.pop()
                if work:
                    low[work[-1][0]] = min(low[work[-1][0]], low[node])
                if low[node] == index[node]:
                    component = set()
                    while node not in component:
                        component.add(stack.pop())
                    on_stack -= component
                    if len(component) > 1:
                        found.append(component)
    return found


def shortest(graph, kinds, component):
    """A shortest circle through some node of the component, with what leads from each to the next."""
    start = min(component, key=str)
    came, todo = {}, collections.deque([start])
    while todo:
        node = todo.popleft()
        for other in neighbours(graph, node, kinds):
            if other == start:
                path = [f"{start}"]
                while node != start:
                    path.append(f"{node}")
                    node = came[node]
                return [f"{start}", *reversed(path[1:]), f"{start}"]
            if other in component and other not in came:
                came[other] = node
                todo.append(other)
    return [str(start)]
