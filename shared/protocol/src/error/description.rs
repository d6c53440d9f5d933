//! The alphabet of `error_description` (RFC 6749 sections 4.1.2.1 and 5.2): printable ASCII except `"` and `\`.

use std::borrow::Cow;

use icu_normalizer::DecomposingNormalizerBorrowed;

/// Writes a text in the alphabet. Other characters become the closest one: accents are removed, a line break becomes
/// a space, and a character without a close one becomes a question mark.
pub fn describe(text: impl Into<Cow<'static, str>>) -> Cow<'static, str> {
    let text = text.into();
    if text.chars().all(is_in_alphabet) {
        return text;
    }
    let decomposed = DecomposingNormalizerBorrowed::new_nfkd().normalize(&text);
    let closest = decomposed.chars().filter_map(closest);
    Cow::Owned(closest.collect())
}

const fn is_in_alphabet(character: char) -> bool {
    matches!(character, ' '..='!' | '#'..='[' | ']'..='~')
}

fn closest(character: char) -> Option<char> {
    match character {
        '"' | '\u{2018}'..='\u{201f}' => Some('\''),
        '\\' => Some('/'),
        '\u{2010}'..='\u{2015}' => Some('-'),
        // The combining mark after a decomposed letter.
        '\u{300}'..='\u{36f}' => None,
        character if is_in_alphabet(character) => Some(character),
        character if character.is_whitespace() || character.is_control() => Some(' '),
        _ => Some('?'),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_description_of_allowed_characters_is_unchanged() {
        let all: String = (' '..='~').filter(|c| !r#""\"#.contains(*c)).collect();
        assert_eq!(describe(all.clone()), all);
    }

    #[test]
    fn a_forbidden_character_is_replaced_by_the_closest_allowed_one() {
        for (text, described) in [
            (r#"Client "a\b""#, "Client 'a/b'"),
            ("Zugang f\u{fc}r Caf\u{e9}s", "Zugang fur Cafes"),
            ("\u{201c}so\u{201d} \u{2013} no", "'so' - no"),
            ("one\r\ntwo\tthree\u{1b}[31m", "one  two three [31m"),
            ("\u{5bc6}\u{7801}", "??"),
            ("\u{2028}\u{202e}", " ?"),
        ] {
            assert_eq!(describe(text), described);
        }
    }

    proptest! {
        #[test]
        fn a_description_has_only_allowed_characters(text in "\\PC*|(?s).*") {
            prop_assert!(describe(text).chars().all(is_in_alphabet));
        }
    }
}
