//! Back-channel logout ([OpenID Connect Back-Channel Logout 1.0], [Auth0's page]): at the end of a session, our
//! server, not the browser, notifies the applications that were logged into in it.
//!
//! [OpenID Connect Back-Channel Logout 1.0]: https://openid.net/specs/openid-connect-backchannel-1_0.html
//! [Auth0's page]: https://auth0.com/docs/authenticate/login/logout/back-channel-logout

use futures_util::future::join_all;
use ratchet_domain::{
    client::{Client, LogoutInitiator},
    error::{Error, Failure},
    ids::ClientId,
    session::Session,
    time::Timestamp,
};
use ratchet_telemetry::event;

use super::App;

impl App {
    /// Notifies every application of an ended session that asked for it, all at once. A failure is logged; it does not
    /// prevent the user's logout.
    pub async fn notify_of_end(&self, ended: &Session, initiator: LogoutInitiator, now: Timestamp) {
        let notifications = ended.clients.iter().map(async |client_id| {
            let client = match self.client(client_id).await {
                Ok(Some(client)) => client,
                // The application has been deleted since.
                Ok(None) => return,
                Err(error) => return failed(client_id, ended, None, &error),
            };
            let urls = client.oidc_logout.urls_for(initiator);
            join_all(urls.iter().map(
                async |url| match notify(self, &client, url, ended, now).await {
                    Ok(()) => tracing::info!(
                        r#type = event::BACKCHANNEL_LOGOUT,
                        %client_id,
                        user_id = %ended.user_id,
                        session_id = %ended.session_id,
                        url,
                    ),
                    Err(error) => failed(client_id, ended, Some(url), &error),
                },
            ))
            .await;
        });
        join_all(notifications).await;
    }
}

/// Sends one POST with its own logout token (section 2.5). The expected status is 200; 204 counts as well
/// (section 2.8).
async fn notify(
    app: &App,
    client: &Client,
    url: &str,
    ended: &Session,
    now: Timestamp,
) -> Result<(), Error> {
    let token = app.logout_token(client, ended, now).await?;
    // A JWT needs no form encoding.
    let form = format!("logout_token={token}");
    let status = app
        .outbound
        .post_form(url, form)
        .await
        .map_err(Failure::unavailable)?;
    if status.is_success() {
        Ok(())
    } else {
        Err(Failure::unavailable(format!("answered with {status}")).into())
    }
}

fn failed(client_id: &ClientId, ended: &Session, url: Option<&str>, error: &Error) {
    tracing::warn!(
        r#type = event::BACKCHANNEL_LOGOUT_FAILED,
        %client_id,
        user_id = %ended.user_id,
        session_id = %ended.session_id,
        url,
        reason = %error,
    );
}
