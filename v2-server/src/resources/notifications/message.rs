//! What is told, in the forms endpoints take.

use serde::Deserialize;
use serde_json::json;
use serde_json::value::RawValue;

/// Longest heading, in characters: issue trackers take about 250.
const LONGEST_SUBJECT: usize = 200;

/// Longest text, in characters: the smallest limit of the services there are is 28 KB.
const LONGEST_TEXT: usize = 6000;

/// What is told.
#[derive(Debug, Clone)]
pub(crate) struct Message {
    /// A heading of one line.
    pub(crate) subject: String,
    /// Lines for people.
    pub(crate) text: String,
    /// The whole of it as JSON, for programs.
    pub(crate) record: String,
}

/// As much of a stored event as the text names.
#[derive(Deserialize)]
struct Recorded {
    event: Event,
}

#[derive(Deserialize)]
struct Event {
    resource: Resource,
    #[serde(rename = "type")]
    kind: String,
    level: String,
    message: String,
    details: Box<RawValue>,
    timestamp: String,
}

#[derive(Deserialize)]
struct Resource {
    account_name: String,
    id: Option<String>,
    #[serde(rename = "type")]
    kind: String,
}

impl Message {
    /// A message whose heading and text are cut to what every service takes.
    pub(crate) fn new(subject: &str, text: &str, record: String) -> Self {
        let one_line: String = subject
            .chars()
            .map(|c| if c.is_control() { ' ' } else { c })
            .collect();
        Self {
            subject: cut(&one_line, LONGEST_SUBJECT),
            text: cut(text, LONGEST_TEXT),
            record,
        }
    }

    /// Tells of an event, given as clients get it from `/events`.
    ///
    /// # Errors
    /// The text is no event.
    pub(crate) fn of_event(record: String) -> serde_json::Result<Self> {
        let Recorded { event } = serde_json::from_str(&record)?;
        let about = event.resource.id.as_deref().unwrap_or(&event.resource.kind);
        let subject = format!("[{}] {}: {about}", event.level, event.kind);
        let mut lines = vec![
            event.message,
            String::new(),
            format!("Type: {}", event.kind),
            format!("Level: {}", event.level),
            format!("Account: {}", event.resource.account_name),
        ];
        lines.push(match event.resource.id {
            Some(id) => format!("Resource: {} {id}", event.resource.kind),
            None => format!("Resource: {}", event.resource.kind),
        });
        lines.push(format!("Time: {}", event.timestamp));
        if event.details.get() != "{}" {
            lines.push(format!("Details: {}", event.details));
        }
        Ok(Self::new(&subject, &lines.join("\n"), record))
    }

    /// Tells nothing but that it arrived.
    pub(crate) fn test(account: &str) -> Self {
        let text = format!("A test of a notification endpoint of the account {account}.");
        let record = json!({ "type": "test", "account_name": account, "message": text });
        Self::new("Test notification", &text, record.to_string())
    }
}

/// The first characters of a text.
fn cut(text: &str, longest: usize) -> String {
    match text.char_indices().nth(longest) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headings_are_one_line_and_texts_are_not_endless() {
        let message = Message::new("a\r\nBcc: b", &"ä".repeat(LONGEST_TEXT + 1), String::new());
        assert_eq!(message.subject, "a  Bcc: b");
        assert_eq!(message.text.chars().count(), LONGEST_TEXT + 1);
        assert!(message.text.ends_with('…'));
    }

    #[test]
    fn the_text_of_an_event_names_what_it_is_about() {
        let record = json!({
            "event_id": "e", "created_at": "2026-11-23T09:00:00Z",
            "event": {
                "source": {}, "resource": { "account_name": "acme", "id": "a:1", "type": "image_tag" },
                "type": "user.image.analysis.failed", "category": "user", "level": "error",
                "message": "Analysis failed", "details": { "msg": "no" }, "timestamp": "2026-11-23T09:00:00Z",
            },
        });
        let message = Message::of_event(record.to_string()).unwrap();
        assert_eq!(message.subject, "[error] user.image.analysis.failed: a:1");
        assert_eq!(
            message.text,
            "Analysis failed\n\nType: user.image.analysis.failed\nLevel: error\nAccount: acme\n\
             Resource: image_tag a:1\nTime: 2026-11-23T09:00:00Z\nDetails: {\"msg\":\"no\"}"
        );
        assert_eq!(message.record, record.to_string());
        assert!(Message::of_event("{}".to_owned()).is_err());
    }
}
