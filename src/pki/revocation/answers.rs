//! What OCSP answers that are held say of one certificate.

use super::{Age, Bad, Known, Proof, ProofKind, Question, Why, sources};
use crate::pki::cert::Certificate;
use crate::pki::ocsp::{AnswerError, Said, answer};
use crate::pki::oid;

impl Question<'_> {
    /// `Ok(None)`: the certificate names no server.
    pub(super) fn by_answers(&self) -> Known {
        let mut whys = Vec::new();
        let mut newest: Option<Proof> = None;
        for bytes in self.held.answers(self.certificate, self.issuer) {
            match self.judged(&bytes) {
                Ok(proof) if newest.is_none_or(|n| n.as_of < proof.as_of) => newest = Some(proof),
                Ok(_) => {}
                Err(revoked @ Bad::Revoked(_)) => return Err(revoked),
                Err(Bad::Unknown(why)) => whys.push(why),
            }
        }
        match (newest, whys.into_iter().max()) {
            (Some(proof), _) => Ok(Some(proof)),
            (None, Some(why)) => Err(Bad::Unknown(why)),
            (None, None) if self.sources.ocsp.is_empty() => Ok(None),
            (None, None) => Err(Bad::Unknown(self.held.missing(self.sources))),
        }
    }

    fn judged(&self, bytes: &[u8]) -> Result<Proof, Bad> {
        let said = answer(bytes, self.certificate, self.issuer, self.at, None).map_err(|e| Bad::Unknown(why(e)))?;
        if let Some(delegate) = &said.delegate {
            self.delegate_stands(delegate)?;
        }
        let until = said.end();
        let age = Age::of(until, self.at, self.rules);
        match said.said {
            Said::Revoked(entry) => Err(Bad::Revoked(entry)),
            _ if age == Age::Stale => Err(Bad::Unknown(Why::Stale { until })),
            Said::Unknown => Err(Bad::Unknown(Why::NotKnownThere)),
            Said::Good => Ok(Proof {
                kind: ProofKind::Answer,
                as_of: said.this_update,
                until,
                age,
            }),
        }
    }

    /// A delegate without id-pkix-ocsp-nocheck is looked for in the lists that are held; its authority gives it a short life where
    /// there are none (RFC 6960 §4.2.2.2.1).
    fn delegate_stands(&self, delegate: &Certificate) -> Result<(), Bad> {
        if sources::has(delegate, oid::OCSP_NOCHECK) {
            return Ok(());
        }
        let of_delegate = sources::sources(delegate);
        let question = Question {
            certificate: delegate,
            sources: &of_delegate,
            ..*self
        };
        match question.by_lists() {
            Err(Bad::Revoked(_)) => Err(Bad::Unknown(Why::WrongSigner)),
            _ => Ok(()),
        }
    }
}

fn why(error: AnswerError) -> Why {
    match error {
        AnswerError::Unreadable | AnswerError::NotAbout => Why::Unreadable,
        AnswerError::Refused(_) => Why::NeverFetched,
        AnswerError::OtherNonce | AnswerError::WrongSigner => Why::WrongSigner,
        AnswerError::NotYet => Why::NotYet,
    }
}
