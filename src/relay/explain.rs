//! What would be decided for a message: `souspli explain`.

use super::Relay;
use crate::config::Account;
use crate::policy::Submission;
use crate::policy::outgoing::{self, Decision, Need};
use crate::text::{Explain, rule};

impl Relay {
    /// What would be decided, in French and English lines.
    pub async fn explain(&self, account: &Account, submission: &Submission) -> Vec<String> {
        let why = match self.need(account, submission) {
            Need::Clear => return vec![rule::would_pass().to_string()],
            Need::Sign => return [vec![rule::would_sign().to_string()], self.wrong_sender(account, submission)].concat(),
            Need::Refuse(refusal) => return vec![refusal.explain().to_string()],
            Need::Secure(why) => why,
        };
        let found = self.certificates(&submission.envelope.recipients).await;
        let mut lines = vec![rule::would_seal(&why.rule(&self.config.policy)).to_string()];
        lines.extend(
            match outgoing::decide(submission, account, self.rules(&self.space_as_known()), &why, &found.lookups) {
                Decision::Seal => None,
                Decision::SealExcept(addresses) => Some(rule::would_leave_out(&addresses).to_string()),
                Decision::SealOrTrust(addresses) => Some(rule::would_pass_over_channel(&addresses).to_string()),
                Decision::Refuse(refusal) => Some(refusal.explain().to_string()),
            },
        );
        lines.extend(self.wrong_sender(account, submission));
        for (address, certificate, unfit) in &found.refused {
            let (serial, issuer) = (certificate.serial_hex(), certificate.issuer_common_name());
            lines.push(rule::not_chosen(address, &serial, issuer, &unfit.explain()).to_string());
        }
        for (address, chosen) in &found.chosen {
            let (issuer, serial, until) = (chosen.issuer_common_name(), chosen.serial_hex(), chosen.not_after().civil().date());
            lines.push(format!("{address}\t{}\t{issuer}\t{serial}\t{until}", chosen.holder()));
        }
        lines
    }

    fn wrong_sender(&self, account: &Account, submission: &Submission) -> Vec<String> {
        let refusal = self.speaks_for(account, &submission.message).err();
        refusal.iter().map(ToString::to_string).collect()
    }
}
