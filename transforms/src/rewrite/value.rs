//! Values that must be looked at: words, `null`, arrays put around or taken off, the selected
//! value, and values that are held for a step or to be written several times.

use crate::plan::body::{StepTurn, Wrap};

use super::drawing::missing;
use super::error::{Fault, RewriteError};
use super::level::{Ending, Kind};
use super::machine::{Machine, Source};
use super::program::{NOTHING, ValueId, ValueRule};
use super::sink::Sink;
use super::walk::{View, Walk, not_an_object};

impl Walk {
    /// Writes what came up to `end`, then `text`, and goes on behind `resume`.
    #[inline(always)]
    pub(super) fn write(
        &mut self,
        view: &View<'_>,
        end: usize,
        text: &[u8],
        resume: usize,
        out: &mut Sink<'_>,
    ) {
        if !self.silent {
            out.copy(view.bytes, self.copied, end);
            if !text.is_empty() {
                out.write(text);
            }
        }
        self.copied = resume;
    }

    #[inline(always)]
    pub(super) fn touch(&mut self, what: u32) {
        if let Some(touched) = self.touched.get_mut(what as usize) {
            *touched = true;
        }
    }

    /// Ends the value being read, in front of a comma, a closing bracket or the end.
    pub(super) fn end_value(
        &mut self,
        view: &View<'_>,
        at: usize,
        out: &mut Sink<'_>,
    ) -> Result<(), Fault> {
        if let Ending::Watch(_) = self.level.ending {
            self.watch(view, at, true, out)?;
        }
        match std::mem::replace(&mut self.level.ending, Ending::None) {
            Ending::None | Ending::Watch(_) => {}
            Ending::Bracket => self.write(view, at, b"]", at, out),
            Ending::Drop => {
                self.silent = false;
                self.copied = at;
            }
            Ending::Hold(value) => self.end_hold(view, value, at, out)?,
            Ending::Split(member) => self.end_split(view, member, at, out)?,
        }
        Ok(())
    }

    /// Looks at a watched value of which the bytes before `end` are there; all of them if it
    /// is `complete`. Does what its rule says if these tell, and answers whether they did.
    pub(super) fn watch(
        &mut self,
        view: &View<'_>,
        end: usize,
        complete: bool,
        out: &mut Sink<'_>,
    ) -> Result<bool, Fault> {
        let rule = view.program().rule(self.level.value);
        let text = &view.bytes[self.value_at..end];
        let text = text.trim_ascii_start();
        let start = end - text.len();
        let Some(first) = text.first() else {
            if complete && self.level.kind == Kind::Single {
                let null = rule.null.as_deref().unwrap_or("null");
                self.write(view, end, null.as_bytes(), end, out);
                self.level.ending = Ending::None;
            }
            return Ok(complete);
        };

        if let Some(index) = rule.path {
            if *first != b'n' || index == 0 {
                return Err(not_an_object(view, index, start).into());
            }
            self.level.ending = Ending::None;
            return Ok(true);
        }
        if *first == b'n' && (rule.null.is_some() || rule.wrap == Wrap::Wrap || rule.is_selected) {
            // It can only be `null`, but all of it must be there to be replaced.
            if text.len() >= 4 || complete {
                self.replace_null(view, rule, start, out)?;
                return Ok(true);
            }
            return Ok(false);
        }
        let may_be_word = *first == b'"' && !rule.words.is_empty() && rule.step.is_none();
        let length = may_be_word.then(|| string_length(text)).flatten();
        if may_be_word && length.is_none() && text.len() <= rule.longest_word {
            // Looked at again when more of it is there: nothing may have left until then.
            return Ok(false);
        }
        if rule.is_selected {
            self.start_selected(view, start, out);
        }
        if rule.step.is_some() {
            self.hold(start, self.level.value);
            return Ok(true);
        }
        if let Some(length) = length
            && let Some(to) = word(rule, &text[..length])
        {
            self.bracket(view, rule, start, out);
            self.touch(self.level.replaced);
            self.write(view, start, to.as_bytes(), start + length, out);
            return Ok(true);
        }
        self.bracket(view, rule, start, out);
        Ok(true)
    }

    /// Puts a bracket in front of a value that is to be wrapped; ends its being watched.
    fn bracket(&mut self, view: &View<'_>, rule: &ValueRule, start: usize, out: &mut Sink<'_>) {
        self.level.ending = Ending::None;
        if rule.wrap == Wrap::Wrap {
            self.touch(self.level.replaced);
            self.write(view, start, b"[", start, out);
            self.level.ending = Ending::Bracket;
        }
    }

    fn replace_null(
        &mut self,
        view: &View<'_>,
        rule: &ValueRule,
        start: usize,
        out: &mut Sink<'_>,
    ) -> Result<(), Fault> {
        let text = match &rule.null {
            Some(text) => text,
            None if rule.wrap == Wrap::Wrap && !rule.is_selected => "[]",
            None => {
                return Err(missing(&view.program().select)
                    .moved(view.offset(start))
                    .into());
            }
        };
        if rule.is_selected {
            self.start_selected(view, start, out);
        }
        self.touch(self.level.replaced);
        self.write(view, start, text.as_bytes(), start + 4, out);
        self.level.ending = Ending::None;
        Ok(())
    }

    /// The selected value starts: from here on bytes leave.
    pub(super) fn start_selected(&mut self, view: &View<'_>, start: usize, out: &mut Sink<'_>) {
        self.silent = false;
        self.copied = start;
        self.found = true;
        self.level.selecting = true;
        out.write(view.program().before.as_bytes());
    }

    /// The selected value ends, if this was it.
    pub(super) fn end_selected(&mut self, view: &View<'_>, at: usize, out: &mut Sink<'_>) {
        if std::mem::replace(&mut self.level.selecting, false) {
            self.write(view, at, b"", at, out);
            self.silent = true;
        }
    }

    /// Starts to hold the value that starts at `start`.
    pub(super) fn hold(&mut self, start: usize, value: ValueId) {
        self.value_at = start;
        self.hold_at = start;
        self.level.ending = Ending::Hold(value);
        self.level.sees_commas = true;
    }

    /// Holds the whole document.
    pub(super) fn hold_document(&mut self) {
        self.hold_at = self.copied;
        self.silent = true;
    }

    /// Rewrites a held value.
    fn end_hold(
        &mut self,
        view: &View<'_>,
        value: ValueId,
        at: usize,
        out: &mut Sink<'_>,
    ) -> Result<(), Fault> {
        self.hold_at = usize::MAX;
        let text = Self::held(view, self.value_at, at)?;
        let start = self.value_at;
        self.touch(self.level.replaced);
        self.write(view, start, b"", start + text.len(), out);
        self.rewrite(view, value, text, start, out)
    }

    /// Writes a held member several times.
    fn end_split(
        &mut self,
        view: &View<'_>,
        member: usize,
        at: usize,
        out: &mut Sink<'_>,
    ) -> Result<(), Fault> {
        let Kind::Object(rule) = self.level.kind else {
            return Ok(());
        };
        let rule = &view.program().objects[rule as usize].members[member];
        let start = std::mem::replace(&mut self.hold_at, usize::MAX);
        let split = self.split;
        let text = Self::held(view, split.value, at)?;
        let value_at = at - view.bytes[split.value..at].trim_ascii_start().len();
        let name_at = match view.bytes[start] {
            b',' => start + 1,
            _ => start,
        };
        for (index, (name, value)) in rule.split.iter().enumerate() {
            if self.level.kept {
                out.write(b",");
            }
            // White space stays around the first.
            let (before, between): (&[u8], &[u8]) = match index {
                0 => (
                    &view.bytes[name_at..split.open],
                    &view.bytes[split.close + 1..value_at],
                ),
                _ => (b"", b":"),
            };
            out.write(before);
            out.write(name.as_bytes());
            out.write(between);
            self.rewrite(view, *value, text, value_at, out)?;
            self.level.kept = true;
        }
        self.copied = value_at + text.len();
        Ok(())
    }

    /// The text of a held value, if it is within the limit.
    fn held<'v>(view: &View<'v>, start: usize, end: usize) -> Result<&'v [u8], Fault> {
        let limit = view.source.limits.max_held_bytes;
        if end - start > limit {
            return Err(RewriteError::HeldTooMuch { limit }.into());
        }
        Ok(view.bytes[start..end].trim_ascii())
    }

    /// Applies a rule to the text of one whole value, which starts at `at`.
    fn rewrite(
        &mut self,
        view: &View<'_>,
        value: ValueId,
        text: &[u8],
        at: usize,
        out: &mut Sink<'_>,
    ) -> Result<(), Fault> {
        let whole = Whole {
            depth: self.brackets.depth(),
            offset: view.offset(at),
        };
        out.append(|out| whole.rewrite(view.source, &mut self.touched, value, text, out))
    }
}

/// A value that is there as a whole.
#[derive(Debug, Clone, Copy)]
pub(super) struct Whole {
    /// How many containers are open around it.
    pub(super) depth: usize,
    /// Where in the body it starts.
    pub(super) offset: u64,
}

impl Whole {
    /// Applies a rule to its text.
    pub(super) fn rewrite(
        self,
        source: Source<'_>,
        touched: &mut Vec<bool>,
        value: ValueId,
        text: &[u8],
        out: &mut Vec<u8>,
    ) -> Result<(), Fault> {
        let Some((step, rest)) = &source.program.rule(value).step else {
            return self.rewrite_text(source, touched, value, text, out);
        };
        let run = |text: &[u8]| {
            let value =
                serde_json::from_slice(text).map_err(|error| self.unread(source, &error))?;
            let value = (step.run)(value, source.context).map_err(|error| RewriteError::Step {
                step: step.name.clone(),
                error,
            })?;
            Ok::<_, Fault>(value.to_string())
        };
        match step.turn {
            StepTurn::First => {
                let text = run(text)?;
                self.rewrite_text(source, touched, *rest, text.as_bytes(), out)
            }
            StepTurn::Last => {
                let mut rewritten = Vec::with_capacity(text.len());
                self.rewrite_text(source, touched, *rest, text, &mut rewritten)?;
                out.extend_from_slice(run(&rewritten)?.as_bytes());
                Ok(())
            }
        }
    }

    fn rewrite_text(
        self,
        source: Source<'_>,
        touched: &mut Vec<bool>,
        value: ValueId,
        text: &[u8],
        out: &mut Vec<u8>,
    ) -> Result<(), Fault> {
        if value == NOTHING {
            out.extend_from_slice(text);
            return Ok(());
        }
        let mut source = source;
        source.limits.max_depth = source.limits.max_depth.saturating_sub(self.depth);
        let mut machine = Machine::new(source, value, std::mem::take(touched));
        let done = machine
            .push(source, text, out)
            .and_then(|()| machine.finish(source, out));
        *touched = machine.into_touched();
        done.map_err(|error| error.moved(self.offset).into())
    }

    /// The error for text that has the grammar of JSON, but cannot be read as a value.
    #[cold]
    fn unread(self, source: Source<'_>, error: &serde_json::Error) -> RewriteError {
        if error.to_string().starts_with("recursion limit") {
            return RewriteError::TooDeep {
                limit: source.limits.max_depth,
                offset: self.offset,
            };
        }
        RewriteError::not_json("a string that is not Unicode", self.offset)
    }
}

/// The length of the string at the start of `text`, with its quotes.
fn string_length(text: &[u8]) -> Option<usize> {
    let mut at = 1;
    loop {
        at += memchr::memchr2(b'"', b'\\', text.get(at..)?)?;
        if text[at] == b'"' {
            return Some(at + 1);
        }
        at += 2;
    }
}

/// What is written for a word, given with its quotes.
fn word<'r>(rule: &'r ValueRule, quoted: &[u8]) -> Option<&'r str> {
    let unescaped;
    let text = if quoted.contains(&b'\\') {
        unescaped = serde_json::from_slice::<String>(quoted).ok()?;
        unescaped.as_bytes()
    } else {
        &quoted[1..quoted.len() - 1]
    };
    let found = rule
        .words
        .binary_search_by(|(from, _)| from.as_bytes().cmp(text))
        .ok()?;
    Some(&rule.words[found].1)
}
