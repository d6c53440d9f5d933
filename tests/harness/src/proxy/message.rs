//! Messages of HTTP/1.1 with their raw bodies.

use std::io::{self, BufRead, Write};

/// A request or an answer with its raw body.
pub(crate) struct Message {
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
}

impl Message {
    /// Reads one message; `None` if the connection ends between two messages.
    pub(crate) fn read(from: &mut impl BufRead) -> io::Result<Option<Self>> {
        let mut message = Self {
            head: String::new(),
            body: Vec::new(),
        };
        while !message.head.ends_with("\r\n\r\n") {
            if from.read_line(&mut message.head)? == 0 {
                return Ok(None);
            }
        }
        if message
            .header("transfer-encoding")
            .is_some_and(|coding| coding == "chunked")
        {
            while message.read_chunk(from)? > 0 {}
        } else {
            let length = message.header("content-length").unwrap_or_default();
            message.read_bytes(from, length.parse().unwrap_or(0))?;
        }
        Ok(Some(message))
    }

    /// Reads one chunk with its framing and returns its size.
    fn read_chunk(&mut self, from: &mut impl BufRead) -> io::Result<usize> {
        let mut line = String::new();
        from.read_line(&mut line)?;
        let size = usize::from_str_radix(line.trim(), 16).map_err(io::Error::other)?;
        self.body.extend(line.as_bytes());
        self.read_bytes(from, size + "\r\n".len())?;
        Ok(size)
    }

    fn read_bytes(&mut self, from: &mut impl BufRead, length: usize) -> io::Result<()> {
        let start = self.body.len();
        self.body.resize(start + length, 0);
        from.read_exact(&mut self.body[start..])
    }

    fn header(&self, name: &str) -> Option<&str> {
        let mut lines = self.head.lines().filter_map(|line| line.split_once(':'));
        let (_, value) = lines.find(|(key, _)| key.eq_ignore_ascii_case(name))?;
        Some(value.trim())
    }

    /// `UpdateItem` of `X-Amz-Target: DynamoDB_20120810.UpdateItem`.
    pub(super) fn operation(&self) -> String {
        let target = self.header("x-amz-target").unwrap_or_default();
        target.rsplit('.').next().unwrap_or_default().to_owned()
    }

    /// The message with another body.
    pub(super) fn with_body(&self, body: Vec<u8>) -> Self {
        let framing = |line: &&str| {
            let (name, _) = line.split_once(':').unwrap_or_default();
            name.eq_ignore_ascii_case("content-length")
        };
        let kept = self.head.trim_end().lines().filter(|line| !framing(line));
        let kept: Vec<_> = kept.collect();
        let kept = kept.join("\r\n");
        let head = format!("{kept}\r\ncontent-length: {}\r\n\r\n", body.len());
        Self { head, body }
    }

    /// True if the body contains these words.
    pub(super) fn contains(&self, words: &str) -> bool {
        let found = |part: &[u8]| part == words.as_bytes();
        self.body.windows(words.len()).any(found)
    }

    pub(crate) fn write(&self, to: &mut impl Write) -> io::Result<()> {
        to.write_all(&[self.head.as_bytes(), &self.body].concat())
    }
}
