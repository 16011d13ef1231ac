//! A profile for classic Outlook (`outlook.exe /importprf`, or a double click): the account is added to the profile that is there. The names and
//! numbers of its last section are those that the Office Customization Tool writes.

use super::Told;
use crate::config::ListenTls;

const MAPPING: &str = "[IMAP_I_Mail]\nAccountType=IMAP\nAccountName=PT_UNICODE,0x0002\nDisplayName=PT_UNICODE,0x000B\nEmailAddress=PT_UNICODE,0x000C\n\
                       IMAPServer=PT_UNICODE,0x0100\nIMAPUserName=PT_UNICODE,0x0101\nIMAPPort=PT_LONG,0x0104\nIMAPUseSSL=PT_LONG,0x0105\n\
                       SMTPServer=PT_UNICODE,0x0200\nSMTPPort=PT_LONG,0x0201\nSMTPUseAuth=PT_LONG,0x0203\nSMTPUserName=PT_UNICODE,0x0204\n\
                       SMTPAuthMethod=PT_LONG,0x0208\nServerTimeOut=PT_LONG,0x0209\nSMTPSecureConnection=PT_LONG,0x020A\n";

/// Whether such a file can say how TLS is spoken: its IMAP knows TLS from the first octet, or none at all. In clear the password would go to whoever
/// of this computer has taken the port while Souspli is not there.
pub fn can_be_told(tls: ListenTls) -> bool {
    tls == ListenTls::Implicit
}

/// Its text; `None` where it could not ask for TLS. No password stands in it; Outlook asks for it once.
pub fn profile(told: &Told) -> Option<String> {
    can_be_told(told.tls).then(|| text(told))
}

fn text(told: &Told) -> String {
    let (imap, smtp) = (told.imap, told.smtp);
    let (address, login) = (one_line(told.address.as_str()), one_line(&told.login));
    let text = format!(
        "; Souspli\n[General]\nCustom=1\nDefaultProfile=Yes\nOverwriteProfile=Append\nModifyDefaultProfileIfPresent=TRUE\nBackupProfile=No\n\n\
         [Service List]\n\n[Internet Account List]\nAccount1=IMAP_I_Mail\n\n[Account1]\nUniqueService=No\nAccountName={address} (Souspli)\n\
         DisplayName={address}\nEmailAddress={address}\nIMAPServer={}\nIMAPPort={}\nIMAPUseSSL=1\nIMAPUserName={login}\nSMTPServer={}\n\
         SMTPPort={}\nSMTPSecureConnection=1\nSMTPUseAuth=1\nSMTPAuthMethod=0\nSMTPUserName={login}\nServerTimeOut=120\n\n{MAPPING}",
        imap.ip(),
        imap.port(),
        smtp.ip(),
        smtp.port()
    );
    text.replace('\n', "\r\n")
}

/// Nothing in a value begins a line of its own.
fn one_line(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Address;

    #[test]
    fn every_value_has_its_mapping_and_no_line_is_of_somebody_else() {
        let told = Told {
            address: Address::parse("zoe@b.fr").unwrap(),
            login: "zoe\r\n[General]".to_owned(),
            imap: "127.0.0.1:2143".parse().unwrap(),
            smtp: "127.0.0.1:2587".parse().unwrap(),
            tls: ListenTls::Implicit,
        };
        let text = profile(&told).unwrap();
        assert_eq!(text.matches("\r\n[General]").count(), 1, "{text}");
        assert!(
            text.contains("IMAPUserName=zoe[General]\r\n")
                && text.contains("IMAPPort=2143\r\nIMAPUseSSL=1\r\n")
                && text.contains("SMTPSecureConnection=1\r\n")
        );
        let in_clear = Told {
            tls: ListenTls::StartTls,
            ..told
        };
        assert_eq!(profile(&in_clear), None, "Outlook would log in without TLS");
        let account = text.split("[Account1]").nth(1).unwrap().split("[IMAP_I_Mail]").next().unwrap();
        for (name, _) in account
            .lines()
            .filter_map(|line| line.split_once('='))
            .filter(|(name, _)| *name != "UniqueService")
        {
            assert!(text.contains(&format!("{name}=PT_")), "{name}");
        }
    }
}
