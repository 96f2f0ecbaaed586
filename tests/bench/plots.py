# SPDX-License-Identifier: Apache-2.0
"""Plots as SVG: bars of one figure for each server, and lines of one figure along an axis. All scales are logarithmic."""
import html
import math

COLOURS = ("#9ca3af", "#1d4ed8", "#60a5fa", "#0891b2", "#ea580c", "#16a34a", "#a855f7", "#eab308", "#dc2626", "#78350f")
WIDTH, BAR, LABEL, RIGHT = 960, 13, 300, 90


def colour_of(names):
    return {name: COLOURS[at % len(COLOURS)] for at, name in enumerate(names)}


def text(x, y, words, anchor="start", size=11, more=""):
    return f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" text-anchor="{anchor}"{more}>{html.escape(str(words))}</text>'


def document(width, height, parts):
    return (f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height:.0f}" font-family="sans-serif">'
            f'<rect width="100%" height="100%" fill="white"/>{"".join(parts)}</svg>\n')


def legend(colours, x, y):
    out = []
    for name, colour in colours.items():
        out.append(f'<rect x="{x}" y="{y - 9}" width="10" height="10" fill="{colour}"/>' + text(x + 14, y, name))
        x += 30 + 7 * len(name)
    return out


def scale_of(values, start, end):
    """A logarithmic scale from the power of ten below the least value to the greatest, as a function to pixels."""
    low = math.floor(math.log10(min(values)))
    high = max(math.log10(max(values)), low + 1)
    return lambda value: start + (math.log10(value) - low) / (high - low) * (end - start)


def short(value):
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def bars(title, groups):
    """groups: {label: {series: value}}."""
    groups = {label: {name: value for name, value in row.items() if value} for label, row in groups.items()}
    values = [value for row in groups.values() for value in row.values()]
    if not values:
        return None
    colours = colour_of(dict.fromkeys(name for row in groups.values() for name in row))
    scale, y = scale_of(values, LABEL, WIDTH - RIGHT), 52
    parts = [text(10, 20, title, size=15), *legend(colours, 10, 40)]
    for label, row in groups.items():
        parts.append(text(LABEL - 8, y + len(row) * BAR / 2 + 6, label, "end"))
        for name, value in row.items():
            end = max(scale(value), LABEL + 1)
            parts.append(f'<rect x="{LABEL}" y="{y:.1f}" width="{end - LABEL:.1f}" height="{BAR - 2}" fill="{colours[name]}"/>' +
                         text(end + 4, y + BAR - 4, short(value), size=9))
            y += BAR
        y += 8
    return document(WIDTH, y + 10, parts)


def lines(title, series, x_label, height=420):
    """series: {name: [(x, y)]}."""
    series = {name: sorted((x, y) for x, y in points if x > 0 and y) for name, points in series.items()}
    series = {name: points for name, points in series.items() if points}
    if not series:
        return None
    every = [point for points in series.values() for point in points]
    across = scale_of([x for x, _ in every], 70, WIDTH - 40)
    up = scale_of([y for _, y in every], height - 50, 60)
    colours = colour_of(series)
    parts = [text(10, 20, title, size=15), *legend(colours, 10, 40), text(WIDTH / 2, height - 12, x_label, "middle")]
    for x in sorted({x for x, _ in every}):
        parts.append(f'<line x1="{across(x):.1f}" x2="{across(x):.1f}" y1="60" y2="{height - 50}" stroke="#e5e7eb"/>' +
                     text(across(x), height - 34, short(x), "middle"))
    power = math.floor(math.log10(min(y for _, y in every)))
    while up(10 ** power) >= 59:
        parts.append(f'<line x1="70" x2="{WIDTH - 40}" y1="{up(10 ** power):.1f}" y2="{up(10 ** power):.1f}" stroke="#e5e7eb"/>' +
                     text(64, up(10 ** power) + 4, short(10 ** power), "end"))
        power += 1
    for name, points in series.items():
        path = " ".join(f"{across(x):.1f},{up(y):.1f}" for x, y in points)
        parts.append(f'<polyline points="{path}" fill="none" stroke="{colours[name]}" stroke-width="2"/>')
        parts += [f'<circle cx="{across(x):.1f}" cy="{up(y):.1f}" r="3" fill="{colours[name]}"/>' for x, y in points]
    return document(WIDTH, height, parts)
