//! Text that users type, in the form that is compared.

use std::borrow::Cow;

use icu_normalizer::ComposingNormalizerBorrowed;

const NFC: ComposingNormalizerBorrowed<'static> = ComposingNormalizerBorrowed::new_nfc();

/// The text in Unicode's normalization form C (UAX #15): a letter and its marks as one character, if there is one.
/// Keyboards and browsers differ in what they send.
pub fn composed(text: &str) -> Cow<'_, str> {
    NFC.normalize(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_and_their_marks_become_one_character() {
        for (typed, expected) in [
            ("", ""),
            ("Ada", "Ada"),
            ("zo\u{eb}", "zo\u{eb}"),
            ("zoe\u{308}", "zo\u{eb}"),
            // Hangul, two marks in either order, and a letter that has no composed form.
            ("\u{1112}\u{1161}\u{11ab}", "\u{d55c}"),
            ("a\u{323}\u{302}", "\u{1ead}"),
            ("a\u{302}\u{323}", "\u{1ead}"),
            ("q\u{308}", "q\u{308}"),
            // Form C keeps what only looks alike.
            ("\u{ff21}", "\u{ff21}"),
        ] {
            assert_eq!(composed(typed), expected, "{typed}");
        }
    }
}
