# SPDX-License-Identifier: Apache-2.0
"""What was measured, as report.json, report.md and plots beside them. Ratios are of the same round, then medians."""
import json
import os
import pathlib
import re
import statistics

import plots

FIGURES = ("per_second", "p50_ms", "p99_ms", "p999_ms", "cpu_us", "rss_mib", "foreign")
NEIGHBOURS = "neighbours"
PLOTTED = {"per_second": "requests/s", "cpu_us": "server CPU, us a request", "p99_ms": "p99, ms", "rss_mib": "resident memory, MiB"}


def machine():
    model = re.search(r"model name\s*:\s*(.*)", pathlib.Path("/proc/cpuinfo").read_text(encoding="utf-8"))
    return f"{os.cpu_count()} x {model.group(1) if model else os.uname().machine}, Linux {os.uname().release}"


def median(values):
    values = [value for value in values if value is not None]
    return statistics.median(values) if values else None


def shown(value, digits=1, suffix=""):
    return "-" if value is None else f"{value:,.{digits}f}{suffix}"


class Report:
    def __init__(self, about):
        self.about = {"machine": machine(), **about}
        self.samples, self.tables, self.skipped = [], {}, []

    # --- In ---

    def add(self, part, workload, server, number, row):
        self.samples.append({"part": part, "group": workload.group, "workload": workload.name, "x": workload.x,
                             "connections": workload.connections, "server": server, "round": number, **row})

    def add_table(self, title, columns, rows):
        self.tables[title] = {"columns": columns, "rows": rows}

    def skip(self, server, what, why):
        entry = {"server": server, "what": what, "why": str(why)}
        if entry not in self.skipped:
            self.skipped.append(entry)

    # --- Medians and ratios ---

    def rounds_of(self, workload, server):
        return {row["round"]: row for row in self.samples if (row["workload"], row["server"]) == (workload, server)}

    def ratio(self, workload, server, other, figure):
        """Median over the rounds that both have of server's figure divided by the other's."""
        ours, theirs = self.rounds_of(workload, server), self.rounds_of(workload, other)
        return median([ours[at][figure] / theirs[at][figure] for at in ours if at in theirs
                       if ours[at].get(figure) and theirs[at].get(figure)])

    def summary(self):
        """[one row for each workload and server], in the order they were measured."""
        out = []
        for workload, server in dict.fromkeys((row["workload"], row["server"]) for row in self.samples):
            rows = list(self.rounds_of(workload, server).values())
            out.append({**{key: rows[0][key] for key in ("part", "group", "workload", "x", "connections", "server")}, "rounds": len(rows),
                        **{figure: median([row.get(figure) for row in rows]) for figure in FIGURES},
                        "errors": sum(row["errors"] for row in rows),
                        **{f"{name}_to_{other}": self.ratio(workload, server, other, figure) for other in ("bare", "stator")
                           for name, figure in (("cpu", "cpu_us"), ("rate", "per_second"), ("p99", "p99_ms"))}})
        return out

    # --- Out ---

    def write(self, out):
        rows = self.summary()
        files = self.plot(out, rows)
        (out / "report.json").write_text(json.dumps({**self.about, "summary": rows, "tables": self.tables, "skipped": self.skipped,
                                                     "samples": self.samples}, indent=1), encoding="utf-8")
        text = "\n".join([*self.head(), *self.ratios(rows), *self.beside(rows), *self.figures(rows), *self.others(), *self.missing(),
                          *([""] + [f"![{name}]({name})" for name in files] if files else [])]) + "\n"
        (out / "report.md").write_text(text, encoding="utf-8")
        return text

    def head(self):
        about = self.about
        return ["# Stator's bench", "",
                f"{about['machine']}; {about['loops']} loops; {about['rounds']} interleaved rounds of {about['seconds']} s, medians; "
                "wrk on the same machine. CPU is the server's own, user and system; trust ratios first, CPU second, rates last."]

    def ratios(self, rows):
        """Each other server beside stator (full durability, on disk): its CPU a request and its rate, divided by Stator's."""
        rows = [row for row in rows if row["group"] != NEIGHBOURS]
        others = [name for name in dict.fromkeys(row["server"] for row in rows) if name not in ("stator", "bare")]
        table = ["", "## Ratios of the same round", "",
                 "Stator is `full` durability on disk. A server's `CPU x` and `rate x` are its figure divided by Stator's.", "",
                 "| workload | Stator CPU us | CPU to bare | rate to bare |" + "".join(f" {name} CPU x | rate x |" for name in others),
                 "|---|---|---|---|" + "---|---|" * len(others)]
        by = {(row["workload"], row["server"]): row for row in rows}
        for workload in dict.fromkeys(row["workload"] for row in rows):
            ours = by.get((workload, "stator"))
            if ours is None:
                continue
            cells = [shown(ours["cpu_us"]), shown(ours["cpu_to_bare"], 2), shown(ours["rate_to_bare"], 2)]
            for name in others:
                row = by.get((workload, name), {})
                cells += [shown(row.get("cpu_to_stator"), 2), shown(row.get("rate_to_stator"), 3)]
            table.append(f"| {workload} | " + " | ".join(cells) + " |")
        return table if rows else []

    def beside(self, rows):
        """What a neighbour does to a server's p99: the same server's, alone, in the same round is 1."""
        table = ["", "## Neighbours", "", "| workload | server | p50 ms | p99 ms | p99 to alone |", "|---|---|---|---|---|"]
        found = [row for row in rows if row["group"] == NEIGHBOURS]
        for row in found:
            alone = re.sub(" beside[^,]*", " alone", row["workload"])
            ours, theirs = self.rounds_of(row["workload"], row["server"]), self.rounds_of(alone, row["server"])
            ratio = median([ours[at]["p99_ms"] / theirs[at]["p99_ms"] for at in ours if at in theirs])
            table.append(f"| {row['workload']} | {row['server']} | {shown(row['p50_ms'], 2)} | {shown(row['p99_ms'], 2)} | {shown(ratio, 2)} |")
        return table if found else []

    @staticmethod
    def figures(rows):
        table = ["", "## Figures", "", "| workload | server | connections | requests/s | p50 ms | p99 ms | p99.9 ms | CPU us/request | RSS MiB | foreign CPU | errors |",
                 "|---|---|---|---|---|---|---|---|---|---|---|"]
        table += [f"| {row['workload']} | {row['server']} | {row['connections']} | {shown(row['per_second'], 0)} | {shown(row['p50_ms'], 2)} | "
                  f"{shown(row['p99_ms'], 2)} | {shown(row['p999_ms'], 2)} | {shown(row['cpu_us'])} | {shown(row['rss_mib'])} | "
                  f"{shown(row['foreign'], 2)} | {row['errors']} |" for row in rows]
        return table if rows else []

    def others(self):
        out = []
        for title, table in self.tables.items():
            out += ["", f"## {title}", "", "| " + " | ".join(table["columns"]) + " |", "|---" * len(table["columns"]) + "|"]
            for row in table["rows"]:
                out.append("| " + " | ".join(shown(cell) if isinstance(cell, float) or cell is None else str(cell) for cell in row) + " |")
        return out

    def missing(self):
        if not self.skipped:
            return []
        return ["", "## Skipped", ""] + [f"- {entry['server']}: {entry['what']}: {entry['why']}".replace("\n", " ") for entry in self.skipped]

    def plot(self, out, rows):
        files = []

        def keep(name, svg):
            if svg is not None:
                (out / name).write_text(svg, encoding="utf-8")
                files.append(name)
        for group in dict.fromkeys(row["group"] for row in rows):
            of_group = [row for row in rows if row["group"] == group]
            for figure, unit in PLOTTED.items():
                if all(row["x"] is not None for row in of_group):
                    series = {}
                    for row in of_group:
                        series.setdefault(f"{row['server']} {row['workload'].split(',')[0]}", []).append((row["x"], row[figure]))
                    keep(f"{group}-{figure}.svg", plots.lines(f"{group}: {unit}", series, group))
                elif figure in ("per_second", "p99_ms" if group == NEIGHBOURS else "cpu_us"):
                    labels = {}
                    for row in of_group:
                        labels.setdefault(row["workload"], {})[row["server"]] = row[figure]
                    keep(f"{group}-{figure}.svg", plots.bars(f"{group}: {unit}", labels))
        return files
