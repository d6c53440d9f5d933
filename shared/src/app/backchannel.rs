//! Back-channel logout ([OpenID Connect Back-Channel Logout 1.0], [Auth0's page]): when a session ends, the
//! applications that were logged into in it hear of it from us, not from the browser.
//!
//! [OpenID Connect Back-Channel Logout 1.0]: https://openid.net/specs/openid-connect-backchannel-1_0.html
//! [Auth0's page]: https://auth0.com/docs/authenticate/login/logout/back-channel-logout

use futures_util::future::join_all;

use super::App;
use crate::{
    domain::{
        client::{Client, LogoutInitiator},
        denial::Denial,
        ids::ClientId,
        session::Session,
        time::Timestamp,
    },
    telemetry::event,
};

impl App {
    /// Notifies every application of an ended session that asked for it, all at once. One that cannot be
    /// reached is logged, and keeps no user from logging out.
    pub async fn notify_of_end(&self, ended: &Session, initiator: LogoutInitiator, now: Timestamp) {
        let told = ended.clients.iter().map(async |client_id| {
            let client = match self.client(client_id).await {
                Ok(Some(client)) => client,
                // It has been deleted since.
                Ok(None) => return,
                Err(denial) => return failed(client_id, ended, None, &denial),
            };
            let urls = client.oidc_logout.urls_for(initiator);
            join_all(urls.iter().map(
                async |url| match tell(self, &client, url, ended, now).await {
                    Ok(()) => tracing::info!(
                        r#type = event::BACKCHANNEL_LOGOUT,
                        %client_id,
                        user_id = %ended.user_id,
                        session_id = %ended.session_id,
                        url,
                    ),
                    Err(denial) => failed(client_id, ended, Some(url), &denial),
                },
            ))
            .await;
        });
        join_all(told).await;
    }
}

/// One POST with a logout token of its own (section 2.5). A good answer is 200; 204 is as good
/// (section 2.8).
async fn tell(
    app: &App,
    client: &Client,
    url: &str,
    ended: &Session,
    now: Timestamp,
) -> Result<(), Denial> {
    let token = app.logout_token(client, ended, now).await?;
    // A JWT needs no encoding in a form.
    let form = format!("logout_token={token}");
    let status = app
        .outbound
        .post_form(url, form)
        .await
        .map_err(|error| Denial::Unavailable(error.to_string()))?;
    if status.is_success() {
        Ok(())
    } else {
        Err(Denial::Unavailable(format!("answered with {status}")))
    }
}

fn failed(client_id: &ClientId, ended: &Session, url: Option<&str>, denial: &Denial) {
    tracing::warn!(
        r#type = event::BACKCHANNEL_LOGOUT_FAILED,
        %client_id,
        user_id = %ended.user_id,
        session_id = %ended.session_id,
        url,
        reason = %denial,
    );
}
