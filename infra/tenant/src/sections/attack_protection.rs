//! `attackProtection`: protection of passwords against guessing, in the shape of Auth0's settings of
//! [brute-force protection] and of [suspicious IP throttling].
//!
//! [brute-force protection]: https://auth0.com/docs/api/management/v2/attack-protection/get-brute-force-protection
//! [suspicious IP throttling]: https://auth0.com/docs/api/management/v2/attack-protection/get-suspicious-ip-throttling

use ratchet_domain::{
    brute_force::{AttackProtection, BruteForceProtection, CountMode},
    network::AddressRange,
    suspicious_ip::{Response, SuspiciousIpThrottling},
    throttle::RateLimit,
};
use serde::Deserialize;

use crate::{
    sections::fields::{Whole, one_of},
    yaml::path::{Checked, Fault, Path},
};

/// The section as the file has it.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct RawAttackProtection {
    brute_force_protection: Option<RawBruteForce>,
    suspicious_ip_throttling: Option<RawSuspiciousIp>,
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

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct RawSuspiciousIp {
    enabled: Option<bool>,
    shields: Option<Vec<String>>,
    allowlist: Option<Vec<String>>,
    stage: Option<RawStages>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "kebab-case")]
struct RawStages {
    pre_login: Option<RawStage>,
    /// No effect: Ratchet has no sign-up.
    pre_user_registration: Option<RawStage>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct RawStage {
    max_attempts: Option<Whole>,
    rate: Option<Whole>,
}

/// Checks the section; `None` if the file has none, which leaves the table's settings.
pub(crate) fn check(
    raw: Option<RawAttackProtection>,
    at: &Path,
) -> Checked<Option<AttackProtection>> {
    let Some(raw) = raw else { return Ok(None) };
    let brute_force = raw
        .brute_force_protection
        .unwrap_or_default()
        .check(&at.key("bruteForceProtection"))?;
    let suspicious_ip = raw
        .suspicious_ip_throttling
        .unwrap_or_default()
        .check(&at.key("suspiciousIpThrottling"))?;
    Ok(Some(AttackProtection {
        brute_force,
        suspicious_ip,
    }))
}

/// True if the shields contain `block` or are absent.
fn blocks(at: &Path, shields: Option<&[String]>, notification: &'static str) -> Checked<bool> {
    let Some(shields) = shields else {
        return Ok(true);
    };
    let mut blocks = false;
    for (index, shield) in shields.iter().enumerate() {
        let choices = [("block", true), (notification, false)];
        blocks |= one_of(&at.key("shields").index(index), shield, &choices)?;
    }
    Ok(blocks)
}

fn allowlist(at: &Path, texts: Option<&[String]>) -> Checked<Vec<AddressRange>> {
    let mut ranges = Vec::new();
    for (index, text) in texts.into_iter().flatten().enumerate() {
        let range = AddressRange::parse(text)
            .map_err(|error| Fault::new(at.key("allowlist").index(index), error.to_string()))?;
        ranges.push(range);
    }
    Ok(ranges)
}

impl RawSuspiciousIp {
    fn check(self, at: &Path) -> Checked<SuspiciousIpThrottling> {
        let blocks = blocks(at, self.shields.as_deref(), "admin_notification")?;
        let response = match (self.enabled.unwrap_or(true), blocks) {
            (false, _) => Response::Nothing,
            (true, true) => Response::Block,
            (true, false) => Response::Log,
        };
        let default = RateLimit::SUSPICIOUS_IP;
        let stage = self.stage.unwrap_or_default().pre_login.unwrap_or_default();
        let at_stage = at.key("stage").key("pre-login");
        let max_attempts = stage
            .max_attempts
            .map(|number| number.count(&at_stage.key("max_attempts"), 1, 1_000_000));
        let rate = stage
            .rate
            .map(|number| number.count(&at_stage.key("rate"), 1, 86_400_000));
        Ok(SuspiciousIpThrottling {
            response,
            allowlist: allowlist(at, self.allowlist.as_deref())?,
            pre_login: RateLimit::every(
                max_attempts.transpose()?.unwrap_or(default.burst()),
                rate.transpose()?.map_or(default.every_millis(), u64::from),
            ),
        })
    }
}

impl RawBruteForce {
    fn check(self, at: &Path) -> Checked<BruteForceProtection> {
        let default = BruteForceProtection::default();
        let blocks = blocks(at, self.shields.as_deref(), "user_notification")?;
        let allowlist = allowlist(at, self.allowlist.as_deref())?;
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
    fn a_file_without_the_section_changes_nothing() {
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
    fn no_user_is_blocked_without_the_block_shield() {
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
    fn the_settings_of_addresses_are_auth0s() {
        let tenant = tenant(
            "attackProtection:
  suspiciousIpThrottling:
    enabled: true
    shields: [block, admin_notification]
    allowlist: [127.0.0.1, '2001:db8::/32']
    stage:
      pre-login: {max_attempts: 5, rate: 60000}
      pre-user-registration: {max_attempts: 50, rate: 1200}",
        );
        assert_eq!(tenant.warnings, Vec::<String>::new());
        assert_eq!(
            tenant.attack_protection.unwrap().suspicious_ip,
            SuspiciousIpThrottling {
                response: Response::Block,
                allowlist: ["127.0.0.1", "2001:db8::/32"]
                    .map(|text| AddressRange::parse(text).unwrap())
                    .to_vec(),
                pre_login: RateLimit::every(5, 60_000),
            }
        );
    }

    #[test]
    fn without_the_shield_an_address_is_logged_and_switched_off_it_is_not_counted() {
        for (fields, response) in [
            ("{}", Response::Block),
            ("{enabled: false}", Response::Nothing),
            ("{shields: []}", Response::Log),
            ("{shields: [admin_notification]}", Response::Log),
            ("{shields: [admin_notification, block]}", Response::Block),
        ] {
            let file = format!("attackProtection: {{suspiciousIpThrottling: {fields}}}");
            let protection = tenant(&file).attack_protection.unwrap();
            assert_eq!(protection.suspicious_ip.response, response, "{fields}");
        }
    }

    #[test]
    fn wrong_values_of_addresses_are_refused() {
        for (fields, message) in [
            (
                "{stage: {pre-login: {max_attempts: 0}}}",
                "pre-login.max_attempts: must be between 1 and 1000000",
            ),
            (
                "{stage: {pre-login: {rate: 86400001}}}",
                "pre-login.rate: must be between 1 and 86400000",
            ),
            (
                "{shields: [user_notification]}",
                "shields[0]: must be `block` or `admin_notification`, not `user_notification`",
            ),
            (
                "{allowlist: [10.0.0.0/33]}",
                "allowlist[0]: must be an IP address or a range like `10.0.0.0/8`",
            ),
        ] {
            let said = error(&format!(
                "attackProtection:\n  suspiciousIpThrottling: {fields}"
            ));
            assert!(said.ends_with(message) && said.starts_with("2:"), "{said}");
        }
    }

    #[test]
    fn an_unsupported_setting_is_a_warning() {
        assert_eq!(
            warnings("attackProtection:\n  botDetection: {enabled: true}"),
            ["2:3: attackProtection.botDetection: not supported yet"]
        );
    }
}
