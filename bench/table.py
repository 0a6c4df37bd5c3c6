"""From measurements to the one table: medians over rounds, ratios within each round."""

from statistics import median

COLUMNS = (  # field, heading, digits
    ("queries_per_second", "queries/s", 0),
    ("mean", "mean ms", 3),
    ("p95", "p95 ms", 3),
    ("p99", "p99 ms", 3),
    ("cpu_per_query", "CPU µs/query", 2),
)
YARDSTICK = "haproxy"


def summarize(rounds):
    """`rounds`: one {contender: Measurement} for each round. → {contender: {field: (median, ratio)}};
    the ratio is the median of the ratios to the yardstick in the same round, None where there is
    none."""
    names = list(dict.fromkeys(name for one in rounds for name in one))
    return {name: {field: _cell(rounds, name, field) for field, _, _ in COLUMNS} for name in names}


def _cell(rounds, name, field):
    values = [getattr(one[name], field) for one in rounds
              if name in one and getattr(one[name], field) is not None]
    ratios = []
    for one in rounds:
        if name not in one or YARDSTICK not in one:
            continue
        mine, theirs = getattr(one[name], field), getattr(one[YARDSTICK], field)
        if mine is not None and theirs:
            ratios.append(mine / theirs)
    return (median(values) if values else None, median(ratios) if ratios else None)


def _text(cell, digits):
    value, ratio = cell
    if value is None:
        return "-"
    return f"{value:.{digits}f}" + (f" ({ratio:.2f})" if ratio is not None else "")


def render(results):
    """`results`: {(workload, connections): summary}, as lines of Markdown that align as text too."""
    heading = ["workload", "conn", "contender", *(title for _, title, _ in COLUMNS)]
    rows = [heading]
    for (workload, connections), summary in results.items():
        for name, cells in summary.items():
            rows.append([workload, str(connections), name,
                         *(_text(cells[field], digits) for field, _, digits in COLUMNS)])
    return markdown(rows)


def markdown(rows):
    """The first row is the heading."""
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    lines = ["| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths)) + " |"
             for row in rows]
    lines.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
    return "\n".join(lines)
