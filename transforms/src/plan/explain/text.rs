//! An explanation as text for a terminal.

use std::fmt;

use crate::plan::explain::{
    Body, Explanation, Lookup, Pages, Parameter, Part, Response, Shape, Step, Way,
};

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}: {}", self.operation, self.summary)?;
        writeln!(f)?;
        match &self.service {
            Some(service) => writeln!(f, "V1  {} (service `{service}`)", self.v1)?,
            None => writeln!(f, "V1  {}", self.v1)?,
        }
        match (&self.v2, &self.answer, &self.reason) {
            (Some(v2), _, _) => writeln!(f, "V2  {v2}")?,
            (None, Some(answer), _) => writeln!(f, "V2  none: the answer is always {answer}")?,
            (None, None, Some(reason)) => writeln!(f, "V2  none: {reason}")?,
            (None, None, None) if self.composition.is_some() => {
                writeln!(
                    f,
                    "V2  several calls, from which the answer is put together"
                )?;
            }
            (None, None, None) => writeln!(f, "V2  not mapped yet")?,
        }
        if let Some(instead) = &self.instead {
            writeln!(f, "    instead: {instead}")?;
        }
        if let Some(why) = &self.assumed {
            writeln!(f, "    assumed: {why}")?;
        }
        section(f, "Path", &self.path, parameter)?;
        section(f, "Query", &self.query, parameter)?;
        section(
            f,
            "Query by default",
            &self.query_defaults,
            |f, (name, value)| write!(f, "{name}={value}"),
        )?;
        section(
            f,
            "Body members that stand for a query",
            &self.body_query,
            parameter,
        )?;
        section(
            f,
            "Allowed values, else 400",
            &self.allowed,
            |f, (name, values)| write!(f, "{name}: {}", values.join(", ")),
        )?;
        section(f, "Calls, each as often as it is needed", &self.calls, part)?;
        section(f, "Put together by", self.composition.as_slice(), step)?;
        section(f, "Calls made first", &self.lookups, lookup)?;
        section(f, "Pages", self.pages.as_slice(), pages)?;
        section(
            f,
            "When a later call fails",
            self.interrupted.as_slice(),
            |f, text| f.write_str(text),
        )?;
        section(f, "Request body", self.request.as_slice(), body)?;
        section(
            f,
            "Request body that V2 gets",
            self.request_body.as_slice(),
            |f, text| f.write_str(text),
        )?;
        section(f, "Answers", &self.responses, response)?;
        for shape in &self.shapes {
            write!(f, "\n{shape}")?;
        }
        section(f, "Steps", &self.steps, step)?;
        section(f, "Lost", &self.losses, |f, loss| f.write_str(loss))
    }
}

/// A title and a line per entry; nothing where there are none.
fn section<T>(
    f: &mut fmt::Formatter<'_>,
    title: &str,
    entries: &[T],
    write_entry: impl Fn(&mut fmt::Formatter<'_>, &T) -> fmt::Result,
) -> fmt::Result {
    if entries.is_empty() {
        return Ok(());
    }
    writeln!(f, "\n{title}")?;
    for entry in entries {
        f.write_str("  ")?;
        write_entry(f, entry)?;
        writeln!(f)?;
    }
    Ok(())
}

fn parameter(f: &mut fmt::Formatter<'_>, parameter: &Parameter) -> fmt::Result {
    let Parameter { v1, v2, note } = parameter;
    f.write_str(v1)?;
    match v2 {
        Some(v2) if v1 == v2 => {}
        Some(v2) => write!(f, " → {v2}")?,
        None => f.write_str(" is dropped")?,
    }
    match (v2, note) {
        (_, None) => Ok(()),
        (Some(_), Some(note)) => write!(f, " ({note})"),
        (None, Some(reason)) => write!(f, ": {reason}"),
    }
}

fn lookup(f: &mut fmt::Formatter<'_>, lookup: &Lookup) -> fmt::Result {
    write!(f, "{}", lookup.v2)?;
    for (index, (name, path)) in lookup.take.iter().enumerate() {
        let word = if index == 0 { ", takes" } else { " and" };
        write!(f, "{word} {name} from {path}")?;
    }
    for (name, value) in &lookup.otherwise {
        let value = if value.is_empty() { "empty" } else { value };
        write!(f, ", else {name} is {value}")?;
    }
    for (name, value) in &lookup.unless {
        write!(f, ", not when {name}={value}")?;
    }
    if let Some(reason) = &lookup.unchanging {
        write!(f, "\n       kept for the same caller: {reason}")?;
    }
    Ok(())
}

fn part(f: &mut fmt::Formatter<'_>, part: &Part) -> fmt::Result {
    write!(f, "{}: {}", part.name, part.v2)?;
    match &part.rows {
        Some(rows) => write!(f, ", read row by row at {rows}"),
        None => Ok(()),
    }
}

fn pages(f: &mut fmt::Formatter<'_>, pages: &Pages) -> fmt::Result {
    let Pages {
        page, size, rows, ..
    } = pages;
    write!(
        f,
        "{page}=1, 2, … with {size}={rows}, until a page has fewer rows; the lists are joined in \
         order while they stream, the next page being fetched meanwhile"
    )?;
    if !pages.also.is_empty() {
        write!(
            f,
            "\n       the list may also be called {}",
            pages.also.join(", ")
        )?;
    }
    write!(
        f,
        "\n       a page that fails is an error, never a shorter list"
    )
}

fn body(f: &mut fmt::Formatter<'_>, body: &Body) -> fmt::Result {
    f.write_str(&body.layout)?;
    f.write_str(match body.way {
        Way::Passes => "  (passes)",
        Way::Fixed => "  (always)",
        Way::Streams => "  (streams)",
        Way::Holds => "  (held)",
    })?;
    for hold in &body.holds {
        write!(f, "\n       holds {hold}")?;
    }
    Ok(())
}

fn response(f: &mut fmt::Formatter<'_>, response: &Response) -> fmt::Result {
    write!(f, "{}", response.v2_status)?;
    if let Some(v1) = response.v1_status {
        write!(f, " → {v1}")?;
    }
    f.write_str("  ")?;
    match (&response.body, &response.text, &response.gzip) {
        (Some(layout), _, _) => body(f, layout)?,
        (None, Some(text), _) => write!(f, "the text {text:?}")?,
        (None, None, Some(name)) => write!(f, "leaves as the gzip file {name}  (streams)")?,
        (None, None, None) => f.write_str("passes")?,
    }
    if response.common {
        f.write_str("  (as every operation)")?;
    }
    Ok(())
}

fn step(f: &mut fmt::Formatter<'_>, step: &Step) -> fmt::Result {
    write!(f, "{}: {}", step.name, step.reason)?;
    for (v1, v2) in &step.renames {
        write!(f, "\n       {v1} → {v2}")?;
    }
    Ok(())
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}: {}", self.name, self.summary)?;
        for field in &self.fields {
            match (&field.v1, &field.v2) {
                (Some(v1), Some(v2)) if v1 == v2 => write!(f, "  {v1}")?,
                (Some(v1), Some(v2)) => write!(f, "  {v1} → {v2}")?,
                (Some(v1), None) => write!(f, "  {v1} is only in V1")?,
                (None, Some(v2)) => write!(f, "  {v2} is only in V2")?,
                (None, None) => {}
            }
            match &field.note {
                Some(note) => writeln!(f, ": {note}")?,
                None => writeln!(f)?,
            }
        }
        for (name, value) in &self.v1_defaults {
            writeln!(f, "  {name} is {value} in V1 where V2 has none")?;
        }
        for (name, value) in &self.v2_defaults {
            writeln!(f, "  {name} is {value} in V2 where V1 has none")?;
        }
        Ok(())
    }
}
