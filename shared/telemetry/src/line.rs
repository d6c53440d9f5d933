//! Writes the lines of the log. Every value is cut, because many come from requests: names, addresses, scopes, the
//! reason of a denial. No value can end a line.

use std::fmt::{self, Debug, Write};

use serde::ser::{SerializeMap, Serializer};
use tracing::{
    Event, Subscriber,
    field::{Field, Visit},
};
use tracing_subscriber::{
    fmt::{
        FmtContext, FormatEvent, FormatFields,
        format::Writer,
        time::{FormatTime, SystemTime},
    },
    registry::LookupSpan,
};

/// Most bytes of a value.
const VALUE: usize = 400;
/// Most bytes of a message, which is our own text or that of the tenant's scripts.
const MESSAGE: usize = 4_000;
/// Marks the end of a value that was cut.
const CUT: char = '\u{2026}';

/// An event as a line of JSON: time, level, message and fields beside one another.
pub(super) struct Json;

impl<S, N> FormatEvent<S, N> for Json
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(
        &self,
        _: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let mut time = String::new();
        SystemTime.format_time(&mut Writer::new(&mut time))?;
        let line = json(&time, event).map_err(|_| fmt::Error)?;
        writer.write_str(&line)?;
        writer.write_char('\n')
    }
}

fn json(time: &str, event: &Event<'_>) -> Result<String, serde_json::Error> {
    let mut line = Vec::with_capacity(512);
    let mut serializer = serde_json::Serializer::new(&mut line);
    let mut map = serializer.serialize_map(None)?;
    map.serialize_entry("timestamp", time)?;
    map.serialize_entry("level", event.metadata().level().as_str())?;
    let mut fields = Fields {
        map,
        written: Ok(()),
    };
    event.record(&mut fields);
    let Fields { mut map, written } = fields;
    written?;
    map.serialize_entry("target", event.metadata().target())?;
    map.end()?;
    Ok(String::from_utf8(line).unwrap_or_default())
}

/// Writes fields as members of a JSON object.
struct Fields<M: SerializeMap> {
    map: M,
    written: Result<(), M::Error>,
}

impl<M: SerializeMap> Fields<M> {
    fn write(&mut self, field: &Field, value: &(impl serde::Serialize + ?Sized)) {
        if self.written.is_ok() {
            self.written = self.map.serialize_entry(name(field), value);
        }
    }
}

impl<M: SerializeMap> Visit for Fields<M> {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.write(field, &cut(field, format_args!("{value:?}")));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.write(field, &cut(field, format_args!("{value}")));
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.write(field, &value);
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.write(field, &value);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.write(field, &value);
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.write(field, &value);
    }
}

/// Writes a field into a line of text as `name=value`, and the message without its name.
pub(super) fn text(writer: &mut Writer<'_>, field: &Field, value: &dyn Debug) -> fmt::Result {
    if field.name() != "message" {
        write!(writer, "{}=", name(field))?;
    }
    for character in cut(field, format_args!("{value:?}")).chars() {
        if character.is_control() {
            write!(writer, "{}", character.escape_default())?;
        } else {
            writer.write_char(character)?;
        }
    }
    Ok(())
}

/// The name of a field, without the `r#` of Rust's keywords.
fn name(field: &Field) -> &'static str {
    let name = field.name();
    name.strip_prefix("r#").unwrap_or(name)
}

/// A value, cut to its limit.
fn cut(field: &Field, value: fmt::Arguments<'_>) -> String {
    let most = if field.name() == "message" {
        MESSAGE
    } else {
        VALUE
    };
    shortened(value, most)
}

fn shortened(value: fmt::Arguments<'_>, most: usize) -> String {
    let mut bounded = Bounded {
        text: String::new(),
        most,
        full: false,
    };
    // An error means that there is no more room, or that the value cannot be written. The text so far is kept.
    if bounded.write_fmt(value).is_err() && bounded.full {
        bounded.text.push(CUT);
    }
    bounded.text
}

/// A text of at most `most` bytes. The first part that does not fit ends the writing.
struct Bounded {
    text: String,
    most: usize,
    full: bool,
}

impl Write for Bounded {
    fn write_str(&mut self, more: &str) -> fmt::Result {
        let room = self.most.saturating_sub(self.text.len());
        if more.len() <= room {
            self.text.push_str(more);
            return Ok(());
        }
        let end = more.floor_char_boundary(room);
        self.text.push_str(more.get(..end).unwrap_or_default());
        self.full = true;
        Err(fmt::Error)
    }
}

#[cfg(test)]
mod tests {
    use std::{
        io,
        sync::{Arc, Mutex},
    };

    use tracing_subscriber::{
        fmt::{MakeWriter, format::debug_fn},
        layer::SubscriberExt,
        registry,
    };

    use super::*;

    #[derive(Clone, Default)]
    struct Lines(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Lines {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    impl<'a> MakeWriter<'a> for Lines {
        type Writer = Self;

        fn make_writer(&'a self) -> Self {
            self.clone()
        }
    }

    fn log(value: &str) {
        tracing::warn!(r#type = "fp", number = 7_u64, sure = true, share = 0.5, debug = ?value, %value, text = value, "said {value}");
    }

    fn as_json(value: &str) -> String {
        let lines = Lines::default();
        let layer = tracing_subscriber::fmt::layer()
            .event_format(Json)
            .with_writer(lines.clone());
        tracing::subscriber::with_default(registry().with(layer), || log(value));
        let bytes = lines.0.lock().unwrap().clone();
        String::from_utf8(bytes).unwrap()
    }

    fn as_text(value: &str) -> String {
        let lines = Lines::default();
        let layer = tracing_subscriber::fmt::layer()
            .fmt_fields(debug_fn(text))
            .with_writer(lines.clone());
        tracing::subscriber::with_default(registry().with(layer), || log(value));
        let bytes = lines.0.lock().unwrap().clone();
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn a_line_of_json_has_time_level_message_and_fields() {
        let line = as_json("a \"b\"\n");
        assert_eq!(line.matches('\n').count(), 1);
        let line: serde_json::Value = serde_json::from_str(&line).unwrap();
        assert!(line["timestamp"].as_str().unwrap().contains('T'));
        assert_eq!(line["level"], "WARN");
        assert_eq!(line["message"], "said a \"b\"\n");
        assert_eq!(line["type"], "fp");
        assert_eq!(line["number"], 7);
        assert_eq!(line["sure"], true);
        assert_eq!(line["share"], 0.5);
        assert_eq!(line["value"], "a \"b\"\n");
        assert_eq!(line["debug"], "\"a \\\"b\\\"\\n\"");
        assert!(line["target"].as_str().unwrap().contains("telemetry"));
    }

    #[test]
    fn a_value_is_cut_and_no_value_ends_a_line() {
        let huge = format!("\u{1b}[2J\n2026 forged \u{e9}{}", "\u{e9}".repeat(60_000));
        for line in [as_json(&huge), as_text(&huge)] {
            assert!(line.len() < MESSAGE + 5 * VALUE, "{}", line.len());
            assert_eq!(line.matches('\n').count(), 1, "{line}");
            assert!(line.contains(CUT), "{line}");
            assert!(!line.contains('\u{1b}'), "{line}");
        }
    }

    #[test]
    fn a_short_value_is_whole() {
        let line = as_text("here");
        assert!(line.contains("said here"), "{line}");
        assert!(line.contains("type=\"fp\""), "{line}");
        assert!(line.contains("value=here"), "{line}");
        assert!(!line.contains(CUT), "{line}");
    }

    #[test]
    fn characters_are_not_cut_in_two() {
        for most in 0..9 {
            let shown = shortened(format_args!("\u{e9}\u{20ac}\u{1f600}"), most);
            assert!(shown.trim_end_matches(CUT).len() <= most, "{shown}");
        }
        assert_eq!(shortened(format_args!("abc"), 3), "abc");
        assert_eq!(shortened(format_args!("abc"), 2), "ab\u{2026}");
    }
}
