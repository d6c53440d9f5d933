//! E-mail addresses of users.

use crate::yaml::path::{Checked, Fault, Path};

/// Takes a text of the file as an e-mail address.
pub(super) fn email(at: &Path, text: &str) -> Checked<String> {
    parse_email(text).map_err(|error| Fault::new(at.clone(), error.to_string()))
}

/// A text is no e-mail address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be an e-mail address")]
pub struct InvalidEmail;

/// Takes a text as an e-mail address, as far as one can tell without writing to it.
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
