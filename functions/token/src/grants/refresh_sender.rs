//! Who presents a refresh token: remembered with the exchange that made the live generation, and compared when the
//! parent comes back inside the leeway. A retry of the same client comes from the same program and, but for a phone
//! that changes networks, from the same address; a thief's replay need not. It is answered all the same: a refusal
//! would log out phones.

use http::header::USER_AGENT;
use shared::{
    domain::{denial::Denial, family::Family, ids::FamilyId, sealed::KeyId, sender::Sender},
    http::header,
    sealing::Keyring,
    telemetry::event,
};

use super::GrantRequest;

/// The sender of a request, under a key. The family is part of what is digested, so that a reader of the
/// table does not find out which families share an address.
pub(super) fn sender(
    keyring: &Keyring,
    key: KeyId,
    family: FamilyId,
    asked: GrantRequest<'_>,
) -> Result<Sender, Denial> {
    let user_agent = header(asked.request, &USER_AGENT).unwrap_or_default();
    let digest = |label, text: &str| {
        let data = [family.as_bytes().as_slice(), text.as_bytes()].concat();
        keyring.short_digest(key, label, &data)
    };
    Ok(Sender {
        address: digest("refresh-address", &asked.at.origin.to_string())?,
        user_agent: digest("refresh-user-agent", user_agent)?,
    })
}

/// Logs a replay that was answered, where it is not by the client that made the exchange.
pub(super) fn log_replay(
    keyring: &Keyring,
    family: &Family,
    asked: GrantRequest<'_>,
) -> Result<(), Denial> {
    let from = sender(keyring, family.key_id, family.id, asked)?;
    if let Some(differs) = family.replayed_from_elsewhere(from) {
        tracing::warn!(
            r#type = event::REPLAYED_ELSEWHERE,
            client_id = %family.client_id,
            user_id = %family.user_id,
            family_id = %family.id,
            token_counter = family.generation.number(),
            differs = differs.as_str(),
            ip = %asked.at.origin,
        );
    }
    Ok(())
}
