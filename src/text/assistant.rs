//! Words of the assistant: from an address to a sealed letter.

use super::dashboard::Words;
use super::{Explanation, Why};
use crate::base::{Address, Retry};

macro_rules! words {
    ($($(#[$doc:meta])* $name:ident: $fr:literal, $en:literal;)*) => {
        $($(#[$doc])* pub const $name: Words = Words::new($fr, $en);)*
    };
}

words! {
    /// Title of a page.
    TITLE: "Mise en service", "Set-up";
    /// What it leads to.
    INTRO: "En six étapes, de votre adresse à un premier pli. Vous pouvez fermer cette page et revenir : rien de ce qui est fait n’est perdu.",
        "Six steps, from your address to a first sealed letter. You can close this page and come back: nothing that is done is lost.";
    /// The list of steps.
    STEPS: "Étapes", "Steps";
    /// A step.
    STEP_ADDRESS: "Votre adresse", "Your address";
    /// A step.
    STEP_SERVERS: "Les serveurs de votre messagerie", "The servers of your provider";
    /// A step.
    STEP_KEY: "Votre clé", "Your key";
    /// A step.
    STEP_SERVICE: "Mise en service", "Into service";
    /// A step.
    STEP_PROGRAM: "Votre logiciel de messagerie", "Your mail program";
    /// A step.
    STEP_LETTER: "Un pli d’essai", "A test letter";
    /// Beside a step that is done.
    DONE: "fait", "done";
    /// A button.
    CONTINUE: "Continuer", "Continue";
    /// Asked first.
    ADDRESS_INTRO: "De quelle adresse envoyez-vous des lettres à mettre sous pli ?", "From which address do you send letters that are to be sealed?";
    /// A field.
    ADDRESS: "Adresse électronique", "E-mail address";
    /// Above the servers.
    SERVERS_INTRO: "Souspli se place devant ces serveurs. Il ne parle avec eux que sous TLS, et seulement s’ils prouvent leur nom.",
        "Souspli stands in front of these servers. It speaks with them in TLS only, and only if they prove their name.";
    /// A field.
    SMTP_HOST: "Serveur d’envoi (SMTP)", "Sending server (SMTP)";
    /// A field.
    IMAP_HOST: "Serveur de réception (IMAP)", "Receiving server (IMAP)";
    /// A field.
    PORT: "Port", "Port";
    /// A field.
    SECURITY: "Sécurité", "Security";
    /// A choice.
    IMPLICIT: "TLS dès le début (SSL/TLS)", "TLS from the start (SSL/TLS)";
    /// A choice.
    STARTTLS: "STARTTLS", "STARTTLS";
    /// A field.
    LOGIN: "Identifiant chez votre fournisseur", "User name at your provider";
    /// A row.
    LOGIN_HERE: "Identifiant", "User name";
    /// A field.
    PASSWORD: "Mot de passe de cette messagerie", "Password of this mailbox";
    /// Below it.
    PASSWORD_HINT: "Il sert à cet essai, puis il est oublié : c’est votre logiciel de messagerie qui le garde. Sans lui, seuls les serveurs sont essayés.",
        "It serves for this trial and is then forgotten: your mail program keeps it. Without it only the servers are tried.";
    /// Below that of the test letter.
    LETTER_PASSWORD_HINT: "Il sert à ce pli d’essai, puis il est oublié : c’est votre logiciel de messagerie qui le garde.",
        "It serves for this test letter and is then forgotten: your mail program keeps it.";
    /// A box to be ticked.
    IS_MSSANTE: "Cette messagerie est dans l’espace de confiance MSSanté", "This mailbox is in the MSSanté space of trust";
    /// Nobody says anything.
    NOTHING_FOUND: "Rien n’a été trouvé pour ce domaine : donnez les serveurs que votre fournisseur indique dans son aide.",
        "Nothing was found for this domain: give the servers that your provider's help pages tell.";
    /// From where a proposal comes.
    SOURCE_KNOWN: "Souspli connaît ce fournisseur :", "Souspli knows this provider:";
    /// From where a proposal comes; the host follows.
    SOURCE_PUBLISHED: "Publié pour les logiciels de messagerie, sous TLS, par", "Published for mail programs, in TLS, by";
    /// From where a proposal comes; the domain follows.
    SOURCE_DNS: "Trouvé dans le DNS, que personne ne signe : vérifiez que ces noms sont ceux de votre fournisseur",
        "Found in the DNS, which nobody signs: check that these names are your provider's";
    /// From where a proposal comes; the host follows.
    SOURCE_EXCHANGE: "D’après le serveur qui reçoit votre courrier, dans un DNS que personne ne signe : vérifiez que c’est votre fournisseur",
        "By the server that takes your mail, in a DNS that nobody signs: check that it is your provider";
    /// Hosts elsewhere; they follow.
    STRANGERS: "Hors du domaine de votre adresse ; continuez si vous reconnaissez votre fournisseur",
        "Outside the domain of your address; go on if you recognise your provider";
    /// A button.
    TAKE_PROPOSAL: "Reprendre ces serveurs", "Take these servers";
    /// A button.
    TRY: "Essayer ces serveurs", "Try these servers";
    /// A button.
    OTHER_ADDRESS: "Une autre adresse", "Another address";
    /// What is tried.
    SENDING_ANSWERS: "Le serveur d’envoi répond, sous TLS et sous son nom", "The sending server answers, in TLS and under its name";
    /// What is tried.
    SENDING_KNOWS: "Le serveur d’envoi vous connaît", "The sending server knows you";
    /// What is tried.
    READING_ANSWERS: "Le serveur de réception répond, sous TLS et sous son nom", "The receiving server answers, in TLS and under its name";
    /// What is tried.
    READING_KNOWS: "Le serveur de réception vous connaît", "The receiving server knows you";
    /// Above the ways to a key.
    KEY_INTRO: "Votre clé signe vos lettres et ouvre celles que vous recevez. Elle reste sur cet ordinateur, chiffrée, ou sur votre carte.",
        "Your key signs your letters and opens those that you receive. It stays on this computer, encrypted, or on your card.";
    /// A way to a key.
    KEY_FILE: "J’ai un fichier (.p12 ou .pfx)", "I have a file (.p12 or .pfx)";
    /// A field.
    FILE: "Le fichier de la clé", "The key file";
    /// A field.
    FILE_PASSWORD: "Son mot de passe", "Its password";
    /// A button.
    IMPORT: "Importer cette clé", "Import this key";
    /// A way to a key.
    KEY_CARD: "J’ai une carte (CPS, clé USB)", "I have a card (CPS, USB token)";
    /// Below it.
    KEY_CARD_INTRO: "Insérez la carte dans son lecteur. Aucun code n’est demandé ici : Souspli le demandera dans sa propre fenêtre, quand la carte devra servir.",
        "Put the card into its reader. No PIN is asked for here: Souspli will ask for it in a window of its own, when the card is needed.";
    /// A button.
    LOOK_FOR_CARD: "Chercher la carte", "Look for the card";
    /// A button.
    TAKE_CARD: "Prendre ces clés", "Take these keys";
    /// A way to a key.
    KEY_REQUEST: "Je n’ai pas encore de certificat", "I have no certificate yet";
    /// Below it.
    KEY_REQUEST_INTRO: "Souspli fabrique une clé et la demande de son certificat, à remettre à votre autorité. Quand sa réponse arrive par courrier, elle est mise en service d’elle-même.",
        "Souspli makes a key and the request for its certificate, to be handed to your authority. When its answer comes by mail it is taken into use by itself.";
    /// A field.
    REQUEST_SUBJECT: "Nom à certifier", "Name to be certified";
    /// A button.
    REQUEST: "Fabriquer la clé et enregistrer la demande", "Make the key and save the request";
    /// A button.
    KEY_LATER: "Continuer sans clé pour l’instant", "Go on without a key for now";
    /// The same where those that are there do not suffice.
    KEY_LATER_SO: "Continuer ainsi pour l’instant", "Go on like this for now";
    /// Keys that are there.
    KEYS_THERE: "Clés de ce compte", "Keys of this account";
    /// A request that waits.
    REQUEST_WAITS: "Une demande de certificat attend sa réponse.", "A request for a certificate waits for its answer.";
    /// Above what will be written.
    SERVICE_INTRO: "Ceci sera écrit dans la configuration de Souspli ; le reste n’y change pas. Le relais reprend aussitôt avec ce compte : une lettre qui part à cet instant part d’abord.",
        "This will be written into Souspli's configuration; the rest of it stays. The relay goes on with this account at once: a letter that is leaving leaves first.";
    /// A row.
    ACCOUNT: "Compte", "Account";
    /// A row.
    CHANNEL: "Messagerie", "Mailbox";
    /// A row.
    CONFIGURATION: "Fichier", "File";
    /// What the administrators of this computer have said.
    FIXED: "Fixé par votre service informatique", "Fixed by your IT department";
    /// A button.
    PUT_INTO_SERVICE: "Mettre ce compte en service", "Put this account into service";
    /// It is.
    IN_SERVICE: "Ce compte est en service.", "This account is in service.";
    /// Above the settings.
    PROGRAM_INTRO: "Votre logiciel de messagerie passe désormais par Souspli : donnez-lui ces serveurs à la place de ceux de votre fournisseur. Identifiant et mot de passe ne changent pas.",
        "From now on your mail program goes through Souspli: give it these servers in place of your provider's. User name and password stay the same.";
    /// The same where Souspli logs in by itself.
    PROGRAM_LOCAL: "Pour ce compte le mot de passe est le mot de passe local de Souspli.", "For this account the password is Souspli's local one.";
    /// A row.
    PROGRAM_READING: "Réception (IMAP)", "Receiving (IMAP)";
    /// A row.
    PROGRAM_READING_POP3: "Réception (POP3)", "Receiving (POP3)";
    /// A row.
    PROGRAM_SENDING: "Envoi (SMTP)", "Sending (SMTP)";
    /// A column.
    SERVER: "Serveur", "Server";
    /// A value.
    SECURITY_STARTTLS: "STARTTLS", "STARTTLS";
    /// A value.
    SECURITY_IMPLICIT: "SSL/TLS", "SSL/TLS";
    /// A row.
    AUTHENTICATION: "Authentification", "Authentication";
    /// A value.
    NORMAL_PASSWORD: "mot de passe normal", "normal password";
    /// A button.
    PROGRAM_DONE: "C’est fait", "Done";
    /// Above the test letter.
    LETTER_INTRO: "Souspli envoie une lettre sous pli de votre adresse à elle-même, par le chemin que prendra votre logiciel, et la relit.",
        "Souspli sends a sealed letter from your address to itself, on the way that your mail program will take, and reads it again.";
    /// A field.
    PROGRAM_PASSWORD: "Mot de passe que donne votre logiciel de messagerie", "Password that your mail program gives";
    /// A button.
    SEND_TEST: "Envoyer le pli d’essai", "Send the test letter";
    /// A button.
    SEND_AGAIN: "Recommencer", "Again";
    /// While it runs.
    TEST_RUNS: "Le pli est en route…", "The letter is on its way…";
    /// All is well.
    TEST_GOOD: "Tout fonctionne : ce qui part sous pli est scellé chez votre fournisseur, et s’ouvre chez vous.",
        "Everything works: what leaves sealed is sealed at your provider, and opens with you.";
    /// Something is not.
    TEST_BAD: "Le pli d’essai n’a pas fait tout le chemin.", "The test letter has not come all the way.";
    /// A link.
    TO_STATE: "Voir l’état de Souspli", "See the state of Souspli";
    /// A step of the letter.
    TEST_READ: "Votre boîte de réception s’ouvre à travers Souspli", "Your inbox opens through Souspli";
    /// A step of the letter.
    TEST_SENT: "Le pli est parti, accepté par votre fournisseur", "The letter has left, taken by your provider";
    /// A step of the letter.
    TEST_ARRIVED: "Le pli est arrivé dans votre boîte", "The letter has come into your mailbox";
    /// A step of the letter.
    TEST_SEALED: "Chez votre fournisseur il est scellé : pas un mot n’en est lisible", "At your provider it is sealed: not a word of it can be read";
    /// A step of the letter.
    TEST_OPENED: "Souspli l’ouvre pour votre logiciel", "Souspli opens it for your mail program";
    /// A step of the letter.
    TEST_VERIFIED: "Sa signature est vérifiée", "Its signature is verified";
    /// Title of a page.
    ACCOUNTS: "Comptes", "Accounts";
    /// A button.
    ADD_ACCOUNT: "Ajouter un compte", "Add an account";
    /// A button.
    TEST_ACCOUNT: "Essayer ce compte", "Test this account";
    /// A column.
    AT_PROVIDER: "Chez le fournisseur", "At the provider";
    /// A column.
    FOR_PROGRAM: "Pour votre logiciel", "For your mail program";
    /// Nobody is configured yet.
    NO_ACCOUNT: "Aucun compte n’est encore en service.", "No account is in service yet.";
    /// A script's button.
    COPY: "Copier", "Copy";
    /// After it.
    COPIED: "Copié", "Copied";
}

/// Not an address.
pub fn no_address() -> Explanation {
    Explanation::new(
        "SP-SETUP-ADDRESS",
        Retry::AfterUser,
        (
            "Ce n’est pas une adresse électronique.",
            "Écrivez-la en entier, comme prenom.nom@fournisseur.fr.",
        ),
        ("This is not an e-mail address.", "Write all of it, like name.surname@provider.com."),
    )
}

/// Servers are not said, or not as servers are named.
pub fn servers_wanting() -> Explanation {
    Explanation::new(
        "SP-SETUP-SERVERS",
        Retry::AfterUser,
        (
            "Il manque un serveur, ou son nom ou son port ne sont pas écrits comme il faut.",
            "Donnez les deux serveurs, par exemple imap.fournisseur.fr avec le port 993 ; votre fournisseur les indique dans son aide.",
        ),
        (
            "A server is missing, or its name or port is not written as it must be.",
            "Give both servers, like imap.provider.com with port 993; your provider's help pages tell them.",
        ),
    )
}

/// The server does not know the user.
pub fn login_refused(host: &str, said: &str) -> Explanation {
    Explanation::new(
        "SP-SETUP-LOGIN",
        Retry::AfterUser,
        (
            format!("{host} ne vous reconnaît pas : {said}"),
            "Vérifiez l’identifiant et le mot de passe. Certains fournisseurs demandent un « mot de passe d’application », créé sur leur site.",
        ),
        (
            format!("{host} does not know you: {said}"),
            "Check user name and password. Some providers want an “app password”, made on their web site.",
        ),
    )
}

/// The server says nothing of the password now.
pub fn login_away(host: &str, said: &str) -> Explanation {
    Explanation::new(
        "SP-SETUP-LOGIN-AWAY",
        Retry::Later,
        (
            format!("{host} ne peut pas vérifier votre mot de passe pour l’instant : {said}"),
            "Recommencez dans quelques minutes.",
        ),
        (
            format!("{host} cannot check your password now: {said}"),
            "Try again in a few minutes.",
        ),
    )
}

/// The same of the provider behind the relay.
pub fn provider_away() -> Explanation {
    Explanation::new(
        "SP-SETUP-PROVIDER-AWAY",
        Retry::Later,
        (
            "Votre fournisseur ne répond pas pour l’instant : le mot de passe n’a pas pu être essayé.",
            "Recommencez dans quelques minutes ; si cela dure, vérifiez la connexion à Internet.",
        ),
        (
            "Your provider does not answer now: the password could not be tried.",
            "Try again in a few minutes; if it lasts, check the connection to the Internet.",
        ),
    )
}

/// Nobody can log in with a password.
pub fn no_password_login(host: &str) -> Explanation {
    Explanation::new(
        "SP-SETUP-NO-PASSWORD-LOGIN",
        Retry::Never,
        (
            format!("{host} n’accepte pas de mot de passe."),
            "Ce fournisseur veut un autre moyen de s’identifier (jeton, certificat) : voyez token_command et client_certificate dans le guide.",
        ),
        (
            format!("{host} takes no password."),
            "This provider wants another proof (a token, a certificate): see token_command and client_certificate in the guide.",
        ),
    )
}

/// The account is there already.
pub fn account_exists(address: &Address) -> Explanation {
    Explanation::new(
        "SP-SETUP-ACCOUNT-EXISTS",
        Retry::Never,
        (
            format!("Le compte {address} est déjà dans la configuration ; l’assistant ne remplace jamais un compte."),
            "Pour le changer, modifiez le fichier de configuration.",
        ),
        (
            format!("The account {address} is in the configuration already; the assistant never replaces an account."),
            "To change it, edit the configuration file.",
        ),
    )
}

/// The file is written in a way that is not added to.
pub fn not_edited() -> Explanation {
    Explanation::new(
        "SP-SETUP-NOT-EDITED",
        Retry::AfterUser,
        (
            "Le compte n’a pas pu être ajouté au fichier de configuration tel qu’il est écrit ; rien n’y a changé.",
            "Ajoutez-y la section [[account]] à la main : config/souspli.toml en donne un exemple.",
        ),
        (
            "The account could not be added to the configuration file as it is written; nothing in it has changed.",
            "Add the [[account]] section by hand: config/souspli.toml has an example.",
        ),
    )
}

/// The disk does not take it.
pub fn not_written(path: &str, why: &Why) -> Explanation {
    Explanation::new(
        "SP-SETUP-NOT-WRITTEN",
        Retry::AfterUser,
        (
            format!("{path} ne peut pas être écrit : {}.", why.fr),
            "Vérifiez la place libre et vos droits sur ce dossier, puis recommencez.",
        ),
        (
            format!("{path} cannot be written: {}.", why.en),
            "Check the free space and your rights to this folder, then try again.",
        ),
    )
}
