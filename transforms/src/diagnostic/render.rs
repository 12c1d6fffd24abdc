//! Diagnostics as text with the line they are about.

use std::fmt;

use crate::diagnostic::Diagnostic;

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            code,
            message,
            file,
            line,
            column,
            ..
        } = self;
        let gutter = " ".repeat(line.to_string().len());
        writeln!(f, "error[{code}]: {message}")?;
        writeln!(f, "{gutter}--> {file}:{line}:{column}")?;
        writeln!(f, "{gutter} |")?;
        writeln!(f, "{line} | {}", self.source_line)?;
        let blank: String = self
            .source_line
            .chars()
            .take(column.saturating_sub(1))
            .map(|c| if c == '\t' { '\t' } else { ' ' })
            .collect();
        let carets = "^".repeat(self.length.max(1));
        write!(f, "{gutter} | {blank}{carets}")?;
        if let Some(label) = &self.label {
            write!(f, " {label}")?;
        }
        writeln!(f)?;
        writeln!(f, "{gutter} |")?;
        if let Some(help) = &self.help {
            writeln!(f, "{gutter} = help: {help}")?;
        }
        writeln!(f, "{gutter} = note: `windlass explain {code}` says more")
    }
}
