-- What `rdpwhy fleet` counts (docs/fleet.md), over the rows of `rdpwhy batch --format ndjson`.

-- Each content once; what failed does not count. Names may come twice in different partitions, paths tell tickets apart.
CREATE OR REPLACE TEMP VIEW counted AS
SELECT path, first_time, tables,
       CASE WHEN incidents = 0 THEN 'none' ELSE verdict END AS outcome,
       CASE WHEN incidents = 0 THEN last_time ELSE incident_time END AS time
FROM (SELECT *, row_number() OVER (PARTITION BY coalesce(sha256, path) ORDER BY path) AS copy
      FROM tickets WHERE status <> 'failed')
WHERE copy = 1;

-- result: weeks
SELECT CAST(CAST(date_trunc('week', time) AS DATE) AS STRING) AS monday, outcome AS verdict, count(*) AS tickets
FROM counted WHERE time IS NOT NULL GROUP BY ALL ORDER BY ALL;

-- What had changed: 2 within the days before, 1 outside of them, 0 nobody knows when.
CREATE OR REPLACE TEMP VIEW changed AS
SELECT path, kind, name,
       max(CASE WHEN time IS NULL OR made IS NULL THEN 0
                WHEN quality = 'day' AND datediff(time, made) BETWEEN 0 AND :days THEN 2
                WHEN quality <> 'day' AND made <= time AND made >= time - make_dt_interval(:days) THEN 2
                ELSE 1 END) AS known
FROM (SELECT path, time, 'update' AS kind, one.kb AS name, one.time AS made, one.time_quality AS quality
      FROM counted LATERAL VIEW explode(tables.updates) AS one
      WHERE one.state IN ('installed', 'superseded', 'listed')
      UNION ALL
      SELECT path, time, 'other', coalesce(one.signature, one.kind), one.time, one.time_quality
      FROM counted LATERAL VIEW explode(tables.changes) AS one
      WHERE one.kb IS NULL AND (one.state IS NULL OR one.state = 'installed'))
GROUP BY ALL;

-- Dated, and able to tell what had changed in the days before.
CREATE OR REPLACE TEMP VIEW compared AS
SELECT path, outcome FROM counted
WHERE time IS NOT NULL
  AND (time - first_time >= make_dt_interval(:days)
       OR path IN (SELECT path FROM changed WHERE kind = 'update'));

-- Each cause against all others, and any incident against none; who abstains speaks for no cause.
CREATE OR REPLACE TEMP VIEW cases AS
SELECT cause, path, CASE WHEN cause = 'any' THEN outcome <> 'none' ELSE outcome = cause END AS has
FROM compared
CROSS JOIN (SELECT 'any' AS cause UNION
            SELECT outcome FROM compared WHERE outcome NOT IN ('none', 'insufficient-evidence'))
WHERE cause = 'any' OR outcome <> 'insufficient-evidence';

CREATE OR REPLACE TEMP VIEW margins AS
SELECT cause, count_if(has) AS incident, count_if(NOT has) AS none FROM cases GROUP BY cause;

CREATE OR REPLACE TEMP VIEW cells AS
SELECT cause, kind, name,
       count_if(known = 2 AND has) AS with_incident, count_if(known = 2 AND NOT has) AS with_none,
       count_if(known = 0 AND has) AS undated_incident, count_if(known = 0 AND NOT has) AS undated_none
FROM cases JOIN changed USING (path) WHERE known <> 1 GROUP BY ALL;

-- result: lifts
SELECT * FROM (
    SELECT cause, kind, name, with_incident, with_none,
           incident - with_incident - undated_incident AS without_incident,
           none - with_none - undated_none AS without_none,
           undated_incident + undated_none AS undated
    FROM cells JOIN margins USING (cause))
WHERE least(with_incident + with_none, without_incident + without_none,
            with_incident + without_incident, with_none + without_none) >= 5
ORDER BY ALL
