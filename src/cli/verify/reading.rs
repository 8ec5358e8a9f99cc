//! Reading the sources: the first of the threads.

use std::cell::RefCell;
use std::io::{self, Read};
use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::sync::mpsc::Sender;

use crate::cli::verify::batch::{Batch, Content, Pending, RunEnd};
use crate::cli::verify::flow::Flow;
use crate::source::export::{self, ITEM_LIMIT, Item};
use crate::source::{Input, Joiner, Location, OpenOptions, SourceError, SourceSpec, export_files, open};

/// What is read, and as what.
#[derive(Debug)]
pub(super) struct Sources {
    pub(super) named: Named,
    /// Adds the signatures that are kept apart from the images.
    pub(super) joiner: Joiner,
    /// Counts the bytes that were read, of files as they lie there.
    pub(super) taken: Arc<AtomicU64>,
}

/// What the arguments name.
#[derive(Debug)]
pub(super) enum Named {
    /// Images, and what is known of them.
    Images(Vec<SourceSpec>, OpenOptions),
    /// Files, each of which is one raw signature.
    Signatures(Vec<String>),
}

impl Sources {
    /// Reads everything and hands it on, until nobody wants it any more.
    pub(super) fn read(mut self, flow: &Flow, to: Sender<Batch>) {
        let batches = RefCell::new(Batches { flow, to, batch: Batch::first(), items: 0 });
        let mut end = RunEnd::default();
        let named = std::mem::replace(&mut self.named, Named::Signatures(Vec::new()));
        let read = match named {
            Named::Signatures(names) => names.iter().try_for_each(|name| self.signature(name, &batches)),
            Named::Images(specs, options) => {
                specs.iter().try_for_each(|spec| self.images(spec, &options, &batches, &mut end))
            }
        };
        if read.is_break() {
            return;
        }
        let mut batches = batches.into_inner();
        batches.batch.run_end = Some(end);
        // If nobody is left to hear it, nobody waits for it.
        let _ = batches.send();
    }

    /// Reads what a SOURCE means.
    fn images(
        &mut self,
        spec: &SourceSpec,
        options: &OpenOptions,
        batches: &RefCell<Batches<'_>>,
        end: &mut RunEnd,
    ) -> ControlFlow<()> {
        match spec {
            SourceSpec::Export { path } => export_files(path).into_iter().try_for_each(|file| match file {
                Ok(file) => self.export(&file, batches, end),
                Err(error) => batches.borrow_mut().lost_source(error.location, error.problem.to_string()),
            }),
            SourceSpec::Layout { .. } => open(spec, options).into_iter().try_for_each(|mut source| {
                let mut flow = ControlFlow::Continue(());
                let summary = source.read(&mut |item| {
                    flow = self.joiner.join(item, &mut |item| batches.borrow_mut().item(item));
                    flow
                });
                flow?;
                batches.borrow_mut().end_source(summary)
            }),
        }
    }

    /// Reads an export. A source that cannot be read is an error beside those that can.
    fn export(&mut self, name: &str, batches: &RefCell<Batches<'_>>, end: &mut RunEnd) -> ControlFlow<()> {
        let input = match Input::open_counted(name, self.taken.clone()) {
            Ok(input) => input,
            Err(error) => return batches.borrow_mut().lost_source(error.location, error.problem.to_string()),
        };
        let name = input.name().to_owned();
        if looks_like_signature(input.head()) {
            end.raw_signature.get_or_insert_with(|| name.clone());
            let found = if input.head().starts_with(b"\0") { "a stored signature" } else { "an OpenPGP file" };
            let message = format!("expected an export, found {found}");
            return batches.borrow_mut().lost_source(Location::of_source(&name), message);
        }
        let mut flow = ControlFlow::Continue(());
        let text = Waiting { text: input.into_text(), batches };
        let joiner = &mut self.joiner;
        let summary = export::read(&name, text, &mut |item| {
            flow = joiner.join(item, &mut |item| batches.borrow_mut().item(item));
            flow
        });
        flow?;
        batches.borrow_mut().end_source(summary)
    }

    /// Reads one raw signature.
    fn signature(&self, name: &str, batches: &RefCell<Batches<'_>>) -> ControlFlow<()> {
        let read = Input::open_counted(name, self.taken.clone())
            .and_then(|input| Ok((Location::of_source(input.name()), input.into_bytes(ITEM_LIMIT)?)));
        let (location, content) = match read {
            Ok((location, bytes)) => (location, Content::Signature(bytes)),
            Err(SourceError { location, problem }) => {
                (location, Content::Unreadable { message: problem.to_string(), verbatim: None })
            }
        };
        batches.borrow_mut().push(location, content)
    }
}

/// The batches on their way to the workers.
struct Batches<'f> {
    flow: &'f Flow,
    to: Sender<Batch>,
    batch: Batch,
    /// The number of the next item.
    items: u64,
}

impl Batches<'_> {
    fn item(&mut self, item: Item<'_>) -> ControlFlow<()> {
        let number = self.number();
        self.batch.push_item(number, item);
        self.send_if_full()
    }

    fn push(&mut self, location: Location, content: Content) -> ControlFlow<()> {
        let number = self.number();
        self.batch.push(Pending { number, location, content });
        self.send_if_full()
    }

    /// Hands on a source of which nothing can be read.
    fn lost_source(&mut self, location: Location, message: String) -> ControlFlow<()> {
        let lost = Some(format!("{location}: {message}"));
        self.push(location, Content::Unreadable { message, verbatim: None })?;
        self.end_source(export::Summary { lost, ..Default::default() })
    }

    fn end_source(&mut self, summary: export::Summary) -> ControlFlow<()> {
        self.batch.source_end = Some(summary);
        self.send()
    }

    /// The number of the next item; each takes one, whatever comes of it.
    fn number(&mut self) -> u64 {
        let number = self.items;
        self.items = number.saturating_add(1);
        number
    }

    fn send_if_full(&mut self) -> ControlFlow<()> {
        if self.batch.is_full() { self.send() } else { ControlFlow::Continue(()) }
    }

    /// Hands on what there is, as soon as there is room.
    fn send(&mut self) -> ControlFlow<()> {
        if self.batch.is_empty() {
            return ControlFlow::Continue(());
        }
        let next = self.batch.next();
        let batch = std::mem::replace(&mut self.batch, next);
        self.flow.enter(batch.size())?;
        match self.to.send(batch) {
            Ok(()) => ControlFlow::Continue(()),
            Err(_) => ControlFlow::Break(()),
        }
    }
}

/// Text that may have to be waited for. What is there is judged meanwhile, as with `oc get images --watch`.
struct Waiting<'b, 'f, R> {
    text: R,
    batches: &'b RefCell<Batches<'f>>,
}

impl<R: Read> Read for Waiting<'_, '_, R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if self.batches.borrow_mut().send().is_break() {
            return Err(io::ErrorKind::ConnectionAborted.into());
        }
        self.text.read(into)
    }
}

/// Whether a source is a signature rather than an export: an OpenPGP message, binary or armored text, or the content of
/// a `signature-N` file in another format.
pub(in crate::cli) fn looks_like_signature(bytes: &[u8]) -> bool {
    // The byte order marks of text are no packets.
    let is_text = |first: &u8| first & 0x80 == 0 || [0xef, 0xfe, 0xff].contains(first);
    bytes.first().is_some_and(|first| !is_text(first))
        || [&b"-----BEGIN PGP "[..], b"\0sigstore-json\n", b"\0simple-signing\n"]
            .iter()
            .any(|start| bytes.starts_with(start))
}
