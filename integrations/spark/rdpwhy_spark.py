"""Tickets by the million: rdpwhy under Apache Spark.

    manifest -> rdpwhy batch --format ndjson, a process for each partition -> Parquet -> SQL: what `rdpwhy fleet` counts

Every worker needs the program and sees the tickets under the paths of the manifest (one a line: path, or path, tab, name).
README.md says how to start it.
"""

import argparse
import json
import pathlib
import shlex
import tempfile

from pyspark.sql import DataFrame, SparkSession

# The shape of a line, `rdpwhy/ticket/1`; what a line has beyond it is left out.
TICKET = """
    id STRING, path STRING, sha256 STRING, status STRING, reason STRING, verdict STRING, probability DOUBLE,
    incident_time TIMESTAMP, trigger_id STRING, trigger_kb STRING, incidents LONG, hosts LONG, sources LONG, events LONG,
    notices LONG, bytes LONG, first_time TIMESTAMP, last_time TIMESTAMP, tool STRING, signatures STRING, ms LONG
"""
TABLES = {
    "incidents": """n LONG, time TIMESTAMP, last_time TIMESTAMP, attempts LONG, host STRING, client STRING,
        error_code STRING, extended_code STRING, stage STRING, last_good TIMESTAMP, first_good_after TIMESTAMP,
        cause STRING, probability DOUBLE, suspected BOOLEAN, trigger_id STRING, trigger_kb STRING,
        trigger_time TIMESTAMP""",
    "causes": "incident LONG, rank LONG, cause STRING, probability DOUBLE",
    "evidence": """n LONG, incident LONG, cause STRING, signature STRING, grade STRING, weight_db DOUBLE,
        time TIMESTAMP, host STRING, provider STRING, event_id LONG, record LONG, source STRING, summary STRING""",
    "changes": """n LONG, host STRING, time TIMESTAMP, time_quality STRING, kind STRING, kb STRING, state STRING,
        summary STRING, signature STRING""",
    "hosts": "n LONG, name STRING, role STRING, os STRING, build STRING, clock_offset_s DOUBLE",
    "updates": "n LONG, host STRING, kb STRING, state STRING, time TIMESTAMP, time_quality STRING",
}
NESTED = ", ".join(f"{name}: ARRAY<STRUCT<{columns}>>" for name, columns in TABLES.items())
LINE = f"{TICKET}, tables STRUCT<{NESTED}>"


# Spark gives a piped process no environment at all. Large members of archives go to TMPDIR.
ENVIRONMENT = {"PATH": "/usr/local/bin:/usr/bin:/bin", "TMPDIR": tempfile.gettempdir()}


def session(master: str | None, partitions: int) -> SparkSession:
    """A session in UTC; without a master, the one that spark-submit names."""
    builder = SparkSession.builder.appName("rdpwhy").config("spark.sql.session.timeZone", "UTC")
    builder = builder.config("spark.sql.shuffle.partitions", partitions)
    return (builder.master(master) if master else builder).getOrCreate()


def analyse(spark: SparkSession, manifest: str, program: str, partitions: int, timeout: float) -> DataFrame:
    """A row for each line of the manifest. One thread a process: Spark counts cores, and so do we."""
    command = [program, "batch", "--paths-from", "-", "--format", "ndjson", "--threads", "1", "--quiet"]
    command += ["--timeout-per-ticket", str(timeout)]
    lines = spark.sparkContext.textFile(manifest).filter(str.strip).repartition(partitions)
    # A ticket that breaks is a row; a process that breaks is not, and Spark gives its lines to another worker.
    piped = lines.pipe(shlex.join(command), env=ENVIRONMENT, checkCode=True)
    return spark.read.schema(LINE).option("mode", "FAILFAST").json(piped)


def aggregate(spark: SparkSession, tickets: DataFrame, days: int) -> dict[str, list[dict]]:
    """What `rdpwhy fleet` counts: verdicts by week, and the tables of two by two behind the lifts."""
    tickets.createOrReplaceTempView("tickets")
    text = pathlib.Path(__file__).with_name("fleet.sql").read_text(encoding="utf-8")
    results = {}
    for statement in filter(str.strip, text.split(";\n")):
        frame = spark.sql(statement, args={"days": days})
        if "CREATE OR REPLACE" not in statement:
            name = statement.split("-- result: ")[1].split()[0]
            results[name] = [row.asDict() for row in frame.collect()]
    return results


def run(spark: SparkSession, options: argparse.Namespace) -> dict[str, list[dict]]:
    """The whole job. The analysis is done once: what is counted is read from the Parquet files."""
    output = options.output.rstrip("/")
    found = analyse(spark, options.manifest, options.rdpwhy, options.partitions, options.timeout_per_ticket)
    found.write.mode("errorifexists").parquet(f"{output}/tickets")
    return aggregate(spark, spark.read.parquet(f"{output}/tickets"), options.days)


def arguments(given: list[str] | None = None) -> argparse.Namespace:
    """What can be typed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--manifest", required=True, help="the list of tickets, on any file system Spark reads")
    parser.add_argument("--output", required=True, help="a new folder for Parquet, on any file system Spark writes")
    parser.add_argument("--rdpwhy", default="rdpwhy", help="the program, as the workers find it")
    parser.add_argument("--master", help="such as local-cluster[2,1,1024]; spark-submit knows it otherwise")
    parser.add_argument("--partitions", type=int, default=8, help="processes; some per core, so that all end together")
    parser.add_argument("--timeout-per-ticket", type=float, default=300, metavar="S")
    parser.add_argument("--days", type=int, default=14, help="an incident counts as one after a change within so many")
    return parser.parse_args(given)


def main() -> None:
    options = arguments()
    spark = session(options.master, options.partitions)
    try:
        print(json.dumps(run(spark, options), default=str, indent=1))
    finally:
        spark.stop()


if __name__ == "__main__":
    main()
