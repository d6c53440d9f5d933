//! Reads JSON objects as our types.

use serde::de::DeserializeOwned;

/// Reads an object as a type. `None` if it does not fit the type or is not an object: `serde` would read an array as
/// the members of a struct in their order.
pub fn object<T: DeserializeOwned>(text: &[u8]) -> Option<T> {
    let is_object = text.trim_ascii_start().first() == Some(&b'{');
    is_object
        .then(|| serde_json::from_slice(text).ok())
        .flatten()
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, PartialEq, Deserialize)]
    struct Pair {
        a: Option<u8>,
        b: Option<u8>,
    }

    #[test]
    fn an_object_is_read_and_nothing_else() {
        let read = |text: &str| object::<Pair>(text.as_bytes());
        let pair = Some(Pair {
            a: Some(1),
            b: None,
        });
        assert_eq!(read(r#"{"a":1}"#), pair);
        assert_eq!(read("\r\n\t {\"a\":1} "), pair);
        for wrong in [
            "[1,null]",
            " [1,2]",
            "null",
            "7",
            "",
            "{",
            r#"{"a":"x"}"#,
            "{}x",
        ] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
    }
}
