//! What was found so far: files and members of archives, until they are a [`Bundle`].

use std::collections::{BTreeMap, HashSet};
use std::io::{self, Read};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use super::area::{Area, Spool};
use super::deadline::{Timed, TimedReader};
use super::{ARCHIVES, Bundle, Options, dir, limits};
use crate::error::{Error, Result};
use crate::event::SourceId;
use crate::notice::Notice;
use crate::source::{Content, Source};

/// What was found so far, before it is sorted.
pub(super) struct Found<'o> {
    options: &'o Options,
    files: Vec<Source>,
    notices: Vec<Notice>,
    /// Bytes of all members, unpacked.
    total: u64,
    /// First bytes of all files, as far as they are kept.
    heads: u64,
    /// Files of which fewer first bytes are kept.
    short: usize,
    /// Members seen, read or not.
    members: usize,
    /// Labels of members, which archives may repeat.
    labels: HashSet<String>,
    spool: Spool,
}

impl<'o> Found<'o> {
    pub(super) fn new(options: &'o Options) -> Self {
        Self {
            options,
            files: Vec::new(),
            notices: Vec::new(),
            total: 0,
            heads: 0,
            short: 0,
            members: 0,
            labels: HashSet::new(),
            spool: Spool::default(),
        }
    }

    pub(super) fn add_path(&mut self, path: &Path, several: bool) -> Result<()> {
        let metadata = std::fs::metadata(path)
            .map_err(|source| Error::Open { path: path.to_owned(), source })?;
        // With several parts, each keeps its own name in front: client.zip and server.zip hold the same names.
        let name = path
            .file_name()
            .map_or_else(|| path.display().to_string(), |name| name.to_string_lossy().into_owned());
        if metadata.is_dir() {
            let prefix = if several { format!("{name}/") } else { String::new() };
            dir::walk(path, &prefix, 0, self);
            Ok(())
        } else {
            std::fs::File::open(path)
                .map_err(|source| Error::Open { path: path.to_owned(), source })?;
            self.add(&name, metadata.len(), Box::new(path.to_owned()), 0);
            Ok(())
        }
    }

    /// Takes a file, or the members of it when it is an archive.
    pub(super) fn add(&mut self, label: &str, bytes: u64, content: Box<dyn Content>, depth: usize) {
        if self.files.len() >= limits::SOURCES {
            self.leave_out(
                label,
                "the bundle has more files than are read",
                limits::SOURCES as u64,
            );
            return;
        }
        self.total = self.total.saturating_add(bytes);
        if depth > 0 && self.total > limits::BUNDLE_BYTES {
            self.leave_out(label, "the bundle unpacks to more than is read", limits::BUNDLE_BYTES);
            return;
        }
        let content: Box<dyn Content> = match self.options.deadline.clone() {
            Some(deadline) => Box::new(Timed { content, deadline }),
            None => content,
        };
        match Source::new(SourceId(0), label, bytes, content) {
            Ok(source) => self.take(source, depth),
            Err(error) => self.problem(label, format!("cannot be opened: {error}")),
        }
    }

    /// Takes a file that is no archive.
    fn keep(&mut self, mut source: Source) {
        source.shorten_head((self.options.head)(&source));
        let head = source.head().len();
        if head > limits::SHORT_HEAD_BYTES
            && self.heads.saturating_add(head as u64) > limits::HEADS_BYTES
        {
            source.shorten_head(limits::SHORT_HEAD_BYTES);
            self.short += 1;
        }
        self.heads = self.heads.saturating_add(source.head().len() as u64);
        self.files.push(source);
    }

    fn take(&mut self, source: Source, depth: usize) {
        match ARCHIVES.iter().find(|archive| archive.sniff(source.head())) {
            Some(_) if depth >= limits::ARCHIVE_DEPTH => {
                self.leave_out(
                    &source.path,
                    "archives are nested deeper than is read",
                    limits::ARCHIVE_DEPTH as u64,
                );
            }
            Some(archive) => {
                let label = source.path.to_string();
                // A decoder that breaks on what strangers made costs its own archive, not the ticket.
                let opened =
                    catch_unwind(AssertUnwindSafe(|| archive.open(source, depth + 1, self)));
                if opened.is_err() {
                    let what = "unpacking broke off: a fault of the reader, worth reporting";
                    self.problem(&label, what.into());
                }
            }
            None => self.keep(source),
        }
    }

    /// Whether anybody will read what begins like this.
    pub(super) fn wants(&self, head: &[u8]) -> bool {
        ARCHIVES.iter().any(|archive| archive.sniff(head))
            || (self.options.wanted)(&Source::from_bytes(SourceId(0), "", head))
    }

    /// Whether the bundle has as many members as are read; says so once.
    pub(super) fn is_full(&mut self, archive: &str) -> bool {
        let full = self.members >= limits::SOURCES;
        if full {
            let what = "the rest of it is left out: the bundle has more members than are read";
            self.problem(archive, format!("{what} (limit {})", limits::SOURCES));
        }
        full
    }

    /// The label of a member, if it gets one. Names are labels only: nothing is ever written to them.
    pub(super) fn member(&mut self, archive: &str, name: &str) -> Option<String> {
        self.members += 1;
        if name.len() > limits::NAME_BYTES {
            let start: String = name.chars().take(200).collect();
            let label = format!("{archive}!{start}");
            self.leave_out(&label, "its name is too long", limits::NAME_BYTES as u64);
            return None;
        }
        // Some Windows tools write `\` between folders.
        let mut name = name.replace('\\', "/");
        let drive =
            matches!(name.as_bytes(), [letter, b':', b'/', ..] if letter.is_ascii_alphabetic());
        let outside = name.starts_with('/') || name.split('/').any(|part| part == "..");
        if outside {
            let inside = |part: &&str| !matches!(*part, "" | "." | "..");
            name = name.split('/').filter(inside).collect::<Vec<_>>().join("/");
        }
        if name.is_empty() {
            name.push_str("no name");
        }
        let plain = format!("{archive}!{name}");
        let mut label = plain.clone();
        let mut number = 1;
        while !self.labels.insert(label.clone()) {
            number += 1;
            label = format!("{plain} ({number})");
        }
        if outside || drive {
            let what = "its name points out of the archive; it is read, and nothing is written";
            self.note(&label, what.into());
        }
        if number > 1 {
            self.note(&label, "another member has the same name".into());
        }
        Some(label)
    }

    /// Whether a member of this size may be unpacked; else it is left out.
    pub(super) fn admits(&mut self, label: &str, bytes: u64, packed: u64) -> bool {
        let too_much = limits::too_much(bytes, packed);
        if let Some(what) = &too_much {
            self.problem(label, format!("left out: {what}"));
        }
        too_much.is_none()
    }

    /// Where `content` can be read from anywhere; unpacks and keeps it when it has to.
    pub(super) fn area(&mut self, label: &str, content: &dyn Content) -> Option<Area> {
        if let Some(area) = content.area() {
            return Some(area);
        }
        let (area, cut) = match content.open() {
            Ok(mut reader) => {
                let mut reader = self.timed(&mut reader);
                self.spool.keep(&mut reader, limits::MEMBER_BYTES)
            }
            Err(error) => {
                self.problem(label, format!("cannot be unpacked: {error}"));
                return None;
            }
        };
        if let Some(why) = cut {
            self.problem(label, format!("unpacked in part: {why}"));
        }
        Some(area)
    }

    /// A reader that stops at the deadline: unpacking is reading, too.
    fn timed<R: Read>(&self, inner: R) -> TimedReader<R> {
        TimedReader { inner, deadline: self.options.deadline.clone() }
    }

    /// Takes a member of an archive that is read once, front to back: kept when somebody will read it.
    pub(super) fn add_kept(
        &mut self,
        label: &str,
        bytes: u64,
        reader: &mut dyn Read,
        depth: usize,
    ) {
        let mut reader = self.timed(reader);
        let mut head = Vec::new();
        let failed = reader.by_ref().take(limits::HEAD_BYTES).read_to_end(&mut head).err();
        let unpacked = head.len() as u64;
        if failed.is_none() && unpacked < bytes && unpacked > 0 && !self.wants(&head) {
            return self.add(label, bytes, Box::new(Head(head.into())), depth);
        }
        let (area, cut) = match failed {
            Some(error) => (Area::of_bytes(head.into()), Some(error.to_string())),
            None => self.spool.keep(&mut io::Cursor::new(head).chain(reader), bytes),
        };
        let short = || format!("{} of {bytes} bytes are there", area.len());
        if let Some(why) = cut.or_else(|| (area.len() < bytes).then(short)) {
            self.problem(label, format!("unpacked in part: {why}"));
        }
        if area.len() > 0 || bytes == 0 {
            self.add(label, area.len(), Box::new(area), depth);
        }
    }

    /// The passwords to try on an encrypted archive, with what to say when one fits.
    pub(super) fn passwords(&self) -> Vec<(String, String)> {
        let given = |(index, password): (usize, &String)| {
            (
                password.clone(),
                format!("it is encrypted; password {} of those given fits", index + 1),
            )
        };
        let usual =
            ("infected".to_owned(), "it is encrypted; the usual `infected` fits".to_owned());
        self.options.passwords.iter().enumerate().map(given).chain([usual]).collect()
    }

    /// What to say of an encrypted archive or member that no password opens.
    pub(super) fn locked(&self) -> String {
        match self.options.passwords.len() {
            0 => "it is encrypted; give its password with --password",
            _ => "it is encrypted and no password given fits; give its password with --password",
        }
        .into()
    }

    /// Something worth knowing that cost nothing.
    pub(super) fn note(&mut self, label: &str, what: String) {
        self.notices.push(Notice { source: None, at: label.to_owned(), what, lost: None });
    }

    pub(super) fn leave_out(&mut self, label: &str, what: &str, limit: u64) {
        self.problem(label, format!("left out: {what} (limit {limit})"));
    }

    pub(super) fn problem(&mut self, label: &str, what: String) {
        self.notices.push(Notice {
            source: None,
            at: label.to_owned(),
            what,
            lost: Some("this file".into()),
        });
    }

    pub(super) fn into_bundle(mut self) -> Bundle {
        if self.short > 0 {
            let (files, bytes) = (self.short, limits::SHORT_HEAD_BYTES);
            let what = format!(
                "the format of {files} files was told by their first {bytes} bytes: the bundle has many"
            );
            self.note("", what);
        }
        self.files.sort_by(|a, b| a.path.cmp(&b.path));
        for (index, source) in self.files.iter_mut().enumerate() {
            source.id = SourceId(u32::try_from(index).unwrap_or(u32::MAX));
        }
        self.notices = few_of_each(self.notices);
        Bundle {
            sources: self.files,
            notices: self.notices,
            deadline: self.options.deadline.clone(),
        }
    }
}

/// Sorts notices; of many alike in one archive a few are kept, and the others are counted.
fn few_of_each(mut notices: Vec<Notice>) -> Vec<Notice> {
    notices.sort_by(|a, b| (&a.at, &a.what).cmp(&(&b.at, &b.what)));
    let mut seen: BTreeMap<(String, String), usize> = BTreeMap::new();
    let mut lost = BTreeMap::new();
    notices.retain(|notice| {
        let archive = notice.at.rsplit_once('!').map_or("", |(archive, _)| archive);
        let key = (archive.to_owned(), notice.what.clone());
        let count = seen.entry(key.clone()).or_default();
        *count += 1;
        lost.insert(key, notice.lost.is_some());
        *count <= limits::NOTICES_EACH
    });
    for ((at, what), count) in seen {
        if count > limits::NOTICES_EACH {
            let more = count - limits::NOTICES_EACH;
            let lost = lost.get(&(at.clone(), what.clone())).is_some_and(|lost| *lost);
            notices.push(Notice {
                source: None,
                at,
                what: format!("{more} more: {what}"),
                lost: lost.then(|| format!("{more} files")),
            });
        }
    }
    notices.sort_by(|a, b| (&a.at, &a.what).cmp(&(&b.at, &b.what)));
    notices
}

/// The beginning of a member that nobody reads.
struct Head(std::sync::Arc<[u8]>);

impl Content for Head {
    fn open(&self) -> io::Result<Box<dyn Read + Send>> {
        let rest = "no parser knows this content, so the rest of it was not unpacked";
        Ok(Box::new(io::Cursor::new(std::sync::Arc::clone(&self.0)).chain(Broken(rest))))
    }
}

/// Fails at every reading.
struct Broken(&'static str);

impl Read for Broken {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        Err(io::Error::other(self.0))
    }
}
