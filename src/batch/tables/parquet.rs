//! Parquet for lakes: the tables `tickets` and `evidence`, with times as timestamps in UTC.

use std::io::Write;
use std::sync::Arc;

use chrono::DateTime;
use parquet::basic::{
    Compression, ConvertedType, LogicalType, Repetition, TimeUnit, Type as Physical,
};
use parquet::data_type::{ByteArray, ByteArrayType, DoubleType, Int64Type};
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};
use parquet::schema::types::Type;
use rusqlite::Row;

use super::{Store, written};
use crate::error::{Error, Result};

/// A table that is written.
#[derive(Debug, Clone, Copy)]
pub struct Table {
    /// The name of its file.
    pub file: &'static str,
    query: &'static str,
    columns: &'static [(&'static str, Kind)],
}

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Text,
    Whole,
    Real,
    /// Microseconds since 1970, UTC.
    Time,
}

use Kind::{Real, Text, Time, Whole};

impl Table {
    /// Every table that is written.
    pub const ALL: [Self; 2] = [
        Self {
            file: "tickets.parquet",
            query: "FROM tickets ORDER BY ticket",
            columns: &[
                ("ticket", Whole),
                ("id", Text),
                ("path", Text),
                ("sha256", Text),
                ("status", Text),
                ("reason", Text),
                ("verdict", Text),
                ("probability", Real),
                ("incident_time", Time),
                ("trigger_id", Text),
                ("trigger_kb", Text),
                ("incidents", Whole),
                ("hosts", Whole),
                ("sources", Whole),
                ("events", Whole),
                ("notices", Whole),
                ("bytes", Whole),
                ("first_time", Time),
                ("last_time", Time),
                ("duplicate_of", Text),
            ],
        },
        Self {
            file: "evidence.parquet",
            query: "FROM evidence JOIN (SELECT ticket, id FROM tickets) USING (ticket) ORDER BY ticket, n",
            columns: &[
                ("ticket", Whole),
                ("id", Text),
                ("n", Whole),
                ("incident", Whole),
                ("cause", Text),
                ("signature", Text),
                ("grade", Text),
                ("weight_db", Real),
                ("time", Time),
                ("host", Text),
                ("provider", Text),
                ("event_id", Whole),
                ("record", Whole),
                ("source", Text),
                ("summary", Text),
            ],
        },
    ];
}

/// Rows of one row group: what is in memory of a table.
const GROUP: usize = 20_000;

/// Writes a table of a store as Parquet.
///
/// # Errors
/// When the store cannot be read or `out` not be written to.
pub fn write(store: &Store, table: &Table, out: &mut (dyn Write + Send)) -> Result<()> {
    let fail = |error: ParquetError| written(table.file, std::io::Error::other(error));
    let fields = table.columns.iter().map(|(name, kind)| field(name, *kind).map(Arc::new));
    let fields = fields.collect::<std::result::Result<Vec<_>, _>>().map_err(fail)?;
    let schema = Type::group_type_builder("rdpwhy").with_fields(fields).build().map_err(fail)?;
    let properties = WriterProperties::builder().set_compression(Compression::SNAPPY).build();
    let mut file =
        SerializedFileWriter::new(out, Arc::new(schema), Arc::new(properties)).map_err(fail)?;
    let names: Vec<_> = table.columns.iter().map(|(name, _)| *name).collect();
    let mut group = Group::new(table);
    store.each(&format!("SELECT {} {}", names.join(", "), table.query), |row| {
        group.take(row)?;
        if group.rows >= GROUP { group.write(&mut file).map_err(fail) } else { Ok(()) }
    })?;
    if group.rows > 0 {
        group.write(&mut file).map_err(fail)?;
    }
    file.close().map(drop).map_err(fail)
}

fn field(name: &str, kind: Kind) -> std::result::Result<Type, ParquetError> {
    let physical = match kind {
        Text => Physical::BYTE_ARRAY,
        Whole | Time => Physical::INT64,
        Real => Physical::DOUBLE,
    };
    let field = Type::primitive_type_builder(name, physical).with_repetition(Repetition::OPTIONAL);
    match kind {
        Text => field
            .with_logical_type(Some(LogicalType::String))
            .with_converted_type(ConvertedType::UTF8),
        Time => field.with_logical_type(Some(LogicalType::timestamp(true, TimeUnit::MICROS))),
        Whole | Real => field,
    }
    .build()
}

/// The rows of a row group, column by column.
struct Group {
    kinds: Vec<Kind>,
    columns: Vec<Column>,
    rows: usize,
}

/// What is known of a column: its values, and for each row whether it has one.
#[derive(Default)]
struct Column {
    texts: Vec<ByteArray>,
    wholes: Vec<i64>,
    reals: Vec<f64>,
    levels: Vec<i16>,
}

impl Group {
    fn new(table: &Table) -> Self {
        let kinds: Vec<_> = table.columns.iter().map(|(_, kind)| *kind).collect();
        let columns = kinds.iter().map(|_| Column::default()).collect();
        Self { kinds, columns, rows: 0 }
    }

    fn take(&mut self, row: &Row<'_>) -> Result<()> {
        for (index, (kind, column)) in self.kinds.iter().zip(&mut self.columns).enumerate() {
            column
                .take(*kind, index, row)
                .map_err(|why| Error::Store { path: super::super::FILE.into(), why })?;
        }
        self.rows += 1;
        Ok(())
    }

    fn write<W: Write + Send>(
        &mut self,
        file: &mut SerializedFileWriter<W>,
    ) -> std::result::Result<(), ParquetError> {
        let mut group = file.next_row_group()?;
        for (kind, column) in self.kinds.iter().zip(&self.columns) {
            column.write(*kind, &mut group)?;
        }
        group.close()?;
        self.columns.iter_mut().for_each(|column| *column = Column::default());
        self.rows = 0;
        Ok(())
    }
}

impl Column {
    fn take(&mut self, kind: Kind, index: usize, row: &Row<'_>) -> rusqlite::Result<()> {
        let before = self.texts.len() + self.wholes.len() + self.reals.len();
        match kind {
            Text => self
                .texts
                .extend(row.get::<_, Option<String>>(index)?.map(|text| text.as_str().into())),
            Whole => self.wholes.extend(row.get::<_, Option<i64>>(index)?),
            Real => self.reals.extend(row.get::<_, Option<f64>>(index)?),
            Time => {
                let text: Option<String> = row.get(index)?;
                let time = text.and_then(|text| DateTime::parse_from_rfc3339(&text).ok());
                self.wholes.extend(time.map(|time| time.timestamp_micros()));
            }
        }
        let is_there = self.texts.len() + self.wholes.len() + self.reals.len() > before;
        self.levels.push(i16::from(is_there));
        Ok(())
    }

    fn write<W: Write + Send>(
        &self,
        kind: Kind,
        group: &mut SerializedRowGroupWriter<'_, W>,
    ) -> std::result::Result<(), ParquetError> {
        let Some(mut column) = group.next_column()? else { return Ok(()) };
        let levels = Some(self.levels.as_slice());
        match kind {
            Text => column.typed::<ByteArrayType>().write_batch(&self.texts, levels, None)?,
            Whole | Time => column.typed::<Int64Type>().write_batch(&self.wholes, levels, None)?,
            Real => column.typed::<DoubleType>().write_batch(&self.reals, levels, None)?,
        };
        column.close()
    }
}

#[test]
fn the_columns_are_those_of_the_table() {
    let [tickets, _] = Table::ALL;
    assert_eq!(tickets.columns.iter().map(|(name, _)| *name).collect::<Vec<_>>(), super::TICKETS);
}
