//! Everything as JSON.

use std::io::{self, Write};

use serde::Serialize;

use super::FleetReport;
use crate::fleet::Fleet;
use crate::report::json_text;

#[derive(Debug)]
pub(super) struct Json;

#[derive(Serialize)]
struct Out<'a> {
    schema: &'static str,
    tool: Tool,
    #[serde(flatten)]
    fleet: &'a Fleet,
}

#[derive(Serialize)]
struct Tool {
    name: &'static str,
    version: &'static str,
}

impl FleetReport for Json {
    fn write(&self, fleet: &Fleet, out: &mut dyn Write) -> io::Result<()> {
        let tool = Tool { name: "rdpwhy", version: env!("CARGO_PKG_VERSION") };
        json_text::pretty(&mut *out, &Out { schema: "rdpwhy/fleet/1", tool, fleet })?;
        out.write_all(b"\n")
    }
}
