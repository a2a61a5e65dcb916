//! A reader over bytes that another thread makes, for decoders that can only be borrowed.

use std::io::{self, Read, Write};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

/// Starts `work` on a thread of its own and reads what it writes. It ends early, by an error, when the reader is
/// dropped.
pub(super) fn pipe(
    work: impl FnOnce(&mut dyn Write) -> io::Result<()> + Send + 'static,
) -> io::Result<Box<dyn Read + Send>> {
    let (sender, receiver) = sync_channel(4);
    std::thread::Builder::new().name("unpack".into()).spawn(move || {
        let mut writer = Sending(sender);
        let last = work(&mut writer).map(|()| Vec::new());
        let _ = writer.0.send(last);
    })?;
    Ok(Box::new(Receiving { receiver, part: Vec::new(), used: 0, done: false }))
}

struct Sending(SyncSender<io::Result<Vec<u8>>>);

impl Write for Sending {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let gone = |_| io::Error::from(io::ErrorKind::BrokenPipe);
        if !bytes.is_empty() {
            self.0.send(Ok(bytes.to_vec())).map_err(gone)?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

struct Receiving {
    receiver: Receiver<io::Result<Vec<u8>>>,
    part: Vec<u8>,
    used: usize,
    done: bool,
}

impl Read for Receiving {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.used >= self.part.len() && !self.done {
            // An empty part is the end; a thread that is gone without one has broken off.
            self.part = self.receiver.recv().unwrap_or_else(|_| {
                Err(io::Error::other("unpacking broke off: a fault of the reader, worth reporting"))
            })?;
            self.used = 0;
            self.done = self.part.is_empty();
        }
        let count = self.part.get(self.used..).unwrap_or_default().read(buffer)?;
        self.used += count;
        Ok(count)
    }
}
