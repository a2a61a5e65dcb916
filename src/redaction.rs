//! `--redact`: the key, and the file that tells what was replaced. Belongs to the binary.

use std::path::PathBuf;

use anyhow::Context as _;
use rdpwhy::redact::{Key, Names, Redactor};
use sha2::{Digest as _, Sha256};

use crate::cli::Input;
use crate::output;

/// How names are to be replaced.
pub(crate) struct Redaction {
    key: Key,
    map: Option<PathBuf>,
}

/// Bytes of a key file that it must have at least: less can be tried out.
const LEAST: usize = 16;

impl Redaction {
    /// What was asked for, if it was.
    pub(crate) fn of(input: &Input) -> anyhow::Result<Option<Self>> {
        if !input.redact {
            return Ok(None);
        }
        let mut key = Key::default();
        match &input.redact_key {
            Some(path) => {
                let bytes = std::fs::read(path)
                    .with_context(|| format!("cannot read the key {}", path.display()))?;
                anyhow::ensure!(
                    bytes.len() >= LEAST,
                    "the key {} has fewer than {LEAST} bytes; make one with more",
                    path.display()
                );
                key = Sha256::digest(&bytes).into();
            }
            None => getrandom::fill(&mut key).map_err(|error| {
                anyhow::anyhow!("no key can be made: {error}; give one with --redact-key")
            })?,
        }
        Ok(Some(Self { key, map: input.redact_map.clone() }))
    }

    /// A redactor for the names of a bundle.
    pub(crate) fn redactor(&self, names: Names) -> Redactor {
        Redactor::new(names, self.key)
    }

    /// Writes what was replaced, if that was asked for.
    pub(crate) fn write_map(&self, redactor: &Redactor) -> anyhow::Result<()> {
        let Some(path) = &self.map else { return Ok(()) };
        output::write_private(path, |out| {
            let mut writer = csv::Writer::from_writer(out);
            writer.write_record(["original", "pseudonym"])?;
            for (original, pseudonym) in redactor.map() {
                writer.write_record([original, pseudonym])?;
            }
            Ok(writer.flush()?)
        })
    }
}
