//! What would be decided for a message: `souspli explain`.

use super::Relay;
use crate::config::Account;
use crate::policy::Submission;
use crate::policy::outgoing::{self, Decision, Need};
use crate::text::{Explain, rule, whitelist};

impl Relay {
    /// What would be decided, in French and English lines.
    pub async fn explain(&self, account: &Account, submission: &Submission) -> Vec<String> {
        let why = match self.need(account, submission) {
            Need::Clear => return [vec![rule::would_pass().to_string()], self.way_into_space(account, submission)].concat(),
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
        lines.extend(self.way_into_space(account, submission));
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

    /// Through which account the members of the space of trust are written to, and by which list they are that.
    fn way_into_space(&self, account: &Account, submission: &Submission) -> Vec<String> {
        let space = self.space_as_known();
        let recipients = submission.envelope.recipients.iter().map(|r| &r.address);
        let inside: Vec<_> = recipients.filter(|address| space.holds(address)).cloned().collect();
        let by_list = inside.iter().any(|address| space.listed.contains(address.domain()));
        let list = self.whitelist().ok().flatten().filter(|_| by_list);
        let list = list.map(|list| whitelist::kept(list.domains.len(), &list.generated, &list.origin, list.days(self.now())));
        let companion = account.mssante_via.as_ref().filter(|_| !inside.is_empty());
        let companion = companion.map(|companion| rule::would_leave_through(companion, &inside).to_string());
        list.into_iter().chain(companion).collect()
    }

    fn wrong_sender(&self, account: &Account, submission: &Submission) -> Vec<String> {
        let refusal = self.speaks_for(account, &submission.message).err();
        refusal.iter().map(ToString::to_string).collect()
    }
}
