//! The sender of a refresh token, stored with the exchange that made the live generation and compared when its parent
//! comes back within the leeway. A retry by the same client comes from the same program and, unless a phone has
//! changed networks, from the same address; a thief's replay may not. The replay is answered anyway, because a
//! rejection would log out phones.

use http::header::USER_AGENT;
use ratchet_domain::{family::Family, ids::FamilyId, sealed::KeyId, sender::Sender};
use ratchet_keys::sealing::{Keyring, SealingError};
use ratchet_protocol::header;
use ratchet_telemetry::event;

use super::GrantRequest;

/// Keyed digests of a request's sender. They cover the family, so that a reader of the table cannot see which
/// families share an address.
pub(super) fn sender(
    keyring: &Keyring,
    key: KeyId,
    family: FamilyId,
    asked: GrantRequest<'_>,
) -> Result<Sender, SealingError> {
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

/// Logs an answered replay whose sender differs from that of the exchange.
pub(super) fn log_replay(
    keyring: &Keyring,
    family: &Family,
    asked: GrantRequest<'_>,
) -> Result<(), SealingError> {
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
