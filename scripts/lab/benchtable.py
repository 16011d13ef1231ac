"""The benchmark's rows as lines and as a table in Markdown."""
from __future__ import annotations


def line(row):
    """One row in words."""
    what, value, spread, goal, distance = cells(row)
    return f"{what}: {value} ({spread})" + (f", goal {goal}: {distance}" if goal else "")


def table(rows, machine, quick):
    """The whole, with what must be known to read it."""
    head = [f"Machine: {machine}." + (" Fewer messages (`--quick`)." if quick else ""),
            "The load generator (Python), the provider (Dovecot, Postfix) and the relay share these cores.", "",
            "| what | measured | lowest to highest | goal | distance |", "|---|---|---|---|---|"]
    return "\n".join(head + ["| " + " | ".join(cells(row)) + " |" for row in rows]) + "\n"


def cells(row):
    """What, measured, spread, goal, distance."""
    if "ratio" in row:
        value = f"{row['ratio']:.2f}" + sides(row)
        spread = f"{row['low']:.2f} to {row['high']:.2f}"
        reached = row["ratio"]
    else:
        value = f"{number(row['value'])} {row['unit']}"
        spread = f"{number(row['low'])} to {number(row['high'])}"
        reached = row["value"]
    goal = row.get("goal")
    if goal is None:
        return row["figure"], value, spread, "", ""
    higher = row.get("better") == "higher"
    return row["figure"], value, spread, f"{'≥' if higher else '≤'} {goal:g}", distance(reached, goal, higher)


def distance(reached, goal, higher):
    """How far from the goal, in words."""
    if reached >= goal if higher else reached <= goal:
        return "reached"
    return f"missed by {abs(reached - goal) / goal * 100:.0f} %"


def sides(row):
    """Both values behind a ratio."""
    if "product" not in row:
        return ""
    mine, theirs = row["product"], row["against"]
    return f" ({number(mine['value'])} to {number(theirs['value'])} {mine['unit']})"


def number(value):
    """Three figures that count."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"
