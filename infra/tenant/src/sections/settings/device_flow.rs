//! `tenant.device_flow`: the form of the device flow's user codes ([Auth0's settings]).
//!
//! [Auth0's settings]: https://auth0.com/docs/get-started/tenant-settings/configure-device-user-code-settings

use ratchet_domain::user_code::{Charset, UserCodeFormat};
use serde::Deserialize;

use crate::{
    sections::fields::{given, one_of},
    yaml::path::{Checked, Fault, Path},
};

/// The object as the file has it.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct RawDeviceFlow {
    charset: Option<String>,
    mask: Option<String>,
}

impl RawDeviceFlow {
    /// Checks mask and charset together. Auth0 writes an empty text for "none".
    pub(crate) fn check(&self, at: &Path) -> Checked<UserCodeFormat> {
        let choices = [("base20", Charset::Base20), ("digits", Charset::Digits)];
        let charset = match given(self.charset.clone()) {
            Some(name) => one_of(&at.key("charset"), &name, &choices)?,
            None => Charset::Base20,
        };
        UserCodeFormat::new(charset, given(self.mask.clone()).as_deref())
            .map_err(|error| Fault::new(at.key("mask"), error.to_string()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{error, tenant};

    #[test]
    fn user_codes_have_a_charset_and_a_mask_and_each_has_its_default() {
        for (given, charset, mask) in [
            ("{}", Charset::Base20, "****-****"),
            ("{charset: null, mask: ''}", Charset::Base20, "****-****"),
            ("{charset: digits}", Charset::Digits, "***-***-***"),
            ("{mask: '***** *****'}", Charset::Base20, "***** *****"),
            (
                "{charset: digits, mask: '*** *** ***'}",
                Charset::Digits,
                "*** *** ***",
            ),
        ] {
            let format = UserCodeFormat::new(charset, Some(mask));
            let settings = tenant(&format!("tenant: {{device_flow: {given}}}"))
                .settings
                .unwrap();
            assert_eq!(Ok(settings.device_flow), format, "{given}");
        }
    }

    #[test]
    fn codes_that_could_be_guessed_or_not_be_typed_are_refused() {
        for (file, message) in [
            (
                "tenant:\n  device_flow:\n    charset: hex",
                "3:5: tenant.device_flow.charset: must be `base20` or `digits`, not `hex`",
            ),
            (
                "tenant:\n  device_flow:\n    charset: digits\n    mask: '****-****'",
                "4:5: tenant.device_flow.mask: must have at least 9 times `*` with this charset",
            ),
            (
                "tenant:\n  device_flow:\n    mask: '**** **** **** **** ****'",
                "3:5: tenant.device_flow.mask: must have at most 20 characters",
            ),
            (
                "tenant:\n  device_flow:\n    mask: TV****-****",
                "3:5: tenant.device_flow.mask: must consist of `*` and ASCII separators such as `-` \
                 and space",
            ),
        ] {
            assert_eq!(error(file), message);
        }
    }
}
