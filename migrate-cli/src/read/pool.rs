//! Reads all inputs: one thread reads and unzips, the others count blocks of lines.

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::sync::mpsc::{Receiver, Sender, channel, sync_channel};
use std::sync::{Mutex, PoisonError};
use std::thread;

use anyhow::{Context as _, anyhow, bail};

use super::blocks::{Piece, cut};
use super::formats::{Format, Formats};
use super::inputs::Input;
use super::lines::{self, BlockCount, LineFormat};
use super::open::{Opened, open};
use super::source::{Kind, Source};
use crate::audit::counter::{Counter, Counting};
use crate::audit::tally::Tally;

/// How inputs are read.
pub(crate) struct Reading<'r> {
    /// Formats that content is recognised by, and those asked for.
    pub(crate) formats: &'r Formats,
    /// An unreadable line is an error.
    pub(crate) strict: bool,
    /// Threads that count.
    pub(crate) threads: usize,
    /// Bytes read, as they are stored.
    pub(crate) bytes: Arc<AtomicU64>,
    /// Called now and then with the number of lines read so far.
    pub(crate) progress: &'r mut dyn FnMut(u64),
}

/// A block on its way to a thread that counts.
struct Job {
    source: usize,
    sequence: u64,
    format: Arc<dyn LineFormat>,
    piece: Piece,
}

/// A counted block.
struct Done {
    source: usize,
    sequence: u64,
    count: BlockCount,
}

/// A source whose blocks come back in any order.
struct Folding {
    source: Source,
    /// Lines of all blocks folded so far.
    physical: u64,
    next: u64,
    waiting: BTreeMap<u64, BlockCount>,
}

/// Reads everything into one tally.
pub(crate) fn read(
    inputs: &[Input],
    counting: &Counting<'_>,
    reading: Reading<'_>,
) -> anyhow::Result<Tally> {
    let threads = reading.threads.max(1);
    let (jobs, queue) = sync_channel::<Job>(threads * 2);
    let (results, done) = channel::<Done>();
    let queue = Mutex::new(queue);
    thread::scope(|scope| {
        let workers: Vec<_> = (0..threads)
            .map(|_| {
                let results = results.clone();
                let queue = &queue;
                scope.spawn(move || work(queue, &results, Counter::new(counting)))
            })
            .collect();
        drop(results);
        let mut reader = Reader {
            reading,
            counter: Counter::new(counting),
            jobs: Some(jobs),
            done,
            sources: Vec::new(),
            lines: 0,
        };
        for input in inputs {
            reader.input(input)?;
        }
        reader.end()?;
        let Reader {
            counter, sources, ..
        } = reader;
        let mut tally = counter.finish();
        for worker in workers {
            let counted = worker
                .join()
                .map_err(|_| anyhow!("a thread that counts lines panicked"))?;
            tally.merge(counted);
        }
        tally
            .sources
            .extend(sources.into_iter().map(|folding| folding.source));
        tally.sources.sort();
        Ok(tally)
    })
}

fn work(queue: &Mutex<Receiver<Job>>, results: &Sender<Done>, mut counter: Counter<'_>) -> Tally {
    loop {
        // Held while waiting: whoever has it takes the next block.
        let job = queue.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(job) = job else {
            return counter.finish();
        };
        let count = match &job.piece {
            Piece::Lines(block) => lines::read(block, &*job.format, &mut counter),
            Piece::TooLong => BlockCount::too_long(),
        };
        let done = Done {
            source: job.source,
            sequence: job.sequence,
            count,
        };
        // After an error nobody waits for results.
        if results.send(done).is_err() {
            return counter.finish();
        }
    }
}

struct Reader<'r, 'c> {
    reading: Reading<'r>,
    /// Counts what is not made of lines.
    counter: Counter<'c>,
    jobs: Option<std::sync::mpsc::SyncSender<Job>>,
    done: Receiver<Done>,
    sources: Vec<Folding>,
    lines: u64,
}

impl Reader<'_, '_> {
    fn input(&mut self, input: &Input) -> anyhow::Result<()> {
        let name = input.path.display().to_string();
        let Opened { head, mut bytes } = open(&input.path, &self.reading.bytes)?;
        let Some(format) = self.reading.formats.of(&head) else {
            if !input.is_named {
                let mut source = Source::new(name, Kind::Empty);
                source.unreadable = 1;
                source.cut_short = Some("no known format: left out".to_owned());
                self.add(source);
                return Ok(());
            }
            bail!(
                "failed to read `{name}`: its format is not recognised; name one with `--input-format`, `--log-format`, `--field` or `--regex`"
            );
        };
        let at = self.add(Source::new(name.clone(), format.kind()));
        let ended = match format {
            Format::Lines(_, format) => {
                let mut sequence = 0;
                let ended = cut(&mut bytes, |piece| {
                    let job = Job {
                        source: at,
                        sequence,
                        format: Arc::clone(&format),
                        piece,
                    };
                    sequence += 1;
                    self.send(job)
                })?;
                ended.map_err(anyhow::Error::new)
            }
            Format::Document(_, read) => {
                let source = &mut self.sources[at].source;
                let strict = self.reading.strict;
                let read = read(&mut bytes, source, &mut self.counter);
                if strict && let Some(line) = source.first_unreadable.first() {
                    bail!(
                        "`{name}` entry {}: {}; without `--strict` such entries are counted",
                        line.line,
                        line.reason
                    );
                }
                read
            }
        };
        if let Err(error) = ended {
            if !is_damage(&error) {
                return Err(error.context(format!("failed to read `{name}`")));
            }
            // Never the error itself: it might quote what it read.
            let reason = "it is truncated or damaged: only what came before was read";
            if self.reading.strict {
                bail!("failed to read `{name}`: {reason}");
            }
            self.sources[at].source.cut_short = Some(reason.to_owned());
        }
        Ok(())
    }

    fn add(&mut self, source: Source) -> usize {
        self.sources.push(Folding {
            source,
            physical: 0,
            next: 0,
            waiting: BTreeMap::new(),
        });
        self.sources.len() - 1
    }

    fn send(&mut self, job: Job) -> anyhow::Result<()> {
        while let Ok(done) = self.done.try_recv() {
            self.fold(done)?;
        }
        (self.reading.progress)(self.lines);
        self.jobs
            .as_ref()
            .and_then(|jobs| jobs.send(job).ok())
            .context("the threads that count lines have ended")
    }

    /// Takes a counted block into its source, in the order of the input.
    fn fold(&mut self, done: Done) -> anyhow::Result<()> {
        self.lines += done.count.lines;
        let folding = &mut self.sources[done.source];
        folding.waiting.insert(done.sequence, done.count);
        while let Some(count) = folding.waiting.remove(&folding.next) {
            folding.next += 1;
            if self.reading.strict
                && let Some((line, reason)) = count.first.first()
            {
                bail!(
                    "`{}` line {} could not be read: {reason}; without `--strict` such lines are counted",
                    folding.source.name,
                    folding.physical + line
                );
            }
            let source = &mut folding.source;
            source.lines += count.lines;
            source.calls += count.calls;
            let reported = count.first.len() as u64;
            for (line, reason) in &count.first {
                source.unreadable(folding.physical + line, reason);
            }
            source.unreadable += count.unreadable - reported;
            folding.physical += count.physical;
        }
        Ok(())
    }

    /// Waits for all blocks.
    fn end(&mut self) -> anyhow::Result<()> {
        self.jobs = None;
        while let Ok(done) = self.done.recv() {
            self.fold(done)?;
            (self.reading.progress)(self.lines);
        }
        Ok(())
    }
}

/// Whether the input itself is damaged, as opposed to, say, a disk that cannot be read.
pub(super) fn is_damage(error: &anyhow::Error) -> bool {
    error.chain().any(|cause| {
        if let Some(error) = cause.downcast_ref::<serde_json::Error>() {
            return error.io_error_kind().is_none_or(is_damage_kind);
        }
        cause
            .downcast_ref::<io::Error>()
            .is_some_and(|error| is_damage_kind(error.kind()))
    })
}

fn is_damage_kind(kind: io::ErrorKind) -> bool {
    matches!(
        kind,
        io::ErrorKind::UnexpectedEof
            | io::ErrorKind::InvalidInput
            | io::ErrorKind::InvalidData
            | io::ErrorKind::Other
    )
}
