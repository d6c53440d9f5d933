//! The choice between Auth0's generations of behaviour for a request of a client.

use super::Client;
use crate::pipeline::{AskedAudience, Pipeline};

impl Pipeline {
    /// The pipeline of a request: legacy only if neither client nor audience opts out of it.
    pub fn of(client: &Client, asked: &AskedAudience) -> Self {
        if client.is_conformant() || *asked != AskedAudience::Nothing {
            Self::Conformant
        } else {
            Self::Legacy
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        client::testing::client,
        pipeline::testing::{USERINFO, asked},
    };

    #[test]
    fn any_audience_opts_in_and_so_do_client_and_tenant() {
        let legacy = Client {
            oidc_conformant: false,
            ..client()
        };
        let of = |client: &Client, asked| Pipeline::of(client, &asked);
        assert_eq!(of(&legacy, asked(None, None)), Pipeline::Legacy);
        for opted_in in [
            asked(Some("https://api.example.com"), None),
            asked(Some(USERINFO), None),
            asked(None, Some("https://api.example.com")),
        ] {
            assert_eq!(of(&legacy, opted_in), Pipeline::Conformant);
        }
        assert_eq!(of(&client(), asked(None, None)), Pipeline::Conformant);
    }

    #[test]
    fn a_third_party_application_is_never_legacy() {
        let foreign = Client {
            oidc_conformant: false,
            is_first_party: false,
            ..client()
        };
        let pipeline = Pipeline::of(&foreign, &AskedAudience::Nothing);
        assert_eq!(pipeline, Pipeline::Conformant);
    }
}
