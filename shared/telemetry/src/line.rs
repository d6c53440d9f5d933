//! Writes the lines of the log. Every value is cut, because many come from requests: names, addresses, scopes, the
//! reason of a denial. No value can end a line.

use std::{
    fmt::{self, Debug, Write},
    io::{self, Write as _},
    sync::Arc,
};

use ratchet_system::Clock;
use serde::ser::{SerializeMap, Serializer};
use serde_json::Value;
use tracing::{
    Event, Level, Subscriber,
    field::{Field, Visit},
};
use tracing_subscriber::{
    Layer,
    fmt::{
        format::Writer,
        time::{FormatTime, SystemTime},
    },
    layer::Context,
};

use super::{metrics::Metrics, request, sample::Sample};

/// Most bytes of a value.
const VALUE: usize = 400;
/// Most bytes of a message, which is our own text or that of the tenant's scripts.
const MESSAGE: usize = 4_000;
/// Marks the end of a value that was cut.
const CUT: char = '\u{2026}';

/// Target of a line of metrics.
const METRICS: &str = "ratchet::metrics";

/// Most bytes of the line of a request, with its end.
const REQUEST: usize = 700;
/// Lengths to which the texts of such a line are cut, one after the other, until it is short enough.
const CUTS: [usize; 8] = [200, 120, 80, 60, 40, 20, 8, 2];

/// Writes events as lines of JSON: time, level, message and fields beside one another.
pub(super) struct Json {
    write: request::Write,
}

impl Json {
    /// Writes to standard output.
    pub(super) fn to_stdout(settings: JsonSettings) -> Self {
        Self::to(settings, |line| {
            // There is no other place for a line that cannot be written.
            let _ = io::stdout().lock().write_all(line.as_bytes());
        })
    }

    fn to(settings: JsonSettings, write: impl Fn(&str) + Send + Sync + 'static) -> Self {
        let metrics = settings.metrics_namespace.map(Metrics::new);
        let (sample, clock) = (settings.successes, Clock::system());
        let write: request::Write = Arc::new(move |record| {
            let metrics = metrics.as_ref();
            let metrics = metrics.and_then(|metrics| metrics.count(&record, clock.now()));
            if sample.includes(&record) {
                write(&record.into_line());
            }
            if let Some(fields) = metrics {
                write(&Record::of_metrics(fields).into_line());
            }
        });
        Self { write }
    }
}

/// The contents of JSON logs besides the events themselves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JsonSettings {
    /// The lines of successful requests that are logged.
    pub successes: Sample,
    /// The namespace of the metrics in CloudWatch; `None` for a log without metrics.
    pub metrics_namespace: Option<String>,
}

impl Default for JsonSettings {
    fn default() -> Self {
        Self {
            successes: Sample::ALL,
            metrics_namespace: None,
        }
    }
}

impl<S: Subscriber> Layer<S> for Json {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        request::collect(Record::of(event), &self.write);
    }
}

/// An event that was read.
#[derive(Debug)]
pub(super) struct Record {
    pub(super) target: &'static str,
    pub(super) level: Level,
    /// Names and values, which are cut.
    pub(super) fields: Vec<(&'static str, Value)>,
}

impl Record {
    fn of(event: &Event<'_>) -> Self {
        let mut record = Self {
            target: event.metadata().target(),
            level: *event.metadata().level(),
            fields: Vec::with_capacity(24),
        };
        event.record(&mut record);
        record
    }

    /// A line of metrics. Lambda drops no line of level info, because the functions are given no higher level.
    fn of_metrics(fields: Vec<(&'static str, Value)>) -> Self {
        Self {
            target: METRICS,
            level: Level::INFO,
            fields,
        }
    }

    /// A record with these fields.
    #[cfg(test)]
    pub(super) fn for_tests(fields: Vec<(&'static str, Value)>) -> Self {
        Self {
            target: "tests",
            level: Level::INFO,
            fields,
        }
    }

    /// The value of a field.
    pub(super) fn field(&self, name: &str) -> Option<&Value> {
        let field = self.fields.iter().find(|(known, _)| *known == name);
        field.map(|(_, value)| value)
    }

    /// The line, with its end. That of a request has at most [`REQUEST`] bytes.
    fn into_line(mut self) -> String {
        let mut time = String::new();
        // A line without its time is better than none.
        let _ = SystemTime.format_time(&mut Writer::new(&mut time));
        let mut line = self.json(&time);
        if self.target == request::END {
            for most in CUTS {
                if line.len() <= REQUEST {
                    break;
                }
                self.cut(most);
                line = self.json(&time);
            }
        }
        line
    }

    fn cut(&mut self, most: usize) {
        for (name, value) in &mut self.fields {
            if let (Value::String(text), false) = (&*value, UNCUT.contains(name)) {
                *value = Value::String(shortened(format_args!("{text}"), most));
            }
        }
    }

    fn json(&self, time: &str) -> String {
        let mut line = Vec::with_capacity(REQUEST);
        let mut serializer = serde_json::Serializer::new(&mut line);
        let written = self.write(time, &mut serializer);
        debug_assert!(written.is_ok(), "a map of texts and numbers is JSON");
        line.push(b'\n');
        String::from_utf8(line).unwrap_or_default()
    }

    fn write<S: Serializer>(&self, time: &str, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("timestamp", time)?;
        map.serialize_entry("level", self.level.as_str())?;
        for (name, value) in &self.fields {
            map.serialize_entry(name, value)?;
        }
        if ![request::END, METRICS].contains(&self.target) {
            map.serialize_entry("target", self.target)?;
        }
        map.end()
    }

    fn push(&mut self, field: &Field, value: impl Into<Value>) {
        self.fields.push((name(field), value.into()));
    }
}

/// Fields of a request that are short, and that searches and alarms compare with whole values.
const UNCUT: [&str; 4] = ["type", "request_id", "route", "outcome"];

impl Visit for Record {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.push(field, cut(field, format_args!("{value:?}")));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.push(field, cut(field, format_args!("{value}")));
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.push(field, value);
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.push(field, value);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.push(field, value);
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.push(field, value);
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
    use std::sync::Mutex;

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

    /// The lines that events are written as.
    fn written(work: impl FnOnce()) -> Vec<String> {
        written_with(JsonSettings::default(), work)
    }

    fn written_with(settings: JsonSettings, work: impl FnOnce()) -> Vec<String> {
        let lines = Arc::new(Mutex::new(Vec::new()));
        let into = Arc::clone(&lines);
        let layer = Json::to(settings, move |line| {
            into.lock().unwrap().push(line.to_owned());
        });
        tracing::subscriber::with_default(registry().with(layer), work);
        let lines = lines.lock().unwrap();
        lines.clone()
    }

    fn as_json(value: &str) -> String {
        written(|| log(value)).concat()
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

    /// Answers a request: the work, then its end.
    fn answered(status: u16, work: impl FnOnce()) -> Vec<Value> {
        let answer = request::collected("0f0f".to_owned(), async move {
            work();
            tracing::info!(target: request::END, request_id = "0f0f", route = "POST /oauth/token", status);
        });
        let lines = written(|| {
            let runtime = tokio::runtime::Builder::new_current_thread().build();
            runtime.unwrap().block_on(answer);
        });
        let lines = lines.iter().map(|line| serde_json::from_str(line).unwrap());
        lines.collect()
    }

    #[test]
    fn a_line_that_a_sample_leaves_out_is_counted() {
        let settings = JsonSettings {
            successes: Sample::from_percent(0).unwrap(),
            metrics_namespace: Some("Ratchet/prod".to_owned()),
        };
        let lines = written_with(settings, || {
            let work = request::collected("0f0f0f0f".to_owned(), async {
                tracing::info!(r#type = "sertft");
                tracing::info!(target: request::END, request_id = "0f0f0f0f", status = 200_u64);
            });
            let runtime = tokio::runtime::Builder::new_current_thread().build();
            runtime.unwrap().block_on(work);
        });
        let [line] = &lines[..] else {
            panic!("{lines:?}")
        };
        let line: Value = serde_json::from_str(line).unwrap();
        assert_eq!(
            (&line["level"], &line["RefreshesExchanged"]),
            (&"INFO".into(), &1.into())
        );
        assert_eq!(
            line["_aws"]["CloudWatchMetrics"][0]["Namespace"],
            "Ratchet/prod"
        );
    }

    #[test]
    fn a_request_with_an_event_is_one_line() {
        let lines = answered(200, || {
            tracing::warn!(r#type = "sertft", client_id = "phone", "exchanged");
        });
        let [line] = &lines[..] else {
            panic!("{lines:?}")
        };
        assert_eq!(line["type"], "sertft");
        assert_eq!(line["level"], "WARN");
        assert_eq!(line["request_id"], "0f0f");
        assert_eq!(line["route"], "POST /oauth/token");
        assert_eq!(line["status"], 200);
        assert_eq!(line["client_id"], "phone");
        assert_eq!(line.get("message"), None);
        assert_eq!(line.get("target"), None);
    }

    #[test]
    fn the_reason_of_a_refusal_is_in_the_line_of_the_request_once() {
        let lines = answered(403, || {
            tracing::warn!(r#type = "fertft", reason = "expired");
            request::refused(&"expired");
        });
        assert_eq!(lines.len(), 1);
        assert_eq!(lines[0]["reason"], "expired");

        let lines = answered(400, || request::refused(&"no such parameter"));
        assert_eq!(lines.len(), 1);
        assert_eq!(lines[0]["reason"], "no such parameter");
        assert_eq!(lines[0]["level"], "INFO");
    }

    #[test]
    fn another_reason_is_not_lost() {
        let lines = answered(403, || {
            tracing::warn!(r#type = "fertft", reason = "expired");
            request::refused(&"revoked");
        });
        assert_eq!(lines.len(), 2);
        assert_eq!(
            (&lines[0]["reason"], &lines[0]["request_id"]),
            (&"revoked".into(), &"0f0f".into())
        );
        assert_eq!(lines[1]["reason"], "expired");
    }

    #[test]
    fn the_last_event_is_the_outcome_and_the_others_have_the_id_of_the_request() {
        let lines = answered(403, || {
            tracing::info!(r#type = "refresh_token_family_ended");
            tracing::error!("a plain line");
            tracing::warn!(r#type = "ferrt");
        });
        assert_eq!(lines.len(), 3);
        assert!(lines.iter().all(|line| line["request_id"] == "0f0f"));
        assert_eq!(lines[0]["message"], "a plain line");
        assert_eq!(lines[1]["type"], "refresh_token_family_ended");
        assert_eq!(
            (&lines[2]["type"], &lines[2]["status"]),
            (&"ferrt".into(), &403.into())
        );
    }

    #[test]
    fn an_event_of_a_request_that_is_cut_short_is_written() {
        let work = request::collected("0f0f".to_owned(), async {
            tracing::warn!(r#type = "fp");
            std::future::pending::<()>().await;
        });
        let lines = written(|| {
            let mut work = Box::pin(work);
            let mut context = std::task::Context::from_waker(std::task::Waker::noop());
            assert!(work.as_mut().poll(&mut context).is_pending());
        });
        assert_eq!(lines.len(), 1);
        assert!(lines[0].contains("\"type\":\"fp\""), "{lines:?}");
    }

    #[test]
    fn the_line_of_a_request_is_short_however_long_its_values_are() {
        for long in ["x", "\u{1}", "\u{1f600}"] {
            let value = long.repeat(1_000);
            let lines = written(|| {
                let work = request::collected("0f".repeat(16), async {
                    tracing::warn!(
                        r#type = "sertft",
                        client_id = value,
                        user_id = value,
                        family_id = value,
                        audience = value,
                        scope = value,
                        requested_scope = value,
                        reason = value,
                        requested_audience = value,
                        outcome = "exchange",
                        policy_used = "own",
                    );
                    tracing::info!(
                        target: request::END, request_id = "0f".repeat(16),
                        apigw_request_id = value, route = "POST /oauth/token", status = 200,
                        ms = 123, cold = true, client_ip = "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff",
                        read_units = 2.0, write_units = 1.0, sign_calls = 2,
                    );
                });
                let runtime = tokio::runtime::Builder::new_current_thread().build();
                runtime.unwrap().block_on(work);
            });
            let [line] = &lines[..] else {
                panic!("{lines:?}")
            };
            assert!(line.len() <= REQUEST, "{} bytes", line.len());
            let line: Value = serde_json::from_str(line).unwrap();
            assert_eq!(line["type"], "sertft");
            assert_eq!(line["request_id"], "0f".repeat(16));
            assert_eq!(line["outcome"], "exchange");
        }
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
