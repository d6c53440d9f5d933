//! Client authentication: `token_endpoint_auth_method`, the newer `client_authentication_methods`, and
//! `client_secret`.

use aws_lc_rs::rsa::PublicEncryptingKey;
use base64::{Engine, engine::general_purpose::STANDARD};
use ratchet_domain::{
    client::{AppType, AssertionAlgorithm, AuthMethod, PublicKey, SigningAlgorithm},
    secret::Secret,
};
use serde::{Deserialize, de::IgnoredAny};

use crate::{
    sections::fields::{one_of, secret},
    yaml::path::{Checked, Fault, Notes, Path},
};

/// `client_authentication_methods` as the file has it.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct RawAuthMethods {
    private_key_jwt: Option<RawPrivateKeyJwt>,
    tls_client_auth: Option<IgnoredAny>,
    self_signed_tls_client_auth: Option<IgnoredAny>,
}

#[derive(Debug, Deserialize)]
struct RawPrivateKeyJwt {
    credentials: Vec<RawCredential>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct RawCredential {
    kid: Option<String>,
    alg: Option<String>,
    pem: Option<String>,
}

/// The client's authentication method, and its keys for `private_key_jwt`.
pub(crate) fn auth_method(
    at: &Path,
    app_type: AppType,
    method: Option<&str>,
    methods: Option<RawAuthMethods>,
    notes: &mut Notes,
) -> Checked<(AuthMethod, Vec<PublicKey>)> {
    let methods_at = at.key("client_authentication_methods");
    let methods = methods.unwrap_or_default();
    for (name, given) in [
        ("tls_client_auth", methods.tls_client_auth.is_some()),
        (
            "self_signed_tls_client_auth",
            methods.self_signed_tls_client_auth.is_some(),
        ),
    ] {
        if given {
            return Err(Fault::new(methods_at.key(name), "not supported"));
        }
    }
    let at = at.key("token_endpoint_auth_method");
    match (method, methods.private_key_jwt) {
        (method, Some(raw)) => {
            // As with the deploy CLI; the Management API refuses both together.
            if method.is_some() {
                notes.warn(at, "overruled by `client_authentication_methods`");
            }
            let keys = raw.check(&methods_at.key("private_key_jwt").key("credentials"))?;
            Ok((AuthMethod::PrivateKeyJwt, keys))
        }
        (Some(method), None) => {
            let choices = [
                ("none", AuthMethod::None),
                ("client_secret_post", AuthMethod::ClientSecretPost),
                ("client_secret_basic", AuthMethod::ClientSecretBasic),
            ];
            Ok((one_of(&at, method, &choices)?, Vec::new()))
        }
        (None, None) => {
            let method = match app_type {
                AppType::Native | AppType::Spa => AuthMethod::None,
                AppType::RegularWeb | AppType::NonInteractive => AuthMethod::ClientSecretPost,
            };
            Ok((method, Vec::new()))
        }
    }
}

impl RawPrivateKeyJwt {
    fn check(self, at: &Path) -> Checked<Vec<PublicKey>> {
        if self.credentials.is_empty() {
            return Err(Fault::new(at.clone(), "must not be empty"));
        }
        self.credentials
            .into_iter()
            .enumerate()
            .map(|(index, credential)| credential.check(&at.index(index)))
            .collect()
    }
}

impl RawCredential {
    fn check(self, at: &Path) -> Checked<PublicKey> {
        let alg = one_of(
            &at.key("alg"),
            self.alg.as_deref().unwrap_or("RS256"),
            &[
                ("RS256", AssertionAlgorithm::RS256),
                ("RS384", AssertionAlgorithm::RS384),
                ("PS256", AssertionAlgorithm::PS256),
            ],
        )?;
        let pem_at = at.key("pem");
        let Some(pem) = self.pem else {
            return Err(Fault::new(pem_at, "missing; exports leave it out"));
        };
        check_public_key(&pem_at, &pem)?;
        Ok(PublicKey {
            kid: self.kid,
            alg,
            pem,
        })
    }
}

fn check_public_key(at: &Path, pem: &str) -> Checked<()> {
    let body = pem
        .trim()
        .strip_prefix("-----BEGIN PUBLIC KEY-----")
        .and_then(|rest| rest.strip_suffix("-----END PUBLIC KEY-----"))
        .map(|body| body.split_ascii_whitespace().collect::<String>());
    let key = body
        .and_then(|body| STANDARD.decode(body).ok())
        .and_then(|der| PublicEncryptingKey::from_der(&der).ok());
    match key {
        Some(_) => Ok(()),
        None => Err(Fault::new(
            at.clone(),
            "must be an RSA key as `-----BEGIN PUBLIC KEY-----`",
        )),
    }
}

/// The secret of a client that needs one for authentication or for HS256.
pub(crate) fn client_secret(
    at: &Path,
    given: Option<Secret>,
    auth_method: AuthMethod,
    alg: SigningAlgorithm,
) -> Checked<Option<Secret>> {
    let at = at.key("client_secret");
    let needed_for = match auth_method {
        // A public client's secret is no secret, though exports contain it. With HS256, `/delegation` signs with it.
        AuthMethod::None if alg != SigningAlgorithm::HS256 => return Ok(None),
        AuthMethod::ClientSecretPost | AuthMethod::ClientSecretBasic => Some("authenticate"),
        AuthMethod::PrivateKeyJwt if alg == SigningAlgorithm::HS256 => Some("have HS256 tokens"),
        AuthMethod::PrivateKeyJwt | AuthMethod::None => None,
    };
    match (given, needed_for) {
        (Some(given), _) => secret(&at, given).map(Some),
        (None, None) => Ok(None),
        (None, Some(purpose)) => {
            let message =
                format!("missing; the client needs it to {purpose} (exports leave it out)");
            Err(Fault::new(at, message))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        model::ClientEntry,
        testing::{error, tenant},
    };

    fn file(fields: &str) -> String {
        format!("clients:\n  - name: a\n    {fields}")
    }

    fn client(fields: &str) -> ClientEntry {
        tenant(&file(fields)).clients.remove(0)
    }

    #[test]
    fn a_client_may_authenticate_with_a_key() {
        let pem = PEM.replace('\n', "\n              ");
        let entry = client(&format!(
            "client_authentication_methods:
      private_key_jwt:
        credentials:
          - name: key
            credential_type: public_key
            kid: k1
            alg: PS256
            pem: |
              {pem}
    token_endpoint_auth_method: null"
        ));
        assert_eq!(entry.client.auth_method, AuthMethod::PrivateKeyJwt);
        assert_eq!(
            entry.client.public_keys,
            [PublicKey {
                kid: Some("k1".to_owned()),
                alg: AssertionAlgorithm::PS256,
                pem: PEM.to_owned(),
            }]
        );
        assert!(entry.client_secret.is_none());
    }

    #[test]
    fn a_key_overrules_the_older_setting() {
        let pem = PEM.replace('\n', "\\n");
        let tenant = tenant(&file(&format!(
            "client_authentication_methods: {{private_key_jwt: {{credentials: [{{pem: \"{pem}\"}}]}}}}
    token_endpoint_auth_method: client_secret_post"
        )));
        assert_eq!(
            tenant.clients[0].client.auth_method,
            AuthMethod::PrivateKeyJwt
        );
        assert_eq!(
            tenant.warnings,
            ["4:5: clients[0].token_endpoint_auth_method: overruled by \
              `client_authentication_methods`"]
        );
    }

    #[test]
    fn a_secret_is_kept_for_clients_that_need_it() {
        let secret = |fields: &str| {
            let entry = client(&format!("{fields}\n    client_secret: 0123456789abcdef"));
            entry.client_secret.map(|secret| secret.expose().to_owned())
        };
        assert_eq!(
            secret("app_type: regular_web").as_deref(),
            Some("0123456789abcdef")
        );
        assert_eq!(secret("app_type: native"), None);
    }

    #[test]
    fn a_client_that_could_not_authenticate_is_refused() {
        let pair =
            "client_authentication_methods: {private_key_jwt: {credentials: [{alg: RS256}]}}";
        for (fields, message) in [
            (
                "app_type: regular_web",
                "2:5: clients[0].client_secret: missing; the client needs it to authenticate \
                 (exports leave it out)",
            ),
            (
                "client_secret: short",
                "3:5: clients[0].client_secret: must have at least 16 bytes",
            ),
            (
                "token_endpoint_auth_method: basic",
                "3:5: clients[0].token_endpoint_auth_method: must be `none`, \
                 `client_secret_post` or `client_secret_basic`, not `basic`",
            ),
            (
                "client_authentication_methods: {tls_client_auth: {}}",
                "3:37: clients[0].client_authentication_methods.tls_client_auth: not supported",
            ),
            (
                "client_authentication_methods: {private_key_jwt: {credentials: []}}",
                "3:55: clients[0].client_authentication_methods.private_key_jwt.credentials: \
                 must not be empty",
            ),
            (
                pair,
                "3:69: \
                 clients[0].client_authentication_methods.private_key_jwt.credentials[0].pem: \
                 missing; exports leave it out",
            ),
            (
                &pair.replace("alg: RS256", "pem: x"),
                "3:70: \
                 clients[0].client_authentication_methods.private_key_jwt.credentials[0].pem: \
                 must be an RSA key as `-----BEGIN PUBLIC KEY-----`",
            ),
        ] {
            assert_eq!(error(&file(fields)), message);
        }
    }

    const PEM: &str = "-----BEGIN PUBLIC KEY-----
MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAs8/9RN2qV8HZMunRt8mx
ihqnIX726YqxGwF+7x1A0gpk4TWRpMUWnaaL2D3Nt/Kd5obKM0THZPCuE+Xwncf4
QloizZEn4jM3PNldweL9qwG160o2wXif2R5zLVQat9/188+Ko/sU/LorHgh23DMp
znSwIN30AdLG1WRPxqP5s9abVT0WgBt1VuQobw4TS6QltFUnMSEMBsNtMSPK+NPJ
pz9s3ozqkNMLNSLZMTwgODQWchUr2YJeZa5RbM0u5Xt9oF0HtXH8db3L6Rp3TdIA
uISnZ+mC7zRiCzWljkJZSBrqgtx6Su5wSve9cYGPS23zu3yeSapJWP7pki3G/GBz
JQIDAQAB
-----END PUBLIC KEY-----
";
}
