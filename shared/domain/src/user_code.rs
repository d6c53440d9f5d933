//! User codes, which a user copies from a device to `/activate` (RFC 8628 section 6.1), in the [tenant's format].
//!
//! [tenant's format]: https://auth0.com/docs/get-started/tenant-settings/configure-device-user-code-settings

use std::fmt;

use serde::{Deserialize, Serialize};

/// The characters of a user code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Charset {
    /// Twenty consonants: no vowels that could make words, and no letters that look like digits.
    Base20,
    /// Digits, for keypads.
    Digits,
}

impl Charset {
    const fn symbols(self) -> &'static [u8] {
        match self {
            Self::Base20 => b"BCDFGHJKLMNPQRSTVWXZ",
            Self::Digits => b"0123456789",
        }
    }

    /// Fewest characters that cannot be guessed within the lifetime of a code.
    const fn fewest(self) -> usize {
        match self {
            Self::Base20 => 8,
            Self::Digits => 9,
        }
    }

    const fn default_mask(self) -> &'static str {
        match self {
            Self::Base20 => "****-****",
            Self::Digits => "***-***-***",
        }
    }
}

/// Longest mask, and so the longest user code.
const MAX_MASK: usize = 20;

/// Placeholder of a drawn character in a mask.
const PLACE: char = '*';

/// Random bytes for [`UserCodeFormat::draw`]: enough for the longest code although some are skipped.
pub const DRAW_BYTES: usize = 128;

/// Format of a tenant's user codes (`tenant.device_flow`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Unchecked", into = "Unchecked")]
pub struct UserCodeFormat {
    charset: Charset,
    mask: String,
}

/// The mask is invalid.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidMask {
    /// Longer than users can be asked to type.
    #[error("must have at most {MAX_MASK} characters")]
    TooLong,
    /// Too few characters: easy to guess.
    #[error("must have at least {0} times `*` with this charset")]
    TooFew(usize),
    /// A separator that could be taken for a part of the code.
    #[error("must consist of `*` and ASCII separators such as `-` and space")]
    Separator,
}

impl UserCodeFormat {
    /// A format; the default mask depends on the charset.
    pub fn new(charset: Charset, mask: Option<&str>) -> Result<Self, InvalidMask> {
        let mask = mask.unwrap_or(charset.default_mask());
        if mask.chars().count() > MAX_MASK {
            return Err(InvalidMask::TooLong);
        }
        if !mask.chars().all(|c| c == ' ' || c.is_ascii_punctuation()) {
            return Err(InvalidMask::Separator);
        }
        if mask.chars().filter(|c| *c == PLACE).count() < charset.fewest() {
            return Err(InvalidMask::TooFew(charset.fewest()));
        }
        Ok(Self {
            charset,
            mask: mask.to_owned(),
        })
    }

    /// True if a numeric keypad suffices to type it.
    pub fn is_numeric(&self) -> bool {
        self.charset == Charset::Digits
    }

    /// A code from random bytes, with equal probability for every code: bytes beyond the last whole multiple of the
    /// charset are skipped. `None` if too few bytes remain.
    pub fn draw(&self, random: &[u8; DRAW_BYTES]) -> Option<UserCode> {
        let symbols = self.charset.symbols();
        let fair = u8::MAX as usize / symbols.len() * symbols.len();
        let wanted = self.mask.chars().filter(|c| *c == PLACE).count();
        let code: String = random
            .iter()
            .map(|byte| usize::from(*byte))
            .filter(|number| *number < fair)
            .filter_map(|number| symbols.get(number % symbols.len()))
            .map(|symbol| char::from(*symbol))
            .take(wanted)
            .collect();
        (code.len() == wanted).then_some(UserCode(code))
    }

    /// The code in the mask, for the user. A code from before a change of the mask is shown without one.
    pub fn show(&self, code: &UserCode) -> String {
        let places = self.mask.chars().filter(|c| *c == PLACE).count();
        if places != code.0.len() {
            return code.0.clone();
        }
        let mut symbols = code.0.chars();
        self.mask
            .chars()
            .filter_map(|c| if c == PLACE { symbols.next() } else { Some(c) })
            .collect()
    }
}

impl Default for UserCodeFormat {
    fn default() -> Self {
        let charset = Charset::Base20;
        Self {
            charset,
            mask: charset.default_mask().to_owned(),
        }
    }
}

/// The stored form of a format.
#[derive(Serialize, Deserialize)]
struct Unchecked {
    charset: Charset,
    mask: String,
}

impl TryFrom<Unchecked> for UserCodeFormat {
    type Error = InvalidMask;

    fn try_from(raw: Unchecked) -> Result<Self, InvalidMask> {
        Self::new(raw.charset, Some(&raw.mask))
    }
}

impl From<UserCodeFormat> for Unchecked {
    fn from(format: UserCodeFormat) -> Self {
        Self {
            charset: format.charset,
            mask: format.mask,
        }
    }
}

/// A user code: upper case, without separators.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct UserCode(String);

impl UserCode {
    /// Reads the input of a user, in either case, with any separators, and in the full-width letters or the digits of
    /// another script that a keyboard may give; `None` for text that cannot be a code.
    pub fn parse(typed: &str) -> Option<Self> {
        let code: String = typed
            .chars()
            .map(folded)
            .filter(|c| c.is_alphanumeric() && !LONG_VOWEL_MARKS.contains(c))
            .map(|c| c.to_ascii_uppercase())
            .collect();
        let plausible = !code.is_empty() && code.len() <= MAX_MASK && code.is_ascii();
        plausible.then_some(Self(code))
    }

    /// The code as text, for its digest.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Characters that a Japanese keyboard in kana mode gives for the hyphen. Unicode counts them as letters.
const LONG_VOWEL_MARKS: [char; 2] = ['\u{30fc}', '\u{ff70}'];

/// The first of ten digits of the scripts whose keyboards have digits of their own: Arabic, Persian and Urdu,
/// Devanagari, Bengali, Thai.
const ZEROS: [char; 5] = ['\u{660}', '\u{6f0}', '\u{966}', '\u{9e6}', '\u{e50}'];

/// The ASCII equivalent of a character: full-width forms (U+FF01 to U+FF5E) as in Unicode's normalization form KC, and
/// digits by their value.
fn folded(c: char) -> char {
    let code = u32::from(c);
    let ascii = match code {
        0xff01..=0xff5e => Some(code - 0xff01 + u32::from('!')),
        _ => ZEROS
            .iter()
            .filter_map(|zero| code.checked_sub(u32::from(*zero)))
            .find(|value| *value < 10)
            .map(|value| value + u32::from('0')),
    };
    ascii.and_then(char::from_u32).unwrap_or(c)
}

impl fmt::Debug for UserCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn digits(mask: &str) -> UserCodeFormat {
        UserCodeFormat::new(Charset::Digits, Some(mask)).unwrap()
    }

    #[test]
    fn a_mask_has_a_minimum_of_places_and_no_letters() {
        let base20 = |mask| UserCodeFormat::new(Charset::Base20, Some(mask)).map(|_| ());
        assert_eq!(base20("****-****"), Ok(()));
        assert_eq!(base20("********************"), Ok(()));
        assert_eq!(base20("*********************"), Err(InvalidMask::TooLong));
        assert_eq!(base20("***-****"), Err(InvalidMask::TooFew(8)));
        assert_eq!(base20("****x****"), Err(InvalidMask::Separator));
        assert_eq!(base20("****é****"), Err(InvalidMask::Separator));
        assert_eq!(base20("****\n****"), Err(InvalidMask::Separator));
        let eight = UserCodeFormat::new(Charset::Digits, Some("****-****"));
        assert_eq!(eight, Err(InvalidMask::TooFew(9)));
        for charset in [Charset::Base20, Charset::Digits] {
            let usual = UserCodeFormat::new(charset, None).unwrap();
            assert_eq!(
                UserCodeFormat::new(charset, Some(charset.default_mask())),
                Ok(usual)
            );
        }
    }

    #[test]
    fn every_symbol_is_as_likely_as_every_other() {
        for charset in [Charset::Base20, Charset::Digits] {
            let format = UserCodeFormat::new(charset, Some("********************")).unwrap();
            let mut counts = std::collections::BTreeMap::new();
            for byte in 0..=u8::MAX {
                if let Some(code) = format.draw(&[byte; DRAW_BYTES]) {
                    *counts.entry(code.0).or_insert(0) += 1;
                }
            }
            assert_eq!(counts.len(), charset.symbols().len());
            let each = 256 / charset.symbols().len();
            assert!(counts.values().all(|count| *count == each), "{counts:?}");
        }
    }

    #[test]
    fn too_little_randomness_gives_no_code() {
        let mut random = [255; DRAW_BYTES];
        assert_eq!(UserCodeFormat::default().draw(&random), None);
        random[..8].copy_from_slice(&[0, 1, 2, 3, 4, 5, 6, 19]);
        let code = UserCodeFormat::default().draw(&random).unwrap();
        assert_eq!(code.as_str(), "BCDFGHJZ");
    }

    #[test]
    fn a_typed_user_code_may_differ_in_case_and_separators() {
        let format = UserCodeFormat::default();
        let code = UserCode::parse("WDJBMJHT").unwrap();
        for typed in [format.show(&code).as_str(), "wdjb mjht", " w.d.j.b—mjht\t"] {
            assert_eq!(UserCode::parse(typed).as_ref(), Some(&code), "{typed}");
        }
        for wrong in ["", " - ", "BCDFGHJKLMNPQRSTVWXZB", "wdjbmjhté", "ー－"] {
            assert_eq!(UserCode::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_code_may_be_typed_on_a_keyboard_of_another_script() {
        let code = UserCode::parse("WDJBMJHT").unwrap();
        for hyphen in "-－ー−‐‑‒–—―ｰ\u{3000} ".chars() {
            for half in [("ＷＤＪＢ", "ＭＪＨＴ"), ("ｗｄｊｂ", "ＭJhｔ")] {
                let typed = format!("{}{hyphen}{}", half.0, half.1);
                assert_eq!(UserCode::parse(&typed).as_ref(), Some(&code), "{typed}");
            }
        }
        let code = UserCode::parse("123456789").unwrap();
        for typed in [
            "１２３－４５６－７８９",
            "١٢٣-٤٥٦-٧٨٩",
            "۱۲۳۴۵۶۷۸۹",
            "१२३ ४५६ ७८९",
            "১২৩৪৫৬৭৮৯",
            "๑๒๓๔๕๖๗๘๙",
        ] {
            assert_eq!(UserCode::parse(typed).as_ref(), Some(&code), "{typed}");
        }
    }

    #[test]
    fn a_code_is_shown_in_its_mask_and_bare_where_the_mask_has_changed() {
        let code = UserCode::parse("123456789").unwrap();
        assert_eq!(digits("***-***-***").show(&code), "123-456-789");
        assert_eq!(digits("**** **** **").show(&code), "123456789");
        assert!(digits("*********").is_numeric());
    }

    #[test]
    fn a_stored_format_is_checked_when_it_is_read() {
        let format = digits("*** *** ***");
        let stored = serde_json::to_string(&format).unwrap();
        assert_eq!(
            serde_json::from_str::<UserCodeFormat>(&stored).unwrap(),
            format
        );
        let short = r#"{"charset":"digits","mask":"*"}"#;
        assert!(serde_json::from_str::<UserCodeFormat>(short).is_err());
    }
}
