//! Every interleaving of a login, a withdrawal and further approvals at the store itself. A login on a withdrawn
//! consent yields nothing once the withdrawal has been acknowledged, no approval is lost, and no withdrawn scope
//! returns. A request reads at one moment and writes at another; the decisions in between are those of the product.

use ratchet_domain::{
    authorization::Grant,
    consent::Basis,
    device::{Approval, DeviceGrant, DeviceState},
    family::{EndReason, Ended, Family},
    grant::GrantKey,
    ids::{CodeId, ConsentId, DeviceId, UserId},
    scope::Scope,
    time::Lifetime,
};
use ratchet_store::{DeviceExchange, Store};
use ratchet_system::Deadline;

use crate::fixtures::{
    EPOCH, NOW, audience, changed, changed_code, client_id, code, family, is_conflict, redeemed,
    store, use_of,
};

/// The scopes that the login requests, and to which the user has already agreed.
const ASKED: &str = "read write";

/// The actor of a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Actor {
    /// Reads the consent, issues, and exchanges.
    Login,
    /// Ends the consent, then codes and families, and then acknowledges the withdrawal.
    Operator,
    User,
}

/// The kind of a login.
#[derive(Debug, Clone, Copy)]
enum Kind {
    Code,
    Device,
}

/// Every order of the actors' steps.
fn orders(left: [(Actor, usize); 3]) -> Vec<Vec<Actor>> {
    let mut all = Vec::new();
    for (at, (actor, steps)) in left.iter().enumerate() {
        if *steps == 0 {
            continue;
        }
        let mut rest = left;
        rest[at].1 -= 1;
        for mut order in orders(rest) {
            order.insert(0, *actor);
            all.push(order);
        }
    }
    if all.is_empty() {
        all.push(Vec::new());
    }
    all
}

/// The state of the login.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Flight {
    Begun,
    /// It has read the consent, and the code or approval is issued on its basis.
    Granted(Basis),
    Issued,
    Answered,
    Refused,
}

struct History<'a> {
    store: &'a Store,
    kind: Kind,
    with_family: bool,
    number: u32,
    grant: GrantKey,
    flight: Flight,
    /// Number of the operator's steps, and its value when the login read the consent.
    withdrawn: usize,
    read_at: usize,
    /// Number of generated ids.
    drawn: u8,
    /// The remaining approvals, in their order.
    to_press: &'static [&'static str],
    /// The expected scopes of the consent.
    expected: Option<Scope>,
}

impl History<'_> {
    fn id(&self, n: u8) -> [u8; 16] {
        let mut id = [n; 16];
        id[..4].copy_from_slice(&self.number.to_be_bytes());
        id
    }

    async fn there(&self) -> Option<Grant> {
        let GrantKey {
            user_id,
            client_id,
            audience,
        } = &self.grant;
        let grant = self.store.load_grant(user_id, client_id, audience.as_ref());
        grant.await.unwrap()
    }

    async fn press(&mut self, scope: &str) {
        // Every approval generates a new id.
        self.drawn += 1;
        let id = ConsentId::from_bytes(self.id(100 + self.drawn));
        let scope = Scope::parse(scope);
        let joined = self.store.join_consent(&self.grant, id, &scope, NOW);
        joined.await.unwrap();
        self.expected = Some(self.expected.take().unwrap_or_default().union(&scope));
    }

    async fn login(&mut self) {
        self.flight = match self.flight {
            Flight::Begun => {
                self.read_at = self.withdrawn;
                let agreed = self.there().await;
                let agreed = agreed.filter(|grant| Scope::parse(ASKED).is_subset(&grant.scope));
                agreed.map_or(Flight::Refused, |grant| Flight::Granted(Basis::of(&grant)))
            }
            Flight::Granted(basis) => self.issue(basis).await,
            Flight::Issued => {
                let answered = match self.kind {
                    Kind::Code => self.exchange().await,
                    Kind::Device => self.poll().await,
                };
                let is_there = self.read_at == self.withdrawn;
                assert_eq!(answered, is_there, "whether that very consent is there");
                if answered {
                    Flight::Answered
                } else {
                    Flight::Refused
                }
            }
            Flight::Answered | Flight::Refused => self.flight,
        };
    }

    async fn issue(&self, basis: Basis) -> Flight {
        match self.kind {
            Kind::Code => {
                let code = changed_code(|parts| {
                    parts.basis = basis;
                    parts.user_id = self.grant.user_id.clone();
                });
                let id = CodeId::from_bytes([1; 16]);
                self.store.put_code(id, &code).await.unwrap();
            }
            Kind::Device => {
                let (id, pending) = (
                    DeviceId::from_bytes(self.id(1)),
                    self.device(DeviceState::Pending),
                );
                let digest = format!("digest-{}", self.number);
                self.store
                    .put_device(id, &pending, &digest, NOW)
                    .await
                    .unwrap();
                let approved = DeviceState::Approved(Approval {
                    user_id: self.grant.user_id.clone(),
                    session_id: code().session_id.clone(),
                    issued_in: code().issued_in,
                    auth_time: NOW,
                    basis,
                });
                self.store
                    .commit_device(id, &pending, &approved)
                    .await
                    .unwrap();
            }
        }
        Flight::Issued
    }

    fn device(&self, state: DeviceState) -> DeviceGrant {
        DeviceGrant {
            client_id: client_id(),
            audience: self.grant.audience.clone(),
            scope: Scope::parse(ASKED),
            expires_at: NOW.plus(Lifetime::from_secs(900)),
            polled: None,
            state,
        }
    }

    fn family(&self) -> Option<Family> {
        let family = changed(&family(1), |parts| {
            parts.user_id = self.grant.user_id.clone();
            parts.valid_from = EPOCH;
        });
        self.with_family.then_some(family)
    }

    async fn exchange(&self) -> bool {
        let id = CodeId::from_bytes([1; 16]);
        let Some(code) = self.store.load_code(&self.grant.user_id, id).await.unwrap() else {
            return false;
        };
        let (redeemed, family, rests_on) = (redeemed(1), self.family(), code.rests_on());
        let exchange = use_of(&redeemed, family.as_ref(), &rests_on);
        !is_conflict(self.store.commit_code(exchange).await)
    }

    async fn poll(&self) -> bool {
        let device_id = DeviceId::from_bytes(self.id(1));
        let current = self.store.load_device(device_id).await.unwrap().unwrap();
        let DeviceState::Approved(approval) = &current.state else {
            panic!("{current:?}");
        };
        let (family, rests_on) = (self.family(), current.rests_on(approval));
        let next = DeviceState::Redeemed {
            approval: approval.clone(),
            redeemed: redeemed(1),
        };
        let exchange = DeviceExchange {
            device_id,
            current: &current,
            next: &next,
            family: family.as_ref(),
            rests_on: &rests_on,
        };
        !is_conflict(self.store.commit_device_exchange(exchange).await)
    }

    async fn withdraw(&mut self) {
        if self.withdrawn == 0 {
            self.store.end_consent(&self.grant).await.unwrap();
            self.expected = None;
        } else {
            // An approval between the two steps is withdrawn with the rest.
            let ended = Ended {
                at: NOW,
                reason: EndReason::GrantRevoked,
            };
            let withdrawn = self
                .store
                .end_grant(&self.grant, None, &ended, Deadline::NEVER);
            withdrawn.await.unwrap();
            self.expected = None;
        }
        self.withdrawn += 1;
    }

    async fn run(mut self, order: &[Actor]) -> Flight {
        self.press(ASKED).await;
        for actor in order {
            match actor {
                Actor::Login => self.login().await,
                Actor::Operator => self.withdraw().await,
                Actor::User => {
                    let (scope, rest) = self.to_press.split_first().unwrap();
                    self.press(scope).await;
                    self.to_press = rest;
                }
            }
        }
        let scope = self.there().await.map(|grant| grant.scope);
        let sorted = |scope: Option<Scope>| {
            scope.map(|scope| {
                let mut names: Vec<String> = scope.iter().map(str::to_owned).collect();
                names.sort();
                names
            })
        };
        assert_eq!(sorted(scope), sorted(self.expected.clone()), "{order:?}");
        let families = self.store.load_families(&self.grant.user_id).await.unwrap();
        let lives = families.iter().any(|family| family.ended.is_none());
        let began_after = self.flight == Flight::Answered && self.read_at == 2;
        assert_eq!(lives, began_after && self.with_family, "{order:?}");
        self.flight
    }
}

async fn explore(kind: Kind, with_family: bool, presses: &'static [&'static str]) {
    let store = store().await;
    let (mut answered, mut refused) = (0, 0);
    let left = [
        (Actor::Login, 3),
        (Actor::Operator, 2),
        (Actor::User, presses.len()),
    ];
    let orders = orders(left);
    for (number, order) in orders.iter().enumerate() {
        let user_id = UserId::parse(format!("auth0|{number}")).unwrap();
        let history = History {
            store: &store,
            kind,
            with_family,
            number: u32::try_from(number).unwrap(),
            grant: GrantKey {
                user_id,
                client_id: client_id(),
                audience: Some(audience()),
            },
            flight: Flight::Begun,
            withdrawn: 0,
            read_at: 0,
            drawn: 0,
            to_press: presses,
            expected: None,
        };
        match history.run(order).await {
            Flight::Answered => answered += 1,
            Flight::Refused => refused += 1,
            Flight::Begun | Flight::Granted(_) | Flight::Issued => panic!("{order:?}"),
        }
    }
    assert_eq!(answered + refused, orders.len());
    assert!(answered > 5 && refused > 20, "{answered} {refused}");
}

#[tokio::test]
async fn a_code_with_a_family_ends_with_its_consent_in_every_interleaving() {
    explore(Kind::Code, true, &["other", ASKED]).await;
}

#[tokio::test]
async fn a_code_without_a_family_ends_with_its_consent_in_every_interleaving() {
    explore(Kind::Code, false, &[ASKED]).await;
}

#[tokio::test]
async fn an_approval_with_a_family_ends_with_its_consent_in_every_interleaving() {
    explore(Kind::Device, true, &[ASKED]).await;
}

#[tokio::test]
async fn an_approval_without_a_family_ends_with_its_consent_in_every_interleaving() {
    explore(Kind::Device, false, &[ASKED]).await;
}
