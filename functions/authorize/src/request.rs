//! `/authorize`: the request is checked, then answered, or the browser is sent to log in.

use shared::{
    domain::denial::Denial,
    http::{Response, params::Params},
};

use crate::{
    answer::{self, Refusal},
    checks, cross_origin,
    resume::{self, Arrival},
    visit::Visit,
};

/// Checks in two halves: until client and redirect URI are known to belong together, an error is a
/// page; from then on it is told to the application.
pub(crate) async fn handle(visit: &Visit<'_>) -> Result<Response, Denial> {
    let params = Params::of_authorization_request(visit.request)?;
    let recipient = checks::recipient(visit, &params).await?;
    let reply = recipient.reply(&params)?;
    let answered = match checks::request(visit, &params, &recipient).await {
        Ok(checked) => match params.text("login_ticket") {
            Ok(Some(ticket)) => cross_origin::complete(visit, checked, ticket).await,
            Ok(None) => resume::proceed(visit, checked, Arrival::Request).await,
            Err(denial) => {
                return answer::refuse(visit, &reply, Refusal::invalid(&denial)).await;
            }
        },
        Err(checks::Fault::Told(refusal)) => {
            return answer::refuse(visit, &reply, refusal).await;
        }
        Err(checks::Fault::Failed(denial)) => Err(denial),
    };
    answer::or_tell(visit, &reply, answered).await
}
