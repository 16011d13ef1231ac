use super::*;
use crate::config::model::Terms;
use crate::config::parse::parse;
use crate::text::Explain;

#[test]
fn the_smallest_section_has_the_usual_attributes() {
    let directory = only("name = \"annuaire\"\nurl = \"ldap://annuaire.lab.test\"\nbase = \"o=x\"\n");
    let server = Server {
        host: "annuaire.lab.test".into(),
        port: 389,
        tls: ServerTls::StartTls,
        terms: Terms::default(),
    };
    assert_eq!((directory.server, directory.base.as_str()), (server, "o=x"));
    assert_eq!(directory.attributes.mail, ["mail"]);
    assert_eq!(directory.attributes.certificate, ["userCertificate;binary", "userSMIMECertificate"]);
    assert!(directory.by_name && directory.bind.is_none());
    assert_eq!((directory.timeout, directory.life.fresh), (8, 86_400));
}

#[test]
fn a_preset_gives_the_base_and_every_key_can_say_otherwise() {
    let url = "name = \"a\"\nurl = \"ldaps://h:1636/\"\npreset = \"gip-cps\"\n";
    let directory = only(url);
    assert_eq!((directory.base.as_str(), directory.server.port), ("o=gip-cps,c=fr", 1636));
    let other = only(&format!(
        "{url}base = \"o=gip-cps-test,c=fr\"\nmail = [\"m\", \"n\"]\nsurname = \"nom\"\nby_name = false\n"
    ));
    assert_eq!(
        (other.base.as_str(), other.attributes.surname.as_str()),
        ("o=gip-cps-test,c=fr", "nom")
    );
    assert_eq!(other.attributes.mail, ["m", "n"]);
    assert!(!other.by_name);
}

#[test]
fn clear_is_for_this_computer_unless_the_user_insists() {
    let plain = |host: &str, more: &str| format!("name = \"a\"\nurl = \"ldap://{host}\"\nbase = \"o=x\"\nstarttls = false\n{more}");
    for host in ["127.0.0.1:3389", "localhost", "[::1]:3389"] {
        assert_eq!(only(&plain(host, "")).server.tls, ServerTls::Plain, "{host}");
    }
    assert_eq!(codes(&plain("annuaire.fr", "")), [(3, "SP-CONFIG-DIRECTORY-CLEAR")]);
    assert_eq!(only(&plain("annuaire.fr", "insecure = true\n")).server.tls, ServerTls::Plain);
    let with_password = plain("annuaire.fr", "insecure = true\nbind_dn = \"cn=a\"\n");
    assert_eq!(codes(&with_password), [(3, "SP-CONFIG-DIRECTORY-CLEAR")]);
}

#[test]
fn every_fault_is_told_with_its_line() {
    let text = "name = \"a\\u001b\"\nurl = \"http://x\"\nmail = [\"ma il\"]\ntimeout_seconds = 0\nkeep_days = 366\npassword_command = [\"x\"]\nport = 3\n";
    let expected = [
        (1, "SP-CONFIG-MISSING-KEY"),
        (1, "SP-CONFIG-MISSING-KEY"),
        (2, "SP-CONFIG-DIRECTORY-NAME"),
        (3, "SP-CONFIG-DIRECTORY-URL"),
        (4, "SP-CONFIG-ATTRIBUTE"),
        (5, "SP-CONFIG-RANGE"),
        (6, "SP-CONFIG-RANGE"),
        (8, "SP-CONFIG-UNKNOWN-KEY"),
    ];
    assert_eq!(codes(text), expected);
    let one = "name = \"a\"\nurl = \"ldaps://h\"\nbase = \"o=x\"\n";
    assert_eq!(codes(&format!("{one}[[directory]]\n{one}")), [(5, "SP-CONFIG-SAME-DIRECTORY")]);
}

fn only(section: &str) -> DirectoryServer {
    parse(&format!("[[directory]]\n{section}")).unwrap().directories.remove(0)
}

fn codes(section: &str) -> Vec<(usize, &'static str)> {
    let faults = parse(&format!("[[directory]]\n{section}")).unwrap_err();
    faults.iter().map(|fault| (fault.line, fault.explain().code)).collect()
}
