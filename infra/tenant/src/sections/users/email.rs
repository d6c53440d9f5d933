//! E-mail addresses of users.

use crate::yaml::path::{Checked, Fault, Path};

/// Parses an e-mail address of the file.
pub(super) fn email(at: &Path, text: &str) -> Checked<String> {
    parse_email(text).map_err(|error| Fault::new(at.clone(), error.to_string()))
}

/// A text that is not an e-mail address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be an e-mail address")]
pub struct InvalidEmail;

/// Parses an e-mail address, as far as that is possible without sending mail to it.
pub fn parse_email(text: &str) -> Result<String, InvalidEmail> {
    let text = text.trim();
    let (name, domain) = text.split_once('@').ok_or(InvalidEmail)?;
    let unfit = |c: char| c.is_whitespace() || c.is_control();
    if name.is_empty() || domain.is_empty() || domain.contains('@') {
        return Err(InvalidEmail);
    }
    if text.len() > 254 || text.contains(unfit) {
        return Err(InvalidEmail);
    }
    Ok(text.to_owned())
}
