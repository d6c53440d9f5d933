//! Converts errors of the HTTP client and of TLS to a [`Reason`].

use std::{error::Error, io};

use http_body_util::LengthLimitError;
use rustls::{AlertDescription, CertificateError};

use crate::requests::failure::{Reason, Stage};

/// The reason that the causes of an error show.
pub(super) fn reason(error: &(dyn Error + 'static), stage: Stage, most: usize) -> Reason {
    let mut dials = false;
    let mut cause = Some(error);
    while let Some(error) = cause {
        let said = error.to_string();
        if error.is::<LengthLimitError>() {
            return Reason::AnswerTooLarge(most);
        }
        // The connector's own types are private, but its text names the failed step.
        if said == "dns error" {
            return lookup(error.source());
        }
        dials |= said == "tcp connect error";
        let found = error
            .downcast_ref::<io::Error>()
            .and_then(|error| of_io(error, dials, stage))
            .or_else(|| error.downcast_ref().map(of_tls))
            .or_else(|| error.downcast_ref().and_then(of_http));
        if let Some(found) = found {
            return found;
        }
        cause = error.source();
    }
    if stage == Stage::Body {
        return Reason::BadChunk;
    }
    Reason::Closed
}

fn lookup(cause: Option<&(dyn Error + 'static)>) -> Reason {
    let said = cause.map(ToString::to_string).unwrap_or_default();
    // `getaddrinfo` has its own error numbers, of which only the text arrives here.
    if said.contains("Temporary failure") || said.contains("try again") {
        return Reason::Lookup {
            code: "EAI_AGAIN",
            errno: -3001,
        };
    }
    Reason::Lookup {
        code: "ENOTFOUND",
        errno: -3008,
    }
}

fn of_io(error: &io::Error, dials: bool, stage: Stage) -> Option<Reason> {
    if let Some(inner) = error.get_ref() {
        if let Some(error) = inner.downcast_ref() {
            return Some(of_tls(error));
        }
        if let Some(error) = inner.downcast_ref::<io::Error>() {
            return of_io(error, dials, stage);
        }
    }
    let (code, errno) = match error.kind() {
        io::ErrorKind::ConnectionRefused => ("ECONNREFUSED", -111),
        io::ErrorKind::ConnectionReset => ("ECONNRESET", -104),
        io::ErrorKind::ConnectionAborted => ("ECONNABORTED", -103),
        io::ErrorKind::TimedOut => ("ETIMEDOUT", -110),
        io::ErrorKind::HostUnreachable => ("EHOSTUNREACH", -113),
        io::ErrorKind::NetworkUnreachable => ("ENETUNREACH", -101),
        io::ErrorKind::NetworkDown => ("ENETDOWN", -100),
        io::ErrorKind::AddrNotAvailable => ("EADDRNOTAVAIL", -99),
        io::ErrorKind::PermissionDenied => ("EACCES", -13),
        io::ErrorKind::BrokenPipe => ("EPIPE", -32),
        io::ErrorKind::UnexpectedEof if stage == Stage::Connecting => {
            return Some(Reason::ClosedBeforeTls);
        }
        io::ErrorKind::UnexpectedEof => return Some(Reason::Closed),
        io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData if stage == Stage::Body => {
            return Some(Reason::BadChunk);
        }
        _ => return None,
    };
    let syscall = match code {
        "EPIPE" => "write",
        _ if dials => "connect",
        _ => "read",
    };
    Some(Reason::System {
        code,
        errno,
        syscall,
    })
}

fn of_tls(error: &rustls::Error) -> Reason {
    match error {
        rustls::Error::InvalidCertificate(error) => of_certificate(error),
        rustls::Error::AlertReceived(AlertDescription::HandshakeFailure) => {
            Reason::Tls("ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE")
        }
        rustls::Error::AlertReceived(AlertDescription::ProtocolVersion)
        | rustls::Error::PeerIncompatible(_) => Reason::Tls("ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION"),
        rustls::Error::InvalidMessage(_) => Reason::Tls("ERR_SSL_WRONG_VERSION_NUMBER"),
        _ => Reason::Tls("EPROTO"),
    }
}

/// OpenSSL's code and message, as far as rustls distinguishes the cases: for an unknown issuer it does not report
/// whether the certificate is self-signed.
fn of_certificate(error: &CertificateError) -> Reason {
    let (code, message) = match error {
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
            ("CERT_HAS_EXPIRED", "certificate has expired")
        }
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            ("CERT_NOT_YET_VALID", "certificate is not yet valid")
        }
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => (
            "ERR_TLS_CERT_ALTNAME_INVALID",
            "Hostname/IP does not match certificate's altnames",
        ),
        CertificateError::Revoked => ("CERT_REVOKED", "certificate revoked"),
        CertificateError::BadSignature => {
            ("CERT_SIGNATURE_FAILURE", "certificate signature failure")
        }
        CertificateError::UnknownIssuer => (
            "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
            "unable to verify the first certificate",
        ),
        // A server uses the certificate of an authority as its own: webpki checks that before it looks for an issuer.
        CertificateError::Other(error) if error.to_string().contains("CaUsedAsEndEntity") => {
            ("DEPTH_ZERO_SELF_SIGNED_CERT", "self-signed certificate")
        }
        _ => ("CERT_REJECTED", "certificate rejected"),
    };
    Reason::Certificate(code, message)
}

fn of_http(error: &hyper::Error) -> Option<Reason> {
    if error.is_parse_too_large() {
        return Some(Reason::HeadTooLarge);
    }
    if error.is_parse() {
        return Some(Reason::NotHttp);
    }
    let closed = error.is_incomplete_message() || error.is_canceled() || error.is_closed();
    closed.then_some(Reason::Closed)
}
