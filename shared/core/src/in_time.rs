//! The time that Lambda gives a function for a request.

use ratchet_domain::error::Failure;
use ratchet_protocol::{Request, RequestContext};
use ratchet_system::Deadline;

/// Lambda is about to stop the function.
#[derive(Debug, thiserror::Error)]
#[error("the function has no time left")]
struct OutOfTime;

/// The result of the work for a request. A passing failure takes its place shortly before Lambda stops the function: the
/// gateway's own answer would have no CORS headers and no `Retry-After`, and the next request would wait for another
/// environment to start. The work ends where it waits. A write whose answer has not arrived is then like one whose answer
/// was lost.
pub async fn in_time<T>(request: &Request, work: impl Future<Output = T>) -> Result<T, Failure> {
    let answer_by = request
        .extensions()
        .get::<RequestContext>()
        .map_or(Deadline::NEVER, |context| context.answer_by);
    match answer_by.left() {
        Some(left) => tokio::time::timeout(left, work)
            .await
            .map_err(|_| Failure::unavailable(OutOfTime)),
        None => Ok(work.await),
    }
}

#[cfg(test)]
mod tests {
    use std::{future, time::Duration};

    use ratchet_domain::{error::Error, ids::RequestId};

    use super::*;

    fn request(answer_by: Deadline) -> Request {
        let mut request = Request::default();
        request.extensions_mut().insert(RequestContext {
            id: RequestId::from_bytes([0; 16]),
            client_ip: None,
            deadline: Deadline::NEVER,
            answer_by,
        });
        request
    }

    #[tokio::test]
    async fn work_that_does_not_end_is_a_passing_failure() {
        let request = request(Deadline::after(Duration::ZERO));
        let failure = in_time(&request, future::pending::<()>())
            .await
            .unwrap_err();
        assert!(matches!(failure, Failure::Unavailable(_)), "{failure:?}");
        assert_eq!(
            Error::from(failure).to_string(),
            "temporarily unavailable: the function has no time left"
        );
    }

    #[tokio::test]
    async fn work_that_ends_has_its_result() {
        for deadline in [Deadline::NEVER, Deadline::after(Duration::from_hours(1))] {
            assert_eq!(
                in_time(&request(deadline), future::ready(1)).await.unwrap(),
                1
            );
        }
        assert_eq!(
            in_time(&Request::default(), future::ready(1))
                .await
                .unwrap(),
            1
        );
    }
}
