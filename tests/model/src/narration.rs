//! A trace in words.

use crate::{
    action::{Action, Outcome},
    state::{Answer, Call, End, RefreshStep, State, Work},
};

/// The line for an action in a state.
pub fn line(state: &State, action: &Action) -> String {
    match action {
        Action::Present { device, ahead } => {
            let device = if *device == 0 { "client" } else { "thief" };
            let clock = match ahead {
                0 => String::new(),
                ahead => format!(" to an environment whose clock is {ahead} s ahead"),
            };
            format!(
                "{device} presents {}{clock} (call {})",
                held(state, device),
                state.next_call
            )
        }
        Action::Step { call, outcome } => match state.calls.get(*call) {
            Some(call) => format!("call {} {}{}", call.id, work(call), how(*outcome)),
            None => "no such call".to_owned(),
        },
        Action::ApplyLate(_) => "DynamoDB applies a write whose call has given up".to_owned(),
        Action::Second => "a second passes".to_owned(),
        Action::Steal => "thief copies the client's token".to_owned(),
        Action::Revoke => format!("client revokes its token (call {})", state.next_call),
        Action::Evict => format!("operator logs the user out (call {})", state.next_call),
        Action::ChangeType => "administrator changes the rotation type".to_owned(),
        Action::NewKey => "operator rotates the sealing key".to_owned(),
        Action::BackUp => "operator backs the table up".to_owned(),
        Action::Restore => "operator restores the table".to_owned(),
    }
}

fn held(state: &State, device: &str) -> String {
    let index = usize::from(device == "thief");
    let token = state.devices.get(index).and_then(|device| device.token);
    token.map_or_else(
        || "nothing".to_owned(),
        |token| format!("token {}", token.generation),
    )
}

fn work(call: &Call) -> String {
    match &call.work {
        Work::End(End::Revoke(_)) => "deletes the family".to_owned(),
        Work::End(End::BeginEpoch) => "begins a new epoch".to_owned(),
        Work::End(End::DeleteFamilies) => "deletes the families of earlier epochs".to_owned(),
        Work::End(End::Acknowledge) => "acknowledges".to_owned(),
        Work::Refresh(refresh) => match &refresh.step {
            RefreshStep::Load => "loads and decides".to_owned(),
            RefreshStep::Sign(..) | RefreshStep::SignReplay(_) => "signs".to_owned(),
            RefreshStep::Commit(write, _) => {
                format!("commits generation {}", write.next.0.generation.number())
            }
            RefreshStep::Fence(_) => "fences its write off".to_owned(),
            RefreshStep::Reread(_) => "reads what is stored".to_owned(),
            RefreshStep::Afterwards(..) => "does what is left after the commit".to_owned(),
            RefreshStep::EndConsent(_) => "ends the consent".to_owned(),
            RefreshStep::EndFamily(_) => "ends the family".to_owned(),
            RefreshStep::Answer(Answer::Tokens(Some(token))) => {
                format!("answers with token {}", token.generation)
            }
            RefreshStep::Answer(Answer::Tokens(None)) => "answers without a token".to_owned(),
            RefreshStep::Answer(Answer::InvalidGrant) => "answers invalid_grant".to_owned(),
            RefreshStep::Answer(Answer::Unavailable) => "answers 503".to_owned(),
        },
    }
}

const fn how(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Succeeds => "",
        Outcome::Fails => ": it fails",
        Outcome::LosesAnswer => ": the answer is lost",
        Outcome::AppliesLater => ": it times out and is still on its way",
        Outcome::Crashes => ": the function crashes first",
    }
}
