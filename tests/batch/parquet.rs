//! Parquet, when it is built in; a clear word when it is not.

use super::Place;

#[test]
#[cfg(not(feature = "parquet"))]
fn without_parquet_the_option_says_how_to_get_it() {
    let place = Place::new();
    place.dialog("t", "SRV01");
    let output = place.batch("out", &["--parquet"]).output().unwrap();
    let words = super::text(&output.stderr);
    assert_eq!(output.status.code(), Some(1));
    assert!(words.contains("--features parquet") && words.lines().count() == 1, "{words}");
    assert!(!place.path("out").exists(), "nothing is begun");
}

#[test]
#[cfg(feature = "parquet")]
fn the_tables_come_back_from_parquet() {
    use std::fs::File;

    use parquet::file::reader::{FileReader as _, SerializedFileReader};
    use parquet::record::Field;

    let place = Place::new();
    place.case("a", "key-access-denied-after-hardening");
    place.case("b", "nothing-is-wrong");
    place.batch("out", &["--parquet"]).assert().success();
    let store = place.store("out");
    for (table, query) in [
        ("tickets", "SELECT * FROM tickets ORDER BY ticket"),
        (
            "evidence",
            "SELECT ticket, id, n, incident, cause, signature, grade, weight_db, time, host, provider, event_id, record,
             source, summary FROM evidence JOIN (SELECT ticket, id FROM tickets) USING (ticket) ORDER BY ticket, n",
        ),
    ] {
        let file = File::open(place.path(&format!("out/{table}.parquet"))).unwrap();
        let reader = SerializedFileReader::new(file).unwrap();
        let rows = reader.get_row_iter(None).unwrap().map(|row| {
            let cell = |(_, field): (&String, &Field)| match field {
                Field::Null => "NULL".to_owned(),
                Field::Long(number) => number.to_string(),
                Field::Double(number) => number.to_string(),
                Field::Str(text) => text.clone(),
                Field::TimestampMicros(micros) => chrono::DateTime::from_timestamp_micros(*micros)
                    .unwrap()
                    .to_rfc3339_opts(chrono::SecondsFormat::Millis, true),
                other => panic!("{other:?}"),
            };
            row.unwrap().get_column_iter().map(cell).collect::<Vec<_>>().join(" | ")
        });
        let rows: Vec<_> = rows.collect();
        assert!(rows.len() >= 2);
        assert_eq!(rows, store.texts(query), "{table}");
    }
}
