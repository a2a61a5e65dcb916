"""Runs the job and holds it against what `rdpwhy batch` and `rdpwhy fleet` say: every row of every table, every count.

    check.py RDPWHY MANIFEST STORE FLEET.json WORK-FOLDER MASTER

Says what differs, a line each, and nothing when all is the same. tests/spark.rs runs it.
"""

import datetime
import json
import os
import sqlite3
import sys
import time

from rdpwhy_spark import TABLES, TICKET, arguments, run, session

# Rows come with times of this process's zone.
os.environ["TZ"] = "UTC"
time.tzset()

# The store has no such columns, or differs in them from run to run.
NOT_COMPARED = {"tool", "signatures", "ms"}


def plain(value):
    """As the store has it."""
    if isinstance(value, datetime.datetime):
        return value.isoformat(timespec="milliseconds") + "Z"
    return int(value) if isinstance(value, bool) else value


def names(columns: str) -> list[str]:
    found = [column.split()[0] for column in columns.split(",")]
    return [name for name in found if name not in NOT_COMPARED]


def differences(what: str, ours: list[tuple], theirs: list[tuple]) -> list[str]:
    ours, theirs = sorted(ours, key=repr), sorted(theirs, key=repr)
    return [] if ours == theirs else [
        f"{what}: {len(ours)} rows of Spark, {len(theirs)} of batch; "
        f"only Spark: {[row for row in ours if row not in theirs][:3]}; "
        f"only batch: {[row for row in theirs if row not in ours][:3]}"
    ]


def main() -> None:
    rdpwhy, manifest, store, fleet, work, master = sys.argv[1:]
    options = ["--rdpwhy", rdpwhy, "--manifest", manifest, "--output", f"{work}/out", "--partitions", "5"]
    options = arguments([*options, "--master", master])
    spark = session(master, options.partitions)
    counts = run(spark, options)
    tickets = spark.read.parquet(f"{work}/out/tickets").collect()
    print(f"{len(tickets)} tickets under {spark.sparkContext.master}", file=sys.stderr)

    base = sqlite3.connect(f"file:{store}?mode=ro", uri=True)
    columns = names(TICKET)
    theirs = base.execute(f"SELECT {', '.join(columns)} FROM tickets").fetchall()
    found = differences("tickets", [tuple(plain(row[name]) for name in columns) for row in tickets], theirs)
    # A ticket with the content of another has rows in Spark and none in the store.
    first = {row[0] for row in base.execute("SELECT id FROM tickets WHERE duplicate_of IS NULL")}
    for table, shape in TABLES.items():
        columns = names(shape)
        query = f"SELECT id, {', '.join('x.' + name for name in columns)} FROM {table} x JOIN tickets USING (ticket)"
        ours = [
            (row.id, *(plain(one[name]) for name in columns))
            for row in tickets if row.id in first for one in row.tables[table]
        ]
        found += differences(table, ours, base.execute(query).fetchall())

    with open(fleet, encoding="utf-8") as file:
        told = json.load(file)
    weeks = [(week["monday"], one["verdict"], one["tickets"]) for week in told["weeks"] for one in week["verdicts"]]
    found += differences("weeks", [tuple(row.values()) for row in counts["weeks"]], weeks)
    lifts = [
        (one["cause"] or "any", one["change"]["kind"], one["change"]["name"], *one["table"]["with"].values(),
         *one["table"]["without"].values(), one["undated"])
        for one in told["lifts"]["found"]
    ]
    if not lifts:
        found.append("there is no lift to compare")
    found += differences("lifts", [tuple(row.values()) for row in counts["lifts"]], lifts)
    spark.stop()
    print("\n".join(found))


if __name__ == "__main__":
    main()
