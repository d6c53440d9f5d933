//! `attackProtection`: what stands between a guesser and a password, in the shape of [Auth0's
//! brute-force settings].
//!
//! [Auth0's brute-force settings]: https://auth0.com/docs/api/management/v2/attack-protection/get-brute-force-protection

use serde::Deserialize;
use shared::domain::{
    brute_force::{AttackProtection, BruteForceProtection, CountMode},
    network::AddressRange,
};

use crate::{
    fields::{Whole, one_of},
    path::{Checked, Fault, Path},
};

/// The section as it is written.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct RawAttackProtection {
    brute_force_protection: Option<RawBruteForce>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct RawBruteForce {
    enabled: Option<bool>,
    shields: Option<Vec<String>>,
    mode: Option<String>,
    allowlist: Option<Vec<String>>,
    max_attempts: Option<Whole>,
}

/// Checks the section; `None` where the file has none, which leaves what is in the table.
pub(crate) fn check(
    raw: Option<RawAttackProtection>,
    at: &Path,
) -> Checked<Option<AttackProtection>> {
    let Some(raw) = raw else { return Ok(None) };
    let brute_force = raw
        .brute_force_protection
        .unwrap_or_default()
        .check(&at.key("bruteForceProtection"))?;
    Ok(Some(AttackProtection { brute_force }))
}

impl RawBruteForce {
    fn check(self, at: &Path) -> Checked<BruteForceProtection> {
        let default = BruteForceProtection::default();
        let mut shields = None;
        for (index, shield) in self.shields.iter().flatten().enumerate() {
            let choices = [("block", true), ("user_notification", false)];
            let blocks = one_of(&at.key("shields").index(index), shield, &choices)?;
            shields = Some(shields.unwrap_or(false) || blocks);
        }
        let blocks = match (&self.shields, shields) {
            (None, _) => true,
            (Some(_), blocks) => blocks.unwrap_or(false),
        };
        let mut allowlist = Vec::new();
        for (index, text) in self.allowlist.iter().flatten().enumerate() {
            let range = AddressRange::parse(text)
                .map_err(|error| Fault::new(at.key("allowlist").index(index), error.to_string()))?;
            allowlist.push(range);
        }
        Ok(BruteForceProtection {
            blocks: self.enabled.unwrap_or(true) && blocks,
            mode: self.mode.map_or(Ok(default.mode), |mode| {
                let choices = [
                    (
                        "count_per_identifier_and_ip",
                        CountMode::CountPerIdentifierAndIp,
                    ),
                    ("count_per_identifier", CountMode::CountPerIdentifier),
                ];
                one_of(&at.key("mode"), &mode, &choices)
            })?,
            allowlist,
            max_attempts: self
                .max_attempts
                .map_or(Ok(default.max_attempts), |number| {
                    number.count(&at.key("max_attempts"), 1, 100)
                })?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{error, tenant, warnings};

    #[test]
    fn a_file_without_the_section_leaves_what_there_is() {
        assert_eq!(tenant("clients: []").attack_protection, None);
        let empty = tenant("attackProtection: {}").attack_protection;
        assert_eq!(empty, Some(AttackProtection::default()));
    }

    #[test]
    fn the_settings_are_auth0s() {
        let tenant = tenant(
            "attackProtection:
  bruteForceProtection:
    enabled: true
    shields: [block, user_notification]
    mode: count_per_identifier
    allowlist: [127.0.0.1, '2001:db8::/32']
    max_attempts: 3",
        );
        assert_eq!(tenant.warnings, Vec::<String>::new());
        let protection = tenant.attack_protection.unwrap();
        assert_eq!(
            protection.brute_force,
            BruteForceProtection {
                blocks: true,
                mode: CountMode::CountPerIdentifier,
                allowlist: ["127.0.0.1", "2001:db8::/32"]
                    .map(|text| AddressRange::parse(text).unwrap())
                    .to_vec(),
                max_attempts: 3,
            }
        );
    }

    #[test]
    fn without_the_shield_nobody_is_blocked() {
        for (fields, blocks) in [
            ("{}", true),
            ("{enabled: false}", false),
            ("{enabled: false, shields: [block]}", false),
            ("{shields: []}", false),
            ("{shields: [user_notification]}", false),
            ("{shields: [user_notification, block]}", true),
        ] {
            let file = format!("attackProtection: {{bruteForceProtection: {fields}}}");
            let protection = tenant(&file).attack_protection.unwrap();
            assert_eq!(protection.brute_force.blocks, blocks, "{fields}");
        }
    }

    #[test]
    fn wrong_values_are_refused() {
        let place = "3:5: attackProtection.bruteForceProtection";
        for (fields, message) in [
            (
                "mode: count",
                ".mode: must be `count_per_identifier_and_ip` or `count_per_identifier`, not `count`",
            ),
            (
                "shields: [shield]",
                ".shields[0]: must be `block` or `user_notification`, not `shield`",
            ),
            (
                "allowlist: [here]",
                ".allowlist[0]: must be an IP address or a range like `10.0.0.0/8`",
            ),
            (
                "max_attempts: 0",
                ".max_attempts: must be between 1 and 100",
            ),
            (
                "max_attempts: 101",
                ".max_attempts: must be between 1 and 100",
            ),
        ] {
            let said = error(&format!(
                "attackProtection:\n  bruteForceProtection:\n    {fields}"
            ));
            assert!(
                said.ends_with(message) && said.starts_with("3:"),
                "{place} {said}"
            );
        }
    }

    #[test]
    fn what_is_not_done_yet_is_said() {
        assert_eq!(
            warnings("attackProtection:\n  suspiciousIpThrottling: {enabled: true}"),
            ["2:3: attackProtection.suspiciousIpThrottling: not supported yet"]
        );
    }
}
