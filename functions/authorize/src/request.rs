//! `/authorize`: the request is checked, then answered, or the browser is sent to log in.

use shared::{
    app::App,
    domain::denial::Denial,
    http::{Request, Response, params::Params},
};

use crate::{
    answer::{self, Refusal},
    checks, cross_origin,
    resume::{self, Arrival},
};

/// Checks in two halves: until client and redirect URI are known to belong together, an error is a
/// page; from then on it is told to the application.
pub(crate) async fn handle(app: &App, request: &Request) -> Result<Response, Denial> {
    let params = Params::of_authorization_request(request)?;
    let recipient = checks::recipient(app, &params).await?;
    let reply = recipient.reply(&params)?;
    let answered = match checks::request(app, &params, &recipient, app.moment(request).now).await {
        Ok(checked) => match params.text("login_ticket") {
            Ok(Some(ticket)) => cross_origin::complete(app, request, checked, ticket).await,
            Ok(None) => resume::proceed(app, request, checked, Arrival::Request).await,
            Err(denial) => {
                return answer::refuse(app, request, &reply, Refusal::invalid(&denial)).await;
            }
        },
        Err(checks::Fault::Told(refusal)) => {
            return answer::refuse(app, request, &reply, refusal).await;
        }
        Err(checks::Fault::Failed(denial)) => Err(denial),
    };
    answer::or_tell(app, request, &reply, answered).await
}
